package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// button returns a button of the present screen.
func (w *Window) button(text string, importance widgets.Importance, tapped func()) *widgets.Button {
	screen := w.shown
	b := widgets.NewButton(text, importance, func() {
		if screen == w.shown {
			tapped()
		}
	})
	b.Counts = w.clickCounts
	w.listen(b)
	return b
}

// doubleClick is usually the longest time between the two clicks of a double click, and sameSpot
// bounds how far a hand moves between them, in either direction.
const (
	doubleClick = 500 * time.Millisecond
	sameSpot    = 32
)

// click is a click on a button or card, and the screen that it was on.
type click struct {
	screen int
	when   time.Time
	at     fyne.Position
}

// clickCounts reports whether a click on a button or card counts. The second half of a double click
// does not, if the first has brought another screen: it would press what happens to be there.
func (w *Window) clickCounts(at fyne.Position) bool {
	now, before := click{w.shown, w.settings.Now(), at}, w.clicked
	moved := at.Subtract(before.at)
	if now.screen != before.screen && now.when.Sub(before.when) < doubleClick && max(moved.X, -moved.X, moved.Y, -moved.Y) < sameSpot {
		return false
	}
	w.clicked = now
	return true
}

// listener is a button, a link or an option.
type listener interface {
	fyne.CanvasObject
	Listen(focused func(), key func(*fyne.KeyEvent), typed func(rune))
}

// listen brings controls of a page into view when they have the focus, and takes the keys that they
// do not use.
func (w *Window) listen(controls ...listener) {
	for _, control := range controls {
		control.Listen(func() { w.viewport.RevealObject(control) }, w.typedKey, w.typedRune)
	}
}

// copiedFor is how long a button says that it has copied something.
const copiedFor = 3 * time.Second

// copyButton returns a button that puts a text on the clipboard and says so for a moment.
func (w *Window) copyButton(text, copied string, content func() string) *widgets.Button {
	stop := func() {}
	var b *widgets.Button
	b = w.button(text, widgets.Secondary, func() {
		w.app.Clipboard().SetContent(content())
		b.SetText(copied)
		stop()
		stop = w.after(copiedFor, func() { b.SetText(text) })
	})
	b.Reserve(text, copied)
	return b
}

// intent returns a function that sends an intent.
func (w *Window) intent(intent signin.Intent) func() { return func() { w.send(intent) } }

func (w *Window) focus(control fyne.Focusable) { w.win.Canvas().Focus(control) }
