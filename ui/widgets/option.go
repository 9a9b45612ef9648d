package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

var _ control = (*Option)(nil)

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
	return extended(&Option{pressable: pressable{OnTapped: tapped}, chosen: chosen,
		label: NewText(text, Style{Size: SizeBody, Color: ColorText})})
}

// AccessibilityLabel returns the text, and whether the option is chosen.
func (o *Option) AccessibilityLabel() string {
	if o.chosen == "" {
		return o.label.String()
	}
	return o.label.String() + ", " + o.chosen
}

// MinSize is the size of the option with its text on one line.
func (o *Option) MinSize() fyne.Size {
	return o.label.MinSize().AddWidthHeight(o.indent()+optionPadX, 2*optionPadY)
}

// HeightFor returns the height at a width.
func (o *Option) HeightFor(width float32) float32 {
	return o.label.HeightFor(width-o.indent()-optionPadX) + 2*optionPadY
}

func (o *Option) side() float32 { return whole(theme.SizeForWidget(SizeBody, o) * 1.2) }

func (o *Option) indent() float32 { return optionPadX + o.side() + 8 }

// CreateRenderer is called by Fyne.
func (o *Option) CreateRenderer() fyne.WidgetRenderer {
	ring, face := newFocusRing(o, optionRadius), &canvas.Rectangle{CornerRadius: optionRadius}
	edge, hole, dot := &canvas.Circle{}, &canvas.Circle{}, &canvas.Circle{}
	paint := func() {
		ring.show(o.focused)
		faces := o.tint(ColorSurface, ColorHover, ColorPressed)
		face.FillColor, hole.FillColor = colorOf(o, faces), colorOf(o, faces)
		edge.FillColor, dot.FillColor = colorOf(o, ColorPrimary), colorOf(o, ColorPrimary)
		dot.Hidden = o.chosen == ""
	}
	lay := func(size fyne.Size) {
		ring.lay(size)
		ring.face(face, size, o.focused)
		side := o.side()
		y := optionPadY + whole((o.label.MinSize().Height-side)/2) + 1 // letters sit low
		Put(edge, optionPadX, y, side, side)
		Put(hole, optionPadX+2, y+2, side-4, side-4)
		inner := whole(side * 0.28)
		Put(dot, optionPadX+inner, y+inner, side-2*inner, side-2*inner)
		width := size.Width - o.indent() - optionPadX
		Put(o.label, o.indent(), optionPadY, width, o.label.HeightFor(width))
	}
	return draw(o, paint, lay, ring.outer, ring.inner, face, edge, hole, dot, o.label)
}
