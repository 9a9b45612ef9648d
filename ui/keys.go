package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/ers-login/ers-login/ui/widgets"
)

func enters(key *fyne.KeyEvent) bool { return key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter }

// primary returns the main button that can be pressed on a page, or nil.
func primary(object fyne.CanvasObject) *widgets.Button {
	if !object.Visible() {
		return nil
	}
	switch o := object.(type) {
	case *widgets.Button:
		if o.Importance() == widgets.Primary {
			return o
		}
	case *fyne.Container:
		for _, child := range o.Objects {
			if found := primary(child); found != nil {
				return found
			}
		}
	}
	return nil
}

// typedKey handles the keys that no control has used: all of them without a focus. Enter then
// presses the page's main button, as if it had the focus.
func (w *Window) typedKey(key *fyne.KeyEvent) {
	w.typedAhead()
	if enters(key) && !w.keyCounts(key.Name) {
		return
	}
	if seen := w.tip.Away(); seen && key.Name == fyne.KeyEscape {
		return // the next Escape ends what else it would
	}
	if key.Name == fyne.KeyEscape && w.over == nil && w.screen.helps() != nil && w.screen.helps().box.Visible() {
		w.help()
		return
	}
	var page screen = w.over
	if w.over == nil {
		page = w.screen
	}
	if page.key(key) {
		return
	}
	const line = 40
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if main := primary(page.object()); main != nil && w.win.Canvas().Focused() == nil && w.inView(main) {
			main.Tapped(nil)
		}
	case fyne.KeyF1:
		w.help()
	case fyne.KeyF2:
		w.toggleSettings()
	case fyne.KeyF9:
		w.toggleDiagnostics()
	case fyne.KeyUp:
		w.viewport.ScrollBy(-line)
	case fyne.KeyDown:
		w.viewport.ScrollBy(line)
	case fyne.KeyPageUp:
		w.viewport.ScrollBy(-w.viewport.Page())
	case fyne.KeyPageDown:
		w.viewport.ScrollBy(w.viewport.Page())
	}
}

// takeKeys takes the keys that are pressed while nothing has the focus.
func (w *Window) takeKeys(canvas fyne.Canvas) {
	canvas.SetOnTypedKey(func(key *fyne.KeyEvent) {
		if w.strokes.Typed(key); !enters(key) || !w.strokes.Repeated() {
			w.typedKey(key)
		}
	})
	canvas.SetOnTypedRune(func(r rune) {
		if !w.strokes.Repeated() {
			w.typedRune(r)
		}
	})
	if canvas, ok := canvas.(desktop.Canvas); ok {
		canvas.SetOnKeyDown(w.strokes.Down)
		canvas.SetOnKeyUp(func(*fyne.KeyEvent) { w.strokes.Forget() })
	}
}

// typedRune handles the characters that no control has used.
func (w *Window) typedRune(r rune) {
	w.typedAhead()
	if w.over == nil {
		w.screen.rune(r)
	}
}

// find focuses the screen's search field, if it has one.
func (w *Window) find(fyne.Shortcut) {
	if w.over == nil {
		w.screen.find()
	}
}

// shortcut returns the name of a shortcut, which is another one on macOS.
func shortcut(name, onMac string) string {
	if fyne.KeyModifierShortcutDefault == fyne.KeyModifierSuper {
		return onMac
	}
	return name
}
