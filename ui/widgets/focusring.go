package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// The widths of the ring around what has the focus.
const (
	// FocusOuter is the yellow ring, outside of the control.
	FocusOuter = 4
	// FocusInner is the black line, on the control's edge. The control draws its face inside of it.
	FocusInner = 2
)

// FocusRing is the yellow and black ring around what has the focus. Both colours are there for one reason: on a light page the
// black line is seen, on a dark one the yellow ring. It is not a widget of its own but part of the control that has it.
type FocusRing struct {
	of           fyne.Widget
	radius       float32
	outer, inner *canvas.Rectangle
}

// NewFocusRing returns the ring of a control whose corners have a radius.
func NewFocusRing(of fyne.Widget, radius float32) *FocusRing {
	ring := &FocusRing{of: of, radius: radius, outer: &canvas.Rectangle{}, inner: &canvas.Rectangle{}}
	ring.outer.CornerRadius = radius + FocusOuter
	ring.inner.CornerRadius = radius
	return ring
}

// Objects returns what the control has to draw before its face.
func (r *FocusRing) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.outer, r.inner} }

// Layout puts the ring around a control of a size.
func (r *FocusRing) Layout(size fyne.Size) {
	r.outer.Move(fyne.NewPos(-FocusOuter, -FocusOuter))
	r.outer.Resize(size.AddWidthHeight(2*FocusOuter, 2*FocusOuter))
	r.inner.Resize(size)
}

// Show draws the ring or takes it away, in the colours of the theme.
func (r *FocusRing) Show(focused bool) {
	r.outer.FillColor, r.inner.FillColor = colorOf(r.of, ColorFocus), colorOf(r.of, ColorFocusEdge)
	r.outer.Hidden, r.inner.Hidden = !focused, !focused
	r.outer.Refresh()
	r.inner.Refresh()
}
