package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// Diagnostics checks each link of the chain between the smartcard and e-RS.
type Diagnostics interface {
	// Names returns the links' names in order: English, and the keys of their translations. It is
	// called on Fyne's goroutine, and must not block.
	Names() []string
	// Run checks all links concurrently and reports each result at once, one at a time. It returns
	// when all are known, or soon after ctx has ended. last is the last Problem that was shown, for
	// the report. It is not called on Fyne's goroutine.
	Run(ctx context.Context, last diagnose.Incident, progress func(row int, found diagnose.Finding)) DiagnosticsResult
}

// DiagnosticsResult is the result of a run.
type DiagnosticsResult struct {
	// Report is the result as text for the clipboard, without secrets.
	Report string
	// Bundle makes the files for a service desk. It is not called on Fyne's goroutine.
	Bundle func(context.Context) (Bundle, error)
}

// Bundle holds the files for a service desk, not saved yet.
type Bundle struct {
	// Path is the file that Save makes.
	Path  string
	Files []diagnose.File
	// Save saves exactly these files. It is not called on Fyne's goroutine.
	Save func() error
}

// openDiagnostics opens the diagnostics over the screen, and runs them.
func (w *Window) openDiagnostics() {
	if w.settings.Diagnostics == nil || w.closing {
		return
	}
	if _, open := w.over.(*diagnostics); !open {
		w.putOver(newDiagnostics(w))
	}
}

// toggleDiagnostics opens the diagnostics, or closes them. From a support bundle it returns to them.
func (w *Window) toggleDiagnostics() {
	switch page := w.over.(type) {
	case *diagnostics:
		w.closeOver()
	case *bundlePage:
		page.back()
	default:
		w.openDiagnostics()
	}
}

// diagnostics is the page with a row for each link. During a run they are in order. After it, what
// has failed comes first, then what needs attention, and the rest is folded away.
type diagnostics struct {
	cover
	cancel context.CancelFunc

	names  []string
	rows   []*fyne.Container
	states []diagnose.State
	known  int
	// last is the Problem that the user may have come for.
	last diagnose.Incident
	// panel holds the rows. unfolded: the user wants to see all of them.
	panel    *fyne.Container
	unfolded bool
	fold     *widgets.Link
	summary  *widgets.Text
	progress *widgets.Progress
	// buttons are shown after a run.
	buttons       *fyne.Container
	again, bundle *widgets.Button
	back          *widgets.Link
	failed        *widgets.Text
	found         DiagnosticsResult
	foundAt       time.Time
}

func newDiagnostics(w *Window) *diagnostics {
	d := &diagnostics{cover: newCover(w), names: w.settings.Diagnostics.Names(), summary: widgets.NewText("", leadStyle),
		progress: widgets.NewProgress(lang.L("In progress")), failed: widgets.NewText("", bodyStyle)}
	d.again = w.button(lang.L("Check again"), widgets.Secondary, d.run)
	copying := w.copyButton(lang.L("Copy report"), lang.L("Report copied"), d.report)
	d.bundle = w.button(lang.L("Save a support file"), widgets.Secondary, d.showBundle)
	d.bundle.Reserve(lang.L("Save a support file"), lang.L("Collecting…"))
	d.buttons = widgets.Flow(13, 12, d.again, copying, d.bundle)
	var back widgets.Row
	d.back, back = w.backLink(w.closeOver)
	d.fold = widgets.NewLink(widgets.PanelLink, "", d.toggleRest)
	w.listen(d.fold)
	d.panel = widgets.NewPanel(widgets.Plain, widgets.Column())
	d.content = page(widgets.Column(
		back,
		widgets.Row{Object: widgets.NewText(lang.L("Check this computer"), titleStyle), Above: 10},
		widgets.Row{Object: d.summary, Above: 5},
		widgets.Row{Object: d.progress, Above: 16},
		widgets.Row{Object: d.buttons, Above: 16, Align: widgets.Leading},
		widgets.Row{Object: d.failed, Above: 12},
		widgets.Row{Object: d.panel, Above: 22},
	))
	d.failed.Hide()
	return d
}

