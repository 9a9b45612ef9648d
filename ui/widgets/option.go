package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
)

var (
	_ fyne.Widget       = (*Option)(nil)
	_ fyne.Accessible   = (*Option)(nil)
	_ fyne.Focusable    = (*Option)(nil)
	_ fyne.Tappable     = (*Option)(nil)
	_ desktop.Hoverable = (*Option)(nil)
	_ desktop.Mouseable = (*Option)(nil)
	_ desktop.Keyable   = (*Option)(nil)
	_ Tall              = (*Option)(nil)
)

const (
	optionPadX   = 8
	optionPadY   = 6
	optionRadius = 4
)

// Option is one of several values to choose from: a ring and a name, with a dot in the selected
// option's ring.
type Option struct {
	pressable
	label *Text
	// chosen is the selected option's label for screen readers, empty for the others.
	chosen string
}

// NewOption returns an option. chosen is a selected option's label for screen readers, and empty
// for any other.
func NewOption(text, chosen string, tapped func()) *Option {
	o := &Option{label: NewText(text, Style{Size: SizeBody, Color: ColorText}), chosen: chosen}
	o.OnTapped = tapped
	o.ExtendBaseWidget(o)
	return o
}

// AccessibilityLabel returns the text, and whether the option is chosen.
func (o *Option) AccessibilityLabel() string {
	if o.chosen == "" {
		return o.label.String()
	}
	return o.label.String() + ", " + o.chosen
}

// AccessibilityRole is button: Fyne 2.8 has no role for an option.
func (o *Option) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Natural returns the size of the option with its text on one line.
func (o *Option) Natural() fyne.Size {
	return o.label.Natural().AddWidthHeight(o.indent()+optionPadX, 2*optionPadY)
}

// HeightFor returns the height at a width.
func (o *Option) HeightFor(width float32) float32 {
	return o.label.HeightFor(width-o.indent()-optionPadX) + 2*optionPadY
}

// MinSize is the size of the option with its text on one line.
func (o *Option) MinSize() fyne.Size { return o.Natural() }

func (o *Option) side() float32 { return whole(theme.SizeForWidget(SizeBody, o) * 1.2) }

func (o *Option) indent() float32 { return optionPadX + o.side() + 8 }

// CreateRenderer is called by Fyne.
func (o *Option) CreateRenderer() fyne.WidgetRenderer {
	o.ExtendBaseWidget(o)
	r := &optionRenderer{option: o, ring: NewFocusRing(o, optionRadius), face: &canvas.Rectangle{CornerRadius: optionRadius},
		edge: &canvas.Circle{}, hole: &canvas.Circle{}, dot: &canvas.Circle{}}
	r.objects = append(r.ring.Objects(), r.face, r.edge, r.hole, r.dot, o.label)
	r.Refresh()
	return r
}

type optionRenderer struct {
	option          *Option
	ring            *FocusRing
	face            *canvas.Rectangle
	edge, hole, dot *canvas.Circle
	objects         []fyne.CanvasObject
}

func (r *optionRenderer) Destroy() {}

func (r *optionRenderer) MinSize() fyne.Size { return r.option.Natural() }

func (r *optionRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *optionRenderer) Layout(size fyne.Size) {
	r.ring.Layout(size)
	in := float32(0)
	if r.option.focused {
		in = FocusInner
	}
	place(r.face, in, in, size.Width-2*in, size.Height-2*in)
	side := r.option.side()
	y := optionPadY + whole((r.option.label.Natural().Height-side)/2) + 1 // letters sit low
	place(r.edge, optionPadX, y, side, side)
	place(r.hole, optionPadX+2, y+2, side-4, side-4)
	dot := whole(side * 0.28)
	place(r.dot, optionPadX+dot, y+dot, side-2*dot, side-2*dot)
	width := size.Width - r.option.indent() - optionPadX
	place(r.option.label, r.option.indent(), optionPadY, width, r.option.label.HeightFor(width))
}

func (r *optionRenderer) Refresh() {
	o := r.option
	face := ColorSurface
	switch {
	case o.held:
		face = ColorPressed
	case o.hovered:
		face = ColorHover
	}
	r.ring.Show(o.focused)
	r.face.FillColor, r.hole.FillColor = colorOf(o, face), colorOf(o, face)
	r.edge.FillColor, r.dot.FillColor = colorOf(o, ColorPrimary), colorOf(o, ColorPrimary)
	r.dot.Hidden = o.chosen == ""
	r.Layout(o.Size())
	for _, object := range r.objects {
		object.Refresh()
	}
	canvas.Refresh(o)
}
