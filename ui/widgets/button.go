package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

var _ control = (*Button)(nil)

// Importance is a button's role.
type Importance int

// The kinds of button.
const (
	// Primary is the main action: green, with a darker lower edge.
	Primary Importance = iota
	// Secondary is outlined in blue.
	Secondary
	// Danger is outlined in red.
	Danger
)

// importances are the colours of the kinds: of the text, of what the face is on, and of the face when it is
// still, under the mouse, and held down.
var importances = map[Importance]struct{ ink, edge, face, hovered, held fyne.ThemeColorName }{
	Primary:   {ColorOnAction, ColorActionEdge, ColorAction, ColorActionHover, ColorActionHover},
	Secondary: {ColorPrimary, ColorPrimary, ColorSurface, ColorHover, ColorPressed},
	Danger:    {ColorDanger, ColorDanger, ColorSurface, ColorDangerHover, ColorDangerPressed},
}

const (
	buttonRadius = 4
	buttonBorder = 2
	buttonEdge   = 3
	buttonPadX   = 24
	buttonPadY   = 13
)

// Button is a button with a text.
type Button struct {
	pressable
	importance Importance
	label      *Text
	// room holds the texts that the button is wide enough for.
	room []*Text
}

// NewButton returns a button that calls tapped on a click, Enter or Space.
func NewButton(text string, importance Importance, tapped func()) *Button {
	b := &Button{importance: importance}
	b.OnTapped = tapped
	b.label = NewText(text, b.style())
	b.label.Alignment = fyne.TextAlignCenter
	return extended(b)
}

// Importance returns the button's role.
func (b *Button) Importance() Importance { return b.importance }

// SetText replaces the text.
func (b *Button) SetText(text string) {
	b.label.SetText(text)
	b.Refresh()
}

// Reserve keeps the button wide enough for other texts, so that SetText does not move its
// neighbours.
func (b *Button) Reserve(texts ...string) {
	for _, text := range texts {
		b.room = append(b.room, NewText(text, b.style()))
	}
}

// SetImportance changes the button's role.
func (b *Button) SetImportance(importance Importance) {
	b.importance = importance
	b.label.SetRuns(Run{Text: b.label.String(), Style: b.style()})
	b.Refresh()
}

// AccessibilityLabel returns the text.
func (b *Button) AccessibilityLabel() string { return b.label.String() }

// MinSize is the size of the button with its texts on one line.
func (b *Button) MinSize() fyne.Size {
	size := b.label.MinSize()
	for _, text := range b.room {
		size = size.Max(text.MinSize())
	}
	return size.AddWidthHeight(2*b.padX(), 2*buttonPadY)
}

// HeightFor returns the height at a width, where the text may need several lines.
func (b *Button) HeightFor(width float32) float32 {
	return b.label.HeightFor(width-2*b.padX()) + 2*buttonPadY
}

// padX is smaller for a primary button, which has no outline.
func (b *Button) padX() float32 {
	if b.importance == Primary {
		return buttonPadX - buttonBorder
	}
	return buttonPadX
}

// style is that of the text.
func (b *Button) style() Style {
	return Style{Size: SizeBody, Color: importances[b.importance].ink, Bold: true}
}

// CreateRenderer is called by Fyne. It draws a face on an edge of another colour: the outline of a
// secondary button, the lower edge of a primary one.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	ring := newFocusRing(b, buttonRadius)
	edge, face := &canvas.Rectangle{CornerRadius: buttonRadius}, &canvas.Rectangle{}
	paint := func() {
		look := importances[b.importance]
		ring.show(b.focused)
		edge.FillColor, face.FillColor = colorOf(b, look.edge), colorOf(b, b.tint(look.face, look.hovered, look.held))
	}
	lay := func(size fyne.Size) {
		ring.lay(size)
		outer := ring.face(edge, size, b.focused)
		textY := float32(0)
		if b.importance == Primary {
			sunk := float32(0)
			if b.held {
				sunk = buttonEdge
			}
			Put(face, outer, outer+sunk, size.Width-2*outer, size.Height-2*outer-buttonEdge)
			face.CornerRadius = buttonRadius
			textY = sunk - buttonEdge/2.0 + 0.5
		} else {
			in := max(outer, float32(buttonBorder))
			if b.focused {
				in++ // the outline stays visible inside the ring
			}
			Put(face, in, in, size.Width-2*in, size.Height-2*in)
			face.CornerRadius = buttonRadius - 1
		}
		width := size.Width - 2*b.padX()
		height := b.label.HeightFor(width)
		Put(b.label, b.padX(), float32(int((size.Height-height)/2+textY)), width, height)
	}
	return draw(b, paint, lay, ring.outer, ring.inner, edge, face, b.label)
}