func (d *diagnostics) appear() {
	if d.cancel == nil {
		d.run()
		return
	}
	d.w.focus(d.bundle) // back from the bundle
}

// run runs all checks again.
func (d *diagnostics) run() {
	d.end()
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel, d.known, d.found, d.last = cancel, 0, DiagnosticsResult{}, d.w.problem
	d.rows, d.states = make([]*fyne.Container, len(d.names)), make([]diagnose.State, len(d.names))
	for i := range d.names {
		d.showRow(i, nil)
	}
	d.arrange(d.rows)
	d.buttons.Hide()
	d.failed.Hide()
	d.progress.Show()
	d.progress.Start()
	d.summary.SetText(lang.L("Checking everything between your smartcard and e-RS…"))
	d.w.win.Canvas().Unfocus()
	d.w.viewport.Relayout()
	// Results of a run that was ended are dropped.
	current := func(do func()) func() {
		return func() {
			if ctx.Err() == nil && !d.w.closed {
				do()
			}
		}
	}
	last := d.last
	d.w.aside(func() {
		found := d.w.settings.Diagnostics.Run(ctx, last, func(row int, found diagnose.Finding) {
			d.w.do(current(func() { d.showResult(row, found) }))
		})
		d.w.do(current(func() { d.finish(found) }))
	})
}

// follow runs the checks again if there is another last problem: neither the page nor what is copied
// from it may contradict the strip above.
func (d *diagnostics) follow() {
	if d.cancel != nil && d.last != d.w.problem {
		d.run()
	}
}

// showResult shows the result for a link.
func (d *diagnostics) showResult(row int, found diagnose.Finding) {
	if row < 0 || row >= len(d.rows) {
		return
	}
	d.states[row] = found.State
	d.known++
	d.showRow(row, &found)
	d.arrange(d.rows)
	d.summary.SetText(lang.L("{{.Known}} of {{.Count}} checked…", map[string]any{"Known": d.known, "Count": len(d.rows)}))
	d.w.viewport.Relayout()
}

// finish shows the end of a run.
func (d *diagnostics) finish(found DiagnosticsResult) {
	d.found, d.foundAt = found, d.w.settings.Now()
	d.progress.Stop()
	d.progress.Hide()
	bad, attention := len(d.in(diagnose.Failed)), len(d.in(diagnose.Attention))
	d.summary.SetText(summaryOf(bad, attention, d.w.stopped()))
	d.bundle.Hidden = found.Bundle == nil
	if bad+attention > 0 {
		d.again.SetImportance(widgets.Primary)
	} else {
		d.again.SetImportance(widgets.Secondary)
	}
	d.buttons.Show()
	d.sort()
	d.w.viewport.Relayout()
	d.offer(bad+attention == 0)
	d.w.send(signin.Look{}) // the status bar must not contradict what was found
}

// report is the text that is copied for a service desk.
func (d *diagnostics) report() string {
	return strings.Join(append(d.w.whichProgram(d.w.last), timeLine(d.foundAt)), "\n") + "\n\n" + d.found.Report
}

// in returns the rows of the links in a state, in order.
func (d *diagnostics) in(state diagnose.State) []*fyne.Container {
	var rows []*fyne.Container
	for i, found := range d.states {
		if found == state {
			rows = append(rows, d.rows[i])
		}
	}
	return rows
}

