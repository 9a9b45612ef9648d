package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Widths of the focus ring.
const (
	// FocusOuter is the yellow ring, outside of the control.
	FocusOuter = 4
	// FocusInner is the black line on the control's edge. The control draws its face inside it.
	FocusInner = 2
)

// FocusRing is the yellow and black ring of the focused control: the black line is visible on a
// light page, the yellow ring on a dark one. It is part of its control, not a widget.
type FocusRing struct {
	of           fyne.Widget
	radius       float32
	outer, inner *canvas.Rectangle
}

// NewFocusRing returns the ring of a control with this corner radius.
func NewFocusRing(of fyne.Widget, radius float32) *FocusRing {
	ring := &FocusRing{of: of, radius: radius, outer: &canvas.Rectangle{}, inner: &canvas.Rectangle{}}
	ring.outer.CornerRadius = radius + FocusOuter
	ring.inner.CornerRadius = radius
	return ring
}

// Objects returns what the control must draw before its face.
func (r *FocusRing) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.outer, r.inner} }

// Layout puts the ring around a control of a size.
func (r *FocusRing) Layout(size fyne.Size) {
	r.outer.Move(fyne.NewPos(-FocusOuter, -FocusOuter))
	r.outer.Resize(size.AddWidthHeight(2*FocusOuter, 2*FocusOuter))
	r.inner.Resize(size)
}

// Show shows or hides the ring, in the theme's colours.
func (r *FocusRing) Show(focused bool) {
	r.outer.FillColor, r.inner.FillColor = colorOf(r.of, ColorFocus), colorOf(r.of, ColorFocusEdge)
	r.outer.Hidden, r.inner.Hidden = !focused, !focused
	r.outer.Refresh()
	r.inner.Refresh()
}
