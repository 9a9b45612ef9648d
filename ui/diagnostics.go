package ui

import (
	"context"
	"strings"

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
	// when all are known, or soon after ctx has ended. It is not called on Fyne's goroutine.
	Run(ctx context.Context, progress func(row int, found diagnose.Finding)) Examination
}

// Examination is the result of a run.
type Examination struct {
	// Report is the result as text for the clipboard, without secrets.
	Report string
	// Bundle makes the files for a service desk. It is not called on Fyne's goroutine.
	Bundle func(context.Context) (Bundle, error)
}

// Bundle holds the files for a service desk, not saved yet.
type Bundle struct {
	// Path is the file that Save makes.
	Path  string
	Files []BundleFile
	// Save saves exactly these files. It is not called on Fyne's goroutine.
	Save func() error
}

// BundleFile is a file of a bundle.
type BundleFile struct{ Name, Content string }

// openDiagnostics opens the diagnostics over the screen, and runs them.
func (w *Window) openDiagnostics() {
	if w.settings.Diagnostics == nil || w.closing {
		return
	}
	if _, open := w.over.(*diagnostics); !open {
		w.putOver(newDiagnostics(w))
	}
}

// diagnostics is the page with a row for each link.
type diagnostics struct {
	still
	w      *Window
	cancel context.CancelFunc

	names    []string
	rows     []*fyne.Container // each has one object: a link
	states   []diagnose.State
	known    int
	summary  *widgets.Text
	progress *widgets.Progress
	// buttons are shown after a run.
	buttons     *fyne.Container
	again, copy *widgets.Button
	bundle      *widgets.Button
	back        *widgets.Button
	failed      *widgets.Text
	found       Examination
}

func newDiagnostics(w *Window) *diagnostics {
	d := &diagnostics{w: w, names: w.settings.Diagnostics.Names(), summary: widgets.NewText("", leadStyle),
		progress: widgets.NewProgress(lang.L("In progress")), failed: widgets.NewText("", bodyStyle)}
	d.again = w.button(lang.L("Run again"), widgets.Primary, d.run)
	d.copy = w.button(lang.L("Copy report"), widgets.Secondary, d.copyReport)
	d.bundle = w.button(lang.L("Save support bundle"), widgets.Secondary, d.showBundle)
	d.buttons = widgets.Flow(13, 12, d.again, d.copy, d.bundle)
	d.back = w.button(lang.L("Back"), widgets.Secondary, w.closeOver)
	rows := []widgets.Row{
		{Object: widgets.NewText(lang.L("Diagnostics"), titleStyle)},
		{Object: d.summary, Above: 5},
		{Object: d.progress, Above: 16},
		{Object: widgets.Flow(13, 12, d.buttons, d.back), Above: 16, Align: widgets.Leading},
		{Object: d.failed, Above: 12},
	}
	links := make([]widgets.Row, len(d.names))
	for i := range d.names {
		d.rows = append(d.rows, widgets.Inset(widgets.Margins{}, widgets.Column()))
		links[i] = widgets.Row{Object: d.rows[i], Above: 13}
	}
	if len(links) > 0 {
		links[0].Above = 0
	}
	rows = append(rows, widgets.Row{Object: widgets.NewPanel(widgets.Plain, widgets.Column(links...)), Above: 22})
	d.content = page(widgets.Column(rows...))
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
	d.cancel, d.known, d.found = cancel, 0, Examination{}
	d.states = make([]diagnose.State, len(d.names))
	for i := range d.names {
		d.showRow(i, nil)
	}
	d.buttons.Hide()
	d.failed.Hide()
	d.copy.SetText(lang.L("Copy report"))
	d.progress.Show()
	d.progress.Start()
	d.summary.SetText(lang.L("Looking at every part between your smartcard and e-RS…"))
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
	d.w.aside(func() {
		found := d.w.settings.Diagnostics.Run(ctx, func(row int, found diagnose.Finding) {
			d.w.do(current(func() { d.showResult(row, found) }))
		})
		d.w.do(current(func() { d.finish(found) }))
	})
}

// showResult shows the result for a link.
func (d *diagnostics) showResult(row int, found diagnose.Finding) {
	if row < 0 || row >= len(d.rows) {
		return
	}
	d.states[row] = found.State
	d.known++
	d.showRow(row, &found)
	d.summary.SetText(lang.L("{{.Known}} of {{.Count}} checked…", map[string]any{"Known": d.known, "Count": len(d.rows)}))
	d.w.viewport.Relayout()
}