// sort puts first what needs something done, and folds the rest away unless the user wants it.
func (d *diagnostics) sort() {
	first := slices.Concat(d.in(diagnose.Failed), d.in(diagnose.Attention))
	good, unseen := d.in(diagnose.OK), d.in(diagnose.Skipped)
	rest := slices.Concat(good, unseen)
	if len(rest) == 0 {
		d.arrange(first)
		return
	}
	text, shown := lang.L("Show"), []*fyne.Container(nil)
	if d.unfolded {
		text, shown = lang.L("Hide"), rest
	}
	said := restOf(len(good), len(unseen))
	d.fold.SetText(text)
	d.fold.Label = said + " " + text
	line := widgets.Middle(8, 2, widgets.NewText(said, bodyStyle), d.fold)
	d.arrange(slices.Concat(first, []*fyne.Container{line}, shown))
}

// arrange shows rows in the panel, below the last Problem.
func (d *diagnostics) arrange(rows []*fyne.Container) {
	if d.last.Problem != nil {
		rows = slices.Concat([]*fyne.Container{d.lastProblem()}, rows)
	}
	list := make([]widgets.Row, len(rows))
	for i, row := range rows {
		list[i] = widgets.Row{Object: row, Above: 13}
	}
	if len(list) > 0 {
		list[0].Above = 0
	}
	widgets.SetPanel(d.panel, widgets.Column(list...))
}

// lastProblem is the row of the last Problem: what it was, its reference and when it was shown.
func (d *diagnostics) lastProblem() *fyne.Container {
	p, icon := d.last.Problem, iconUnknown
	if d.w.stopped() {
		icon = iconBad
	}
	rows := []widgets.Row{
		{Object: widgets.NewRuns(widgets.Run{Text: lang.L("Last problem") + ": ", Style: boldStyle},
			widgets.Run{Text: translated(p, p.Title), Style: bodyStyle})},
		{Object: widgets.NewRuns(reference(p, "  ·  "+d.w.moment(d.last.At))...), Above: 2},
	}
	for _, text := range []string{translated(p, p.Quoted), translated(p, p.Technical), d.last.Role} {
		if text != "" {
			rows = append(rows, widgets.Row{Object: widgets.NewText(text, nameStyle), Above: 2})
		}
	}
	return widgets.Beside(widgets.NewPicture(icon, fyne.Size{}), widgets.SizeBody, 1.3, widgets.Column(rows...))
}

// toggleRest shows or hides the rows in which there is nothing to do.
func (d *diagnostics) toggleRest() {
	d.unfolded = !d.unfolded
	d.sort()
	d.w.viewport.Relayout()
	d.w.focus(d.fold)
}

// restOf describes the rows in which there is nothing to do.
func restOf(good, unseen int) string {
	var said []string
	if good > 0 {
		said = append(said, counted(good, "1 part is working.", "{{.Count}} parts are working."))
	}
	if unseen > 0 {
		said = append(said, counted(unseen, "1 part was not checked.", "{{.Count}} parts were not checked."))
	}
	return strings.Join(said, " ")
}

// offer gives the focus to the next step: checking again if something must be done, else going
// back. A user who has moved the focus meanwhile, or reads further down, is not disturbed.
func (d *diagnostics) offer(done bool) {
	if d.w.win.Canvas().Focused() != nil {
		return
	}
	reads := d.w.viewport.Offset()
	if done {
		d.w.focus(d.back)
	} else {
		d.w.focus(d.again)
	}
	if reads > 0 {
		d.w.viewport.ScrollBy(reads - d.w.viewport.Offset())
	}
}

// summaryOf returns the result in one line. stopped: a problem is what has led here, whatever the
// checks find.
func summaryOf(bad, attention int, stopped bool) string {
	switch {
	case bad > 0:
		return counted(bad, "1 thing is not working. See what to do below.", "{{.Count}} things are not working. See what to do below.")
	case stopped && attention > 0:
		return counted(attention, "1 thing needs attention.", "{{.Count}} things need attention.")
	case attention > 0:
		return counted(attention, "1 thing needs attention. You can still sign in.", "{{.Count}} things need attention. You can still sign in.")
	case stopped:
		return lang.L("We found nothing wrong with this computer. The last problem is below.")
	default:
		return lang.L("We found no problems.")
	}
}

