package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

var (
	_ fyne.Widget       = (*Button)(nil)
	_ fyne.Accessible   = (*Button)(nil)
	_ fyne.Focusable    = (*Button)(nil)
	_ fyne.Tappable     = (*Button)(nil)
	_ desktop.Hoverable = (*Button)(nil)
	_ desktop.Mouseable = (*Button)(nil)
	_ desktop.Keyable   = (*Button)(nil)
	_ Tall              = (*Button)(nil)
)

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
	b.label = NewText(text, Style{Size: SizeBody, Color: b.ink(), Bold: true})
	b.label.Alignment = fyne.TextAlignCenter
	b.ExtendBaseWidget(b)
	return b
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
		b.room = append(b.room, NewText(text, Style{Size: SizeBody, Color: b.ink(), Bold: true}))
	}
}

// SetImportance changes the button's role.
func (b *Button) SetImportance(importance Importance) {
	b.importance = importance
	b.label.SetRuns(Run{Text: b.label.String(), Style: Style{Size: SizeBody, Color: b.ink(), Bold: true}})
	b.Refresh()
}

// AccessibilityLabel returns the text.
func (b *Button) AccessibilityLabel() string { return b.label.String() }

// AccessibilityRole is button.
func (b *Button) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Natural returns the size of the button with its texts on one line.
func (b *Button) Natural() fyne.Size {
	size := b.label.Natural()
	for _, text := range b.room {
		size = size.Max(text.Natural())
	}
	return size.AddWidthHeight(2*b.padX(), 2*buttonPadY)
}

// HeightFor returns the height at a width, where the text may need several lines.
func (b *Button) HeightFor(width float32) float32 {
	return b.label.HeightFor(width-2*b.padX()) + 2*buttonPadY
}

// MinSize is the size of the button with its texts on one line.
func (b *Button) MinSize() fyne.Size { return b.Natural() }

// padX is smaller for a primary button, which has no outline.
func (b *Button) padX() float32 {
	if b.importance == Primary {
		return buttonPadX - buttonBorder
	}
	return buttonPadX
}

func (b *Button) ink() fyne.ThemeColorName {
	switch b.importance {
	case Primary:
		return ColorOnAction
	case Danger:
		return ColorDanger
	default:
		return ColorPrimary
	}
}

// CreateRenderer is called by Fyne.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	r := &buttonRenderer{button: b, ring: NewFocusRing(b, buttonRadius),
		edge: &canvas.Rectangle{CornerRadius: buttonRadius}, face: &canvas.Rectangle{}}
	r.objects = append(r.ring.Objects(), r.edge, r.face, b.label)
	r.Refresh()
	return r
}

// buttonRenderer draws a face on an edge of another colour: the outline of a secondary button, the
// lower edge of a primary one.
type buttonRenderer struct {
	button     *Button
	ring       *FocusRing
	edge, face *canvas.Rectangle
	objects    []fyne.CanvasObject
}

func (r *buttonRenderer) Destroy() {}

func (r *buttonRenderer) MinSize() fyne.Size { return r.button.Natural() }

func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *buttonRenderer) Layout(size fyne.Size) {
	r.ring.Layout(size)
	b := r.button
	outer := float32(0)
	if b.focused {
		outer = FocusInner
	}
	place(r.edge, outer, outer, size.Width-2*outer, size.Height-2*outer)
	textY := float32(0)
	if b.importance == Primary {
		height := size.Height - 2*outer - buttonEdge
		sunk := float32(0)
		if b.held {
			sunk = buttonEdge
		}
		place(r.face, outer, outer+sunk, size.Width-2*outer, height)
		r.face.CornerRadius = buttonRadius
		textY = sunk - buttonEdge/2.0 + 0.5
	} else {
		in := max(outer, float32(buttonBorder))
		if b.focused {
			in++ // the outline stays visible inside the ring
		}
		place(r.face, in, in, size.Width-2*in, size.Height-2*in)
		r.face.CornerRadius = buttonRadius - 1
	}
	width := size.Width - 2*b.padX()
	height := b.label.HeightFor(width)
	place(b.label, b.padX(), float32(int((size.Height-height)/2+textY)), width, height)
}

func (r *buttonRenderer) Refresh() {
	b := r.button
	edge, face := ColorPrimary, ColorSurface
	switch b.importance {
	case Primary:
		edge, face = ColorActionEdge, ColorAction
		if b.hovered || b.held {
			face = ColorActionHover
		}
	case Danger:
		edge = ColorDanger
		if b.hovered {
			face = ColorDangerHover
		}
		if b.held {
			face = ColorDangerPressed
		}
	default:
		if b.hovered {
			face = ColorHover
		}
		if b.held {
			face = ColorPressed
		}
	}
	r.ring.Show(b.focused)
	r.edge.FillColor, r.face.FillColor = colorOf(b, edge), colorOf(b, face)
	r.Layout(b.Size())
	r.edge.Refresh()
	r.face.Refresh()
	b.label.Refresh()
	canvas.Refresh(b)
}

func place(object fyne.CanvasObject, x, y, width, height float32) {
	object.Move(fyne.NewPos(x, y))
	object.Resize(fyne.NewSize(width, height))
}
