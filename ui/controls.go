package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// onThisScreen returns a function that does nothing once there is another screen, in case a key still
// reaches a control of the present one.
func (w *Window) onThisScreen(do func()) func() {
	screen := w.shown
	return func() {
		if screen == w.shown {
			do()
		}
	}
}

// button returns a button of the present screen.
func (w *Window) button(text string, importance widgets.Importance, tapped func()) *widgets.Button {
	b := widgets.NewButton(text, importance, w.onThisScreen(tapped))
	b.Counts = w.clickCounts
	w.listen(b)
	return b
}

// doubleClick is usually the longest time between the two clicks of a double click, or presses of a
// key, and sameSpot bounds how far a hand moves between them, in either direction. impatience is how
// long after a page has come a click in the spot of the last one may still be meant for the page before.
const (
	doubleClick = 500 * time.Millisecond
	sameSpot    = 32
	impatience  = time.Second
)

// press is a click on a button or card at a position, or a press of a key, and the scene that it was in.
type press struct {
	scene int
	when  time.Time
	at    fyne.Position
	key   fyne.KeyName
}

// brought reports whether a press seems to have brought the scene of the next one, which is then the
// second half of a double click: it would press what happens to be there.
func (p press) brought(next press) bool {
	return next.scene != p.scene && next.when.Sub(p.when) < doubleClick
}

// clickCounts reports whether a click on a button or card counts. One in the spot of the last click
// does not, if it is the second half of a double click that has brought another scene, or if another
// page has just come: its user has clicked again while they waited. Nor does one soon after the
// window has come to the front with another page, as at the end of a sign-in in the browser, or the
// next one of a series: it was meant for the browser.
func (w *Window) clickCounts(at fyne.Position) bool {
	now, moved := press{scene: w.scenes, when: w.settings.Now(), at: at}, at.Subtract(w.clicked.at)
	if now.when.Sub(w.backAt) < impatience && now.when.Sub(w.cameAt) < impatience || now.when.Sub(w.strayAt) < doubleClick {
		w.strayAt = now.when
		return false
	}
	waited := now.scene != w.clicked.scene && now.when.Sub(w.cameAt) < impatience
	if (waited || w.clicked.brought(now)) && max(moved.X, -moved.X, moved.Y, -moved.Y) < sameSpot {
		return false
	}
	w.clicked = now
	return true
}

// keyCounts reports whether a key counts that presses a control or chooses a card. The same key
// pressed again does not, soon after it has brought another scene.
func (w *Window) keyCounts(name fyne.KeyName) bool {
	if name == fyne.KeyEnter {
		name = fyne.KeyReturn
	}
	now := press{scene: w.scenes, when: w.settings.Now(), key: name}
	if w.typedAhead() || name == w.pressed.key && w.pressed.brought(now) {
		return false
	}
	w.pressed = now
	return true
}

// typingPause is a pause in typing, after which a user has seen the page.
const typingPause = 500 * time.Millisecond

// typedAhead notes a key, and reports whether it may be meant for something else than the page. A page
// of cards appears by itself when a sign-in has ended elsewhere, and comes to the front, while its user
// may be typing: keys choose there after the first pause.
func (w *Window) typedAhead() bool {
	now := w.settings.Now()
	if w.typed.IsZero() || now.Sub(w.typed) >= typingPause {
		w.typed = time.Time{}
		return false
	}
	w.typed = now
	return true
}

func (w *Window) keyEventCounts(key *fyne.KeyEvent) bool { return w.keyCounts(key.Name) }

// listener is a button, a link or an option.
type listener interface {
	fyne.CanvasObject
	Listen(focused func(), counts func(*fyne.KeyEvent) bool, key func(*fyne.KeyEvent), typed func(rune))
}

// listen brings controls of a page into view when they have the focus, and takes the keys that they
// do not use.
func (w *Window) listen(controls ...listener) {
	for _, control := range controls {
		counts := func(key *fyne.KeyEvent) bool { return w.keyEventCounts(key) && w.inView(control) }
		control.Listen(func() { w.viewport.RevealObject(control) }, counts, w.typedKey, w.typedRune)
	}
}

// inView reports whether a control is in view. If it is not, it brings it there: a key must not press
// what its user cannot see.
func (w *Window) inView(control fyne.CanvasObject) bool {
	if w.viewport.Shows(control) {
		return true
	}
	w.viewport.RevealObject(control)
	w.scenes++
	return false
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