// finish shows the end of a run.
func (d *diagnostics) finish(found Examination) {
	d.found = found
	d.progress.Stop()
	d.progress.Hide()
	bad, attention := 0, 0
	for _, state := range d.states {
		switch state {
		case diagnose.Failed:
			bad++
		case diagnose.Attention:
			attention++
		case diagnose.OK, diagnose.Skipped:
		}
	}
	d.summary.SetText(summaryOf(bad, attention))
	d.bundle.Hidden = found.Bundle == nil
	d.buttons.Show()
	d.w.viewport.Relayout()
	d.offer(bad+attention == 0)
}

// offer gives the focus to the next step: running again if something has to be done, else going
// back. A user who has moved the focus meanwhile, or reads further down, is not disturbed.
func (d *diagnostics) offer(done bool) {
	if d.w.win.Canvas().Focused() != nil {
		return
	}
	next, reads := d.again, d.w.viewport.Offset()
	if done {
		next = d.back
	}
	d.w.focus(next)
	if reads > 0 {
		d.w.viewport.ScrollBy(reads - d.w.viewport.Offset())
	}
}

// summaryOf returns the result in one line.
func summaryOf(bad, attention int) string {
	switch {
	case bad == 1:
		return lang.L("1 part does not work. What to do is written under it.")
	case bad > 1:
		return lang.L("{{.Count}} parts do not work. What to do is written under each of them.", map[string]any{"Count": bad})
	case attention == 1:
		return lang.L("Nothing has failed. 1 part needs attention.")
	case attention > 1:
		return lang.L("Nothing has failed. {{.Count}} parts need attention.", map[string]any{"Count": attention})
	default:
		return lang.L("Everything that could be checked is in order.")
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
	d.rows[i].Objects = []fyne.CanvasObject{
		widgets.Beside(widgets.NewPicture(icon, fyne.Size{}), widgets.SizeBody, 1.3, widgets.Column(rows...)),
	}
}

// remedy shows what to do about a link.
func remedy(found diagnose.Finding, said string) []widgets.Row {
	p := found.Problem
	var rows []widgets.Row
	if happened := translated(p, p.Happened); happened != "" && happened != said {
		rows = append(rows, widgets.Row{Object: widgets.NewText(happened, bodyStyle), Above: 6})
	}
	if p.Quoted != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Quoted), leadStyle), Above: 3.5})
	}
	for i, text := range p.Steps {
		rows = append(rows, widgets.Row{Object: step(i+1, againHere(translated(p, text))), Above: 3.5})
	}
	if len(p.ServiceDesk) > 0 {
		rows = append(rows, widgets.Row{Object: serviceDesk(p), Above: 9})
	}
	rows = append(rows, widgets.Row{Object: widgets.NewRuns(widgets.Run{Text: lang.L("Reference") + " ", Style: nameStyle},
		widgets.Run{Text: p.Code, Style: nameBoldStyle}), Above: 5})
	if p.Technical != "" {
		rows = append(rows, widgets.Row{Object: widgets.NewText(translated(p, p.Technical), nameStyle), Above: 2})
	}
	return rows
}

// againHere replaces the name of a failed sign-in's button in a step by this page's.
func againHere(step string) string {
	return strings.ReplaceAll(step, "**"+lang.L("Try again")+"**", "**"+lang.L("Run again")+"**")
}

func stateShown(state diagnose.State) (icon fyne.Resource, word string) {
	switch state {
	case diagnose.OK:
		return iconGood, lang.L("OK")
	case diagnose.Attention:
		return iconAttention, lang.L("Attention")
	case diagnose.Failed:
		return iconBad, lang.L("Failed")
	default:
		return iconUnknown, lang.L("Not checked")
	}
}

func (d *diagnostics) copyReport() {
	d.w.app.Clipboard().SetContent(d.found.Report)
	d.copy.SetText(lang.L("Report copied"))
	d.w.viewport.Relayout()
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
			d.bundle.SetText(lang.L("Save support bundle"))
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

// update returns true: the page does not depend on the state.
func (d *diagnostics) update(signin.State) bool { return true }

func (d *diagnostics) key(key *fyne.KeyEvent) bool { return d.w.escapes(key) }

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
	case signin.Choosing, signin.Selecting, signin.SignedIn, signin.Ending:
		return true
	default:
		return false
	}
}

func (d *diagnostics) away() { d.end() }

// end ends the present run.
func (d *diagnostics) end() {
	d.progress.Stop()
	if d.cancel != nil {
		d.cancel()
	}
}
