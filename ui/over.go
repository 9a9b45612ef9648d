package ui

import (
	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/login"
)

// overPage is a page that the user has laid over the screen: the settings, the diagnostics.
type overPage interface {
	screen
	// outlives tells whether the page stays although the state under it has changed.
	outlives(before, after login.State) bool
	// away is called when the page has gone.
	away()
}

// putOver lays a page over the screen. The screen is brought up to date when the page goes.
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

// closeOver goes back to the screen, brought up to date.
func (w *Window) closeOver() {
	if w.over == nil {
		return
	}
	w.uncover()
	w.show(w.last)
	w.screen.appear()
	w.showHelp()
}

// uncover takes the page away from over the screen.
func (w *Window) uncover() {
	if w.over == nil {
		return
	}
	w.over.away()
	w.over = nil
	w.win.Canvas().Unfocus()
	w.put(w.screen)
}

// escapes closes the page for the key that does so.
func (w *Window) escapes(key *fyne.KeyEvent) bool {
	if key.Name != fyne.KeyEscape {
		return false
	}
	w.closeOver()
	return true
}
