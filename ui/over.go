package ui

import (
	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/signin"
)

// overPage is a page that the user has opened over the screen: settings, diagnostics.
type overPage interface {
	screen
	// outlives reports whether the page stays although the state under it has changed.
	outlives(before, after signin.State) bool
	// away is called when the page has closed.
	away()
}

// putOver opens a page over the screen, which is updated when the page closes.
func (w *Window) putOver(page overPage) {
	if w.over != nil {
		w.over.away()
	}
	w.over, w.overState = page, w.last
	w.win.Canvas().Unfocus()
	w.put(page)
	w.viewport.ScrollToTop()
	w.showHelp()
	page.appear()
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
	w.over.away()
	w.over = nil
	w.win.Canvas().Unfocus()
	w.put(w.screen)
}

// escapes closes the page if the key is Escape.
func (w *Window) escapes(key *fyne.KeyEvent) bool {
	if key.Name != fyne.KeyEscape {
		return false
	}
	w.closeOver()
	return true
}
