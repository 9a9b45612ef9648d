package ui

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// failed is the screen of a Problem: what went wrong, what happened, what to do, and what a service
// desk needs.
type failed struct {
	still
	state signin.State
	again *widgets.Button
}

func newFailed(w *Window, state signin.State) *failed {
	if state.Problem == nil {
		state.Problem = problem.Unexpected // a screen without words would be worse
	}
	p := state.Problem
	s := &failed{still: still{w: w}, state: state}
	s.again = w.button(lang.L(cmp.Or(p.Button, "Try again")), widgets.Secondary, w.intent(signin.TryAgain{}))
	first, second := s.again, w.copyDetails(func() string { return w.details(p, state.ProblemAt, state) })
	if !p.Retry {
		// The user is to contact their service desk. There must be a way on once the cause has gone.
		first, second = second, first
	}
	first.SetImportance(widgets.Primary)
	s.next, s.fromTop = first, true
	rows := []widgets.Row{
		{Object: widgets.NewText(translated(p, p.Title), titleStyle)},
		{Object: widgets.NewText(translated(p, p.Happened), bodyStyle), Above: 9},
	}
	if p.Quoted != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Quoted), leadStyle), Above: 9})
	}
	if goesOnMeanwhile(state) && !state.EntryGone {
		rows = append(rows, widgets.Row{Object: widgets.NewText(
			lang.L("You are still signed in. Your other e-RS applications go on in the role that you had."), bodyStyle), Above: 9})
	}
	rows = append(rows, widgets.Row{Object: steps(lang.L("What you can do"), allTranslated(p, p.WhatToDo())), Above: 20})
	if leaving := fromPlatform(state.Words.Leaving); state.Proven && leaving != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(leaving, bodyStyle), Above: 12})
	}
	buttons := []fyne.CanvasObject{first, second}
	if w.settings.Diagnostics != nil {
		buttons = append(buttons, w.button(lang.L("Check this computer")+" (F9)", widgets.Secondary, w.openDiagnostics))
	}
	rows = append(rows,
		widgets.Row{Object: widgets.NewRuns(reference(p, "  ·  "+w.moment(state.ProblemAt))...), Above: 19},
	)
	if p.Technical != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Technical), nameStyle), Above: 2})
	}
	if state.Chosen != (ersclient.Permission{}) {
		rows = append(rows, widgets.Row{Object: widgets.NewText(roleAt(state.Chosen), nameStyle), Above: 2})
	}
	rows = append(rows, widgets.Row{Object: widgets.Flow(13, 12, buttons...), Above: 18, Align: widgets.Leading})
	if len(p.ServiceDesk) > 0 {
		rows = append(rows, widgets.Row{Object: serviceDesk(p), Above: 26})
	}
	s.content = middlePage(initialPage, widgets.NewPanel(widgets.Bad, widgets.Column(rows...)))
	return s
}

func (s *failed) update(state signin.State) bool {
	return state.Phase == s.state.Phase && state.Problem == s.state.Problem && state.ProblemAt.Equal(s.state.ProblemAt)
}

// copyDetails is the button that copies a Problem's details for a service desk.
func (w *Window) copyDetails(details func() string) *widgets.Button {
	return w.copyButton(lang.L("Copy details"), lang.L("Details copied"), details)
}

// details is the text for a service desk about a Problem of a time. Texts may carry values from
// outside, so all of it is redacted, and the technical cause is left out without a Redact function.
func (w *Window) details(p *problem.Problem, at time.Time, state signin.State) string {
	redact := w.settings.Redact
	lines := append(w.whichProgram(state),
		lang.L("Reference")+": "+p.Code,
		timeLine(at),
		translated(p, p.Title),
		translated(p, p.Happened),
	)
	if role := roleWithCode(state.Chosen); role != "" {
		lines = append(lines, lang.L("Role")+": "+role)
	}
	for _, text := range []string{p.Quoted, p.Technical} {
		if text != "" {
			lines = append(lines, translated(p, text))
		}
	}
	for _, part := range []struct {
		title string
		texts []string
	}{{lang.L("What you can do"), p.WhatToDo()}, {lang.L("For the service desk"), p.ServiceDesk}} {
		if len(part.texts) == 0 {
			continue
		}
		lines = append(lines, part.title+":")
		for i, text := range allTranslated(p, part.texts) {
			lines = append(lines, fmt.Sprintf("%d. %s", i+1, strings.ReplaceAll(text, "**", "")))
		}
	}
	if redact == nil {
		return strings.Join(lines, "\n") + "\n"
	}
	if p.Cause != nil {
		lines = append(lines, lang.L("Cause")+": "+problem.Clean(p.Cause.Error(), 2000))
	}
	return redact(strings.Join(lines, "\n") + "\n")
}

