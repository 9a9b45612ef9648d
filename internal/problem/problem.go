// Package problem is the one error type that reaches the user.
//
// A clinician who cannot sign in needs four things: what happened, what to do about it, whether
// trying again helps, and a reference that the service desk recognises. A [Problem] carries them
// from the package that detects the failure to the window, and the technical cause behind them to
// the log. Requirements ERR-000 to ERR-012, A001-02, A002-03 and A003-03 are met with it.
//
// Texts are plain English and at the same time the keys of their translations, so they hold no
// variable values: these stand in Args and are named in the text as {{.Name}}. A step may mark the
// name of a button as **Try again**. The command line shows the same Problems: see
// [Problem.TerminalSteps]. Texts that are put together while the program runs are kept apart by
// [Sentences].
//
// Title, Happened and Steps are for a clinician: short, active, without the words of protocols,
// settings and keyrings. What a service desk needs besides goes into ServiceDesk and Technical.
package problem

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Problem is a failure, worded for the user who has to act on it. Package variables are templates
// of one kind of failure; use [Problem.With] and [Problem.Because] to make the one that happened.
type Problem struct {
	// Code is the stable reference for service desks, such as ERS-A001-403 or KEYRING-LOCKED.
	Code string
	// Title says in a few words what went wrong, in sentence case and without a full stop.
	Title string
	// Happened is one or two sentences on what happened.
	Happened string
	// Quoted is a separate line below Happened for words from outside, such as what a certificate
	// claims. The text around its values names their source, so that they do not read like a
	// sentence of this program.
	Quoted string
	// Steps is what the user can do, in order, each a sentence. Empty means the one step to contact
	// the service desk: read it through [Problem.WhatToDo].
	Steps []string
	// ServiceDesk is what only a service desk can do, in order, each a sentence: it may name
	// settings, files and commands. It is shown apart from Steps.
	ServiceDesk []string
	// Technical is a line that a service desk asks for first, such as what e-RS answered to which
	// call. It is shown below the reference.
	Technical string
	// Terminal replaces Steps on the command line, if Steps would be wrong there even through
	// [Problem.TerminalSteps]. It is English only, as the command line is.
	Terminal []string
	// Retry reports whether trying again can help without anything else being changed first.
	Retry bool
	// Button names the window's button that starts over, by where it leads. Empty means Try again.
	Button string
	// Information: nothing has to be done about it. As a notice, it can be hidden.
	Information bool
	// Args fills {{.Name}} in the texts. It must hold no secret, and no unbounded text from
	// outside.
	Args map[string]string
	// Phrases are the translated ones of Args.
	Phrases map[string]Phrase
	// Cause is the technical reason, for the log. It is not shown on the screen.
	Cause error
}

// Error returns the code, the title and the cause in one line, for the log.
func (p *Problem) Error() string {
	line := p.Code + ": " + p.Expand(p.Title)
	if p.Cause != nil {
		line += ": " + p.Cause.Error()
	}
	return line
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// Is reports whether target is a Problem of the same code, so that a template serves as a sentinel
// error.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Code == p.Code
}

// contactDesk is the step of a Problem that only a service desk can do something about.
const contactDesk = "Contact your local service desk and quote the reference below."

// WhatToDo returns Steps, or the one step to contact the service desk if there are none.
func (p *Problem) WhatToDo() []string {
	if len(p.Steps) == 0 {
		return []string{contactDesk}
	}
	return p.Steps
}

// Family is Problems that a program treats alike.
type Family []*Problem

// Has reports whether the Problem that err is shown as is one of the family. Its causes do not count.
func (f Family) Has(err error) bool {
	shown := Of(err)
	return shown != nil && slices.ContainsFunc(f, func(p *Problem) bool { return shown.Is(p) })
}

// Because returns a copy with the technical cause.
func (p *Problem) Because(cause error) *Problem {
	made := *p
	made.Cause = cause
	return &made
}

// With returns a copy whose texts are filled with one more value, cut at 200 characters and without
// control characters, since many values come from other machines.
func (p *Problem) With(name, value string) *Problem {
	made := *p
	made.Args = with(p.Args, name, Clean(value, maxValue))
	if _, was := p.Phrases[name]; was {
		made.Phrases = maps.Clone(p.Phrases)
		delete(made.Phrases, name)
	}
	return &made
}

// with returns a copy of a map with one more value.
func with[T any](m map[string]T, name string, value T) map[string]T {
	made := make(map[string]T, len(m)+1)
	maps.Copy(made, m)
	made[name] = value
	return made
}

// maxValue is how much is shown of a value, in characters.
const maxValue = 200

// Expand fills the {{.Name}} marks of a text of this Problem, translated or not, from Args.
func (p *Problem) Expand(text string) string {
	text = strings.ReplaceAll(text, between, " ")
	if len(p.Args) == 0 || !strings.Contains(text, "{{") {
		return text
	}
	pairs := make([]string, 0, 2*len(p.Args))
	for name, value := range p.Args {
		pairs = append(pairs, "{{."+name+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Of returns the Problem in an error's chain. An error without one becomes an UNEXPECTED Problem
// with the error as its cause, so every failure has a screen, a reference and a log line. Of(nil)
// is nil.
func Of(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return Unexpected.Because(err)
}

// Unexpected is the Problem for an error without one.
var Unexpected = &Problem{
	Code:     "UNEXPECTED",
	Title:    "Something went wrong",
	Happened: "e-RS Login has an unexpected problem.",
	Steps: []string{
		"Press **Try again**.",
		"If it happens again, contact your local service desk and quote the reference below.",
	},
	Retry: true,
}

// Clean returns text on one line, cut at limit characters and safe to show, log or audit: printable
// characters (unicode.IsPrint) and single blanks, and nothing that moves a cursor, turns the
// direction of a line or is invisible.
func Clean(text string, limit int) string {
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	if runes := []rune(text); len(runes) > limit {
		return fmt.Sprintf("%s…", string(runes[:limit-1]))
	}
	return text
}

// printable is for strings.Map, which makes U+FFFD of bytes that are not UTF-8. It turns spaces and
// control characters into blanks, and drops format characters, which stand inside words or turn the
// direction of writing.
func printable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	}
	return -1
}
