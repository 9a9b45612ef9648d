package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Widths of the focus ring.
const (
	// focusOuter is the yellow ring, outside of the control.
	focusOuter = 4
	// focusInner is the black line on the control's edge. The control draws its face inside it.
	focusInner = 2
)

// focusRing is the yellow and black ring of the focused control, drawn before its face: the black
// line is visible on a light page, the yellow ring on a dark one.
type focusRing struct {
	of           fyne.Widget
	outer, inner *canvas.Rectangle
}

// newFocusRing returns the ring of a control with this corner radius.
func newFocusRing(of fyne.Widget, radius float32) focusRing {
	return focusRing{of: of, outer: &canvas.Rectangle{CornerRadius: radius + focusOuter}, inner: &canvas.Rectangle{CornerRadius: radius}}
}

// lay puts the ring around a control of a size.
func (r focusRing) lay(size fyne.Size) {
	Put(r.outer, -focusOuter, -focusOuter, size.Width+2*focusOuter, size.Height+2*focusOuter)
	r.inner.Resize(size)
}

// face puts a control's face inside the ring, and returns the inset.
func (r focusRing) face(face *canvas.Rectangle, size fyne.Size, focused bool) float32 {
	in := float32(0)
	if focused {
		in = focusInner
	}
	Put(face, in, in, size.Width-2*in, size.Height-2*in)
	return in
}

// show shows or hides the ring, in the theme's colours.
func (r focusRing) show(focused bool) {
	r.outer.FillColor, r.inner.FillColor = colorOf(r.of, ColorFocus), colorOf(r.of, ColorFocusEdge)
	r.outer.Hidden, r.inner.Hidden = !focused, !focused
}
