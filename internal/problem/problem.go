// Package problem is the one error type that reaches the user.
//
// A clinician who cannot sign in needs four things: what happened, what to do about it, whether trying again helps, and a
// reference that the service desk recognises. A [Problem] carries them from the room that knows them best to the window,
// and the technical cause behind them to the log. Requirements ERR-000 to ERR-012, A001-02, A002-03 and A003-03 are met
// with it.
//
// Texts are plain English and at the same time the keys of their translations, so they hold no value of the moment:
// what varies stands in Args and is named in the text as {{.Name}}. A step may mark the name of a button as **Try again**. The command
// line tells the same Problems: see [Problem.TerminalSteps]. What is put together while the program runs is kept apart by [Sentences].
package problem

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// Problem is a failure, told so that somebody can act on it. Values are templates of one kind of failure; use [Problem.With]
// and [Problem.Because] to make the one that happened.
type Problem struct {
	// Code is the stable reference for service desks, such as ERS-A001-403 or KEYRING-LOCKED.
	Code string
	// Title says in a few words what went wrong, in sentence case and without a full stop.
	Title string
	// Happened is one or two sentences on what happened.
	Happened string
	// Quoted is a line of its own below Happened for words that are not ours, such as what a certificate claims. The text around
	// its values says whose words they are: those of a stranger must not read like a sentence of this program.
	Quoted string
	// Steps is what to do, in order, each a sentence.
	Steps []string
	// Terminal is what to do where there is no window, in place of Steps, if those would be wrong on the command line even as
	// [Problem.TerminalSteps] tells them. It is English only, as the command line is.
	Terminal []string
	// Retry tells whether trying again can help without anything else being changed first.
	Retry bool
	// Args fills {{.Name}} in the texts. Never a secret, and never text from outside that has not been bounded.
	Args map[string]string
	// Phrases are those of Args that each language writes in its own way.
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

// Is makes two Problems of the same code equal for errors.Is, so that a template serves as a sentinel error.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && other.Code == p.Code
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

// With returns a copy whose texts are filled with one more value. The value is cut at 200 characters and loses its control
// characters, since much of what is put here was sent by another machine.
func (p *Problem) With(name, value string) *Problem {
	made := *p
	made.Args = make(map[string]string, len(p.Args)+1)
	for k, v := range p.Args {
		made.Args[k] = v
	}
	made.Args[name] = Clean(value, maxValue)
	if _, was := p.Phrases[name]; was {
		made.Phrases = maps.Clone(p.Phrases)
		delete(made.Phrases, name)
	}
	return &made
}

// maxValue is how much is shown of a value, in characters.
const maxValue = 200

// Expand fills the {{.Name}} marks of a text of this Problem, translated or not, from Args.
func (p *Problem) Expand(text string) string {
	text = strings.ReplaceAll(text, between, " ")
	if len(p.Args) == 0 || !strings.Contains(text, "{{") {
		return text
	}
	names := make([]string, 0, len(p.Args))
	for name := range p.Args {
		names = append(names, name)
	}
	sort.Strings(names)
	pairs := make([]string, 0, 2*len(names))
	for _, name := range names {
		pairs = append(pairs, "{{."+name+"}}", p.Args[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Of returns the Problem in an error's chain. An error without one becomes an UNEXPECTED Problem with the error as its
// cause: a failure that nobody thought of still gets a screen, a reference and a log line. Of(nil) is nil.
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

// Unexpected is the Problem for an error that has none of its own.
var Unexpected = &Problem{
	Code:     "UNEXPECTED",
	Title:    "Something went wrong",
	Happened: "The program met a problem that it does not know.",
	Steps: []string{
		"Press **Try again**.",
		"If it happens again, give your local service desk the reference below.",
	},
	Retry: true,
}

// Clean returns text on one line, cut at limit characters and fit to be shown, logged or audited: it has printable characters
// (unicode.IsPrint) and single blanks, and nothing that moves a cursor, turns the direction of a line or cannot be seen.
func Clean(text string, limit int) string {
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	if runes := []rune(text); len(runes) > limit {
		return fmt.Sprintf("%s…", string(runes[:limit-1]))
	}
	return text
}

// printable keeps what can be seen, for strings.Map, which makes U+FFFD of bytes that are not UTF-8. Spaces and control characters
// become blanks, and format characters, which stand inside words, become nothing.
func printable(r rune) rune {
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	}
	return -1
}