// showRow shows a link, with its result or as being checked.
func (d *diagnostics) showRow(i int, found *diagnose.Finding) {
	icon, word, said := iconUnknown, lang.L("Checking…"), ""
	if found != nil {
		icon, word = stateShown(found.State)
		said = translated(&problem.Problem{Args: found.Args, Phrases: found.Phrases}, found.Said)
	}
	name := widgets.NewRuns(widgets.Run{Text: lang.L(d.names[i]) + ": ", Style: boldStyle}, widgets.Run{Text: word, Style: bodyStyle})
	rows := []widgets.Row{{Object: name}}
	if said != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(said, leadStyle), Above: 2})
	}
	if found != nil && found.Problem != nil {
		rows = append(rows, remedy(*found, said)...)
	}
	d.rows[i] = widgets.Beside(widgets.NewPicture(icon, fyne.Size{}), widgets.SizeBody, 1.3, widgets.Column(rows...))
}

// remedy shows what to do about a link.
func remedy(found diagnose.Finding, said string) []widgets.Row {
	p := found.Problem
	var rows []widgets.Row
	if happened := translated(p, p.Happened); happened != "" && happened != said {
		rows = append(rows, widgets.Row{Object: widgets.NewText(happened, bodyStyle), Above: 6})
	}
	steps := allTranslated(p, p.WhatToDo())
	for i := range steps {
		steps[i] = againHere(steps[i])
	}
	rows = append(rows, whatToDo(p, 3.5, steps)...)
	if p.Technical != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Technical), nameStyle), Above: 2})
	}
	return rows
}

// againHere replaces the name of a failed sign-in's button in a step by this page's.
func againHere(step string) string {
	return strings.ReplaceAll(step, "**"+lang.L("Try again")+"**", "**"+lang.L("Check again")+"**")
}

func stateShown(state diagnose.State) (icon fyne.Resource, word string) {
	switch state {
	case diagnose.OK:
		return iconGood, lang.L("OK")
	case diagnose.Attention:
		return iconAttention, lang.L("Needs attention")
	case diagnose.Failed:
		return iconBad, lang.L("Failed")
	default:
		return iconUnknown, lang.L("Not checked")
	}
}

// showBundle shows what would be saved, before it is.
func (d *diagnostics) showBundle() {
	d.end()
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.bundle.SetText(lang.L("Collecting…"))
	d.w.viewport.Relayout()
	collect := d.found.Bundle
	d.w.aside(func() {
		made, err := collect(ctx)
		d.w.do(func() {
			if ctx.Err() != nil || d.w.closed {
				return
			}
			d.bundle.SetText(lang.L("Save a support file"))
			if err != nil {
				d.complain(err)
				return
			}
			d.w.putOver(newBundlePage(d.w, d, made))
		})
	})
}

func (d *diagnostics) complain(err error) {
	p := problem.Of(err)
	d.failed.SetText(translated(p, p.Title) + " (" + p.Code + ")")
	d.failed.Show()
	d.w.viewport.Relayout()
	d.w.viewport.RevealObject(d.failed)
}

// outlives reports whether the page stays. A user who can sign in now, or is about to lose their
// session, has to see that; other changes are what the diagnosis is about.
func (d *diagnostics) outlives(before, after signin.State) bool {
	if after.Phase == before.Phase {
		return after.EndsSoon == before.EndsSoon
	}
	return !inSession(before.Phase) && !inSession(after.Phase)
}

// inSession reports whether there is a session at e-RS.
func inSession(phase signin.Phase) bool {
	switch phase {
	case signin.Choosing, signin.ChoosingClinician, signin.Selecting, signin.SignedIn, signin.Ending:
		return true
	default:
		return false
	}
}

func (d *diagnostics) disappear() { d.end() }

// end ends the present run.
func (d *diagnostics) end() {
	d.progress.Stop()
	if d.cancel != nil {
		d.cancel()
	}
}
