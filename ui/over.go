package ui

import (
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// overPage is a page that the user has opened over the screen: settings, diagnostics.
type overPage interface {
	screen
	// outlives reports whether the page stays although the state under it has changed.
	outlives(before, after signin.State) bool
}

// cover is what such pages have in common: Escape closes them.
type cover struct{ still }

func newCover(w *Window) cover { return cover{still{w: w, escape: w.closeOver}} }

// putOver opens a page over the screen, which is updated when the page closes.
func (w *Window) putOver(page overPage) {
	if w.over != nil {
		w.over.disappear()
	}
	w.over, w.overState = page, w.last
	w.win.Canvas().Unfocus()
	w.put(page)
	w.viewport.ScrollToTop()
	w.showHelp()
	page.appear()
}

// backLink returns the link at the top of a page that leads back from it, and its row.
func (w *Window) backLink(back func()) (*widgets.Link, widgets.Row) {
	link := widgets.NewLink(widgets.PageLink, "‹ "+lang.L("Back"), w.onThisScreen(back))
	link.Label = lang.L("Back")
	w.listen(link)
	// Its text begins where the title below it does.
	return link, widgets.Row{Object: widgets.Inset(widgets.Margins{Left: -widgets.LinkPad}, link), Align: widgets.Leading}
}

// closeOver returns to the screen, updated.
func (w *Window) closeOver() {
	if w.over == nil {
		return
	}
	w.uncover()
	w.show(w.last)
	w.screen.appear()
	w.showHelp()
}

// uncover removes the page from the screen.
func (w *Window) uncover() {
	if w.over == nil {
		return
	}
	w.over.disappear()
	w.over = nil
	w.win.Canvas().Unfocus()
	w.put(w.screen)
}
