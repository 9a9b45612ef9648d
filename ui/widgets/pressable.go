package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// control is what all pressable controls are.
type control interface {
	fyne.Widget
	fyne.Accessible
	fyne.Focusable
	fyne.Tappable
	desktop.Hoverable
	desktop.Mouseable
	desktop.Keyable
	Tall
}

// pressable is the common part of pressable controls: hover, focus, and being pressed by mouse,
// Enter or Space. A key presses, or types a character, only if it went down while the control had the
// focus: leaning on Enter while choosing a role would otherwise sign out again.
type pressable struct {
	widget.BaseWidget

	// OnTapped is called when the control is pressed.
	OnTapped func()
	// Counts reports whether a click at a position on the canvas counts, and KeyCounts whether a press
	// of a key does; nil means that it does.
	Counts    func(at fyne.Position) bool
	KeyCounts func(*fyne.KeyEvent) bool
	// OnFocus is called when the control gains the focus, so that a page can bring it into view, and
	// OnBlur when it loses it.
	OnFocus, OnBlur func()
	// OnMouse is called while the mouse is on the control, and with nil when it has left or pressed.
	OnMouse func(*desktop.MouseEvent)
	// OnKey and OnRune receive the keys that the control does not use.
	OnKey  func(*fyne.KeyEvent)
	OnRune func(rune)

	hovered, focused, held bool
	strokes                Strokes
}

// Listen sets OnFocus, KeyCounts, OnKey and OnRune.
func (p *pressable) Listen(focused func(), counts func(*fyne.KeyEvent) bool, key func(*fyne.KeyEvent), typed func(rune)) {
	p.OnFocus, p.KeyCounts, p.OnKey, p.OnRune = focused, counts, key, typed
}

func (p *pressable) Tapped(event *fyne.PointEvent) {
	if p.counts(event) {
		p.press()
	}
}

func (p *pressable) counts(event *fyne.PointEvent) bool {
	return p.Counts == nil || event == nil || p.Counts(event.AbsolutePosition)
}

func (p *pressable) press() {
	if p.OnTapped != nil {
		p.OnTapped()
	}
}

func (p *pressable) MouseIn(event *desktop.MouseEvent) {
	p.hovered = true
	p.Refresh()
	p.mouse(event)
}

func (p *pressable) MouseMoved(event *desktop.MouseEvent) {
	if !p.hovered { // it was scrolled
		p.hovered = true
		p.Refresh()
	}
	if p.held {
		event = nil
	}
	p.mouse(event)
}

func (p *pressable) mouse(event *desktop.MouseEvent) {
	if p.OnMouse != nil {
		p.OnMouse(event)
	}
}

func (p *pressable) MouseOut() {
	p.hovered, p.held = false, false
	p.Refresh()
	p.mouse(nil)
}

func (p *pressable) MouseDown(*desktop.MouseEvent) {
	p.held = true
	p.Refresh()
	p.mouse(nil)
}

func (p *pressable) MouseUp(*desktop.MouseEvent) {
	p.held = false
	p.Refresh()
}

// AccessibilityRole is button, for links too, which act here rather than navigate, and for options:
// Fyne 2.8 has no role for them.
func (p *pressable) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Cursor is the hand of pressable controls.
func (p *pressable) Cursor() desktop.Cursor { return desktop.PointerCursor }

func (p *pressable) FocusGained() {
	p.focused = true
	p.Refresh()
	if p.OnFocus != nil {
		p.OnFocus()
	}
}

func (p *pressable) FocusLost() {
	p.focused = false
	p.strokes.Forget()
	p.Refresh()
	if p.OnBlur != nil {
		p.OnBlur()
	}
}

// Hovered reports whether the control shows that the mouse is on it.
func (p *pressable) Hovered() bool { return p.hovered }

// Focused reports whether the control has the focus.
func (p *pressable) Focused() bool { return p.focused }

// KeyDown is called by Fyne when a key goes down, but not for its repeats.
func (p *pressable) KeyDown(key *fyne.KeyEvent) { p.strokes.Down(key) }

func (p *pressable) KeyUp(*fyne.KeyEvent) { p.strokes.Forget() }

// TypedKey is called by Fyne for each key and each of its repeats.
func (p *pressable) TypedKey(key *fyne.KeyEvent) {
	p.strokes.Typed(key)
	switch {
	case presses(key):
		if !p.strokes.Repeated() && (p.KeyCounts == nil || p.KeyCounts(key)) {
			p.press()
		}
	case p.OnKey != nil:
		p.OnKey(key)
	}
}

// TypedRune is called by Fyne for each character, and each of its repeats.
func (p *pressable) TypedRune(r rune) {
	if r != ' ' && !p.strokes.Repeated() && p.OnRune != nil {
		p.OnRune(r)
	}
}

// tint returns the colour of a control that is still, under the mouse, or held down by it.
func (p *pressable) tint(still, hovered, held fyne.ThemeColorName) fyne.ThemeColorName {
	switch {
	case p.held:
		return held
	case p.hovered:
		return hovered
	default:
		return still
	}
}

// scrolled takes the signs of the mouse off a control that was moved below it: Fyne reports the mouse
// when that moves.
func (p *pressable) scrolled() {
	if p.hovered || p.held {
		p.hovered, p.held = false, false
		p.Refresh()
	}
}

// forget resets mouse and key state, before the control is used for something else.
func (p *pressable) forget() {
	p.hovered, p.held = false, false
	p.strokes.Forget()
}

func presses(key *fyne.KeyEvent) bool {
	return key.Name == fyne.KeyReturn || key.Name == fyne.KeyEnter || key.Name == fyne.KeySpace
}

// Strokes tells a press of a key from the repeats of one that is held down, which must not press or
// choose what has appeared under them. Fyne announces a press as KeyDown, TypedKey and, for most
// characters, TypedRune; a repeat as the last two; and a character of an input method as TypedRune
// alone. Who has the focus receives them, so a key that went down elsewhere only repeats here.
type Strokes struct {
	down            fyne.KeyName
	fresh, repeated bool
}

// Down is to be called for each KeyDown.
func (s *Strokes) Down(key *fyne.KeyEvent) { *s = Strokes{down: key.Name, fresh: true} }

// Typed is to be called for each TypedKey. Some keys that went down, as Tab, are not typed.
func (s *Strokes) Typed(key *fyne.KeyEvent) {
	s.repeated = !s.fresh || s.down != key.Name
	s.fresh = false
}

// Repeated reports whether the last key typed, and a character that follows, is a repeat.
func (s *Strokes) Repeated() bool { return s.repeated }

// Forget is to be called when a key comes up, or the focus goes.
func (s *Strokes) Forget() { *s = Strokes{} }