// whichProgram returns which e-RS Login this is and which e-RS it signs in to, a line each, for a
// service desk.
func (w *Window) whichProgram(state signin.State) []string {
	name := lang.L("e-RS Login")
	if w.settings.Demonstration {
		name = lang.L("e-RS Login (demonstration)")
	}
	return append([]string{name + " " + w.settings.Version}, environment(state.Environment)...)
}

func timeLine(at time.Time) string { return lang.L("Time") + ": " + referenceTime(at) }

// environment returns what is known of the e-RS and its platform, a line each, for a service desk.
func environment(e signin.Environment) []string {
	var lines []string
	if host := problem.Clean(e.Host, 200); host != "" {
		if test := testEnvironment(e); test != "" {
			host += " (" + test + ")"
		}
		lines = append(lines, lang.L("e-RS platform")+": "+host)
	}
	if e.Platform != "" {
		lines = append(lines, lang.L("Platform")+": "+strings.ToUpper(e.Platform))
	}
	if e.ASID != "" {
		lines = append(lines, lang.L("Accredited system ID (ASID)")+": "+e.ASID)
	}
	return lines
}

// newChoiceFailed is the screen of a choice that has failed, which leads back to the roles. Its button
// says so, unless the steps name it.
func newChoiceFailed(w *Window, state signin.State) *failed {
	s := newFailed(w, state)
	s.escape = w.intent(signin.TryAgain{})
	if !strings.Contains(strings.Join(state.Problem.Steps, " "), "**") {
		s.again.SetText(lang.L("Choose another role"))
	}
	return s
}

// translated returns a Problem's text in the user's language, with its values filled in.
func translated(p *problem.Problem, text string) string {
	if text == "" {
		return ""
	}
	parts := problem.Parts(text)
	for i, part := range parts {
		key, marks := keyOf(part)
		parts[i] = lang.L(key, marks)
	}
	return p.ExpandIn(strings.Join(parts, " "), phrase)
}

func allTranslated(p *problem.Problem, texts []string) []string {
	said := make([]string, len(texts))
	for i, text := range texts {
		said[i] = translated(p, text)
	}
	return said
}

var mark = regexp.MustCompile(`\{\{\.([A-Za-z]+)([0-9]*)\}\}`)

// keyOf returns the key of a text's translation, and the values for its marks. Values are put in
// after the translation: until then each mark stands for itself. Marks are numbered if several
// Problems are joined into one; in a key they are not.
func keyOf(text string) (key string, marks map[string]any) {
	marks = map[string]any{}
	key = mark.ReplaceAllStringFunc(text, func(found string) string {
		name := mark.FindStringSubmatch(found)[1]
		marks[name] = found
		return "{{." + name + "}}"
	})
	return key, marks
}

// step is a numbered step.
func step(number int, text string) fyne.CanvasObject {
	runs := marked(text, bodyStyle, boldStyle)
	runs[0].Text = strconv.Itoa(number) + ".\u00a0" + runs[0].Text
	return widgets.NewRuns(runs...)
}

// reference is a Problem's code for a service desk, and what follows it.
func reference(p *problem.Problem, more string) []widgets.Run {
	runs := []widgets.Run{{Text: lang.L("Reference") + " ", Style: nameStyle}, {Text: p.Code, Style: nameBoldStyle}}
	if more != "" {
		runs = append(runs, widgets.Run{Text: more, Style: nameStyle})
	}
	return runs
}

// whatToDo are the rows below what has happened: what is quoted, with a gap above it, translated
// steps, and what a service desk needs.
func whatToDo(p *problem.Problem, above float32, steps []string) []widgets.Row {
	var rows []widgets.Row
	if p.Quoted != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Quoted), leadStyle), Above: above})
	}
	for i, text := range steps {
		rows = append(rows, widgets.Row{Object: step(i+1, text), Above: 3.5})
	}
	if len(p.ServiceDesk) > 0 {
		rows = append(rows, widgets.Row{Object: serviceDesk(p), Above: 9})
	}
	return append(rows, widgets.Row{Object: widgets.NewRuns(reference(p, "")...), Above: 5})
}

// serviceDesk is the block of a Problem that is not for the user.
func serviceDesk(p *problem.Problem) *fyne.Container {
	return steps(lang.L("For the service desk"), allTranslated(p, p.ServiceDesk))
}

// Spoken returns a Problem in the window's language, for a message outside the window.
func Spoken(p *problem.Problem) problem.Problem {
	return problem.Problem{
		Code: p.Code, Title: translated(p, p.Title), Happened: translated(p, p.Happened), Quoted: translated(p, p.Quoted),
		Technical: translated(p, p.Technical), Steps: allTranslated(p, p.WhatToDo()), ServiceDesk: allTranslated(p, p.ServiceDesk),
	}
}
