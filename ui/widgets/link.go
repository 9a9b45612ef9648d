package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

var (
	_ fyne.Widget       = (*Link)(nil)
	_ fyne.Accessible   = (*Link)(nil)
	_ fyne.Focusable    = (*Link)(nil)
	_ fyne.Tappable     = (*Link)(nil)
	_ desktop.Hoverable = (*Link)(nil)
	_ desktop.Mouseable = (*Link)(nil)
	_ desktop.Keyable   = (*Link)(nil)
	_ Tall              = (*Link)(nil)
)

const (
	linkPadX = 4
	linkPadY = 2
)

// Link is a small text that can be pressed, for places without room for a [Button]. The underline
// distinguishes it from other text not only by colour.
type Link struct {
	pressable
	label *Text
}

// NewLink returns a link that calls tapped on a click, Enter or Space.
func NewLink(text string, tapped func()) *Link {
	l := &Link{label: NewText(text, Style{Size: SizeSmall, Color: ColorPrimary})}
	l.OnTapped = tapped
	l.ExtendBaseWidget(l)
	return l
}

// SetText replaces the text.
func (l *Link) SetText(text string) {
	l.label.SetText(text)
	l.Refresh()
}

// AccessibilityLabel returns the text.
func (l *Link) AccessibilityLabel() string { return l.label.String() }

// AccessibilityRole is button: links on web pages navigate, and this one acts.
func (l *Link) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Natural returns the size of the link with its text on one line.
func (l *Link) Natural() fyne.Size { return l.label.Natural().AddWidthHeight(2*linkPadX, 2*linkPadY) }

// HeightFor returns the height at a width.
func (l *Link) HeightFor(width float32) float32 {
	return l.label.HeightFor(width-2*linkPadX) + 2*linkPadY
}

// MinSize is the size of the link with its text on one line.
func (l *Link) MinSize() fyne.Size { return l.Natural() }

// CreateRenderer is called by Fyne.
func (l *Link) CreateRenderer() fyne.WidgetRenderer {
	l.ExtendBaseWidget(l)
	r := &linkRenderer{link: l, ring: NewFocusRing(l, 3), face: &canvas.Rectangle{}, line: &canvas.Rectangle{}}
	r.objects = append(r.ring.Objects(), r.face, l.label, r.line)
	r.Refresh()
	return r
}

type linkRenderer struct {
	link       *Link
	ring       *FocusRing
	face, line *canvas.Rectangle
	objects    []fyne.CanvasObject
}

func (r *linkRenderer) Destroy() {}

func (r *linkRenderer) MinSize() fyne.Size { return r.link.Natural() }

func (r *linkRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *linkRenderer) Layout(size fyne.Size) {
	r.ring.Layout(size)
	in := float32(0)
	if r.link.focused {
		in = FocusInner
	}
	place(r.face, in, in, size.Width-2*in, size.Height-2*in)
	width := size.Width - 2*linkPadX
	height := r.link.label.HeightFor(width)
	place(r.link.label, linkPadX, linkPadY, width, height)
	place(r.line, linkPadX, size.Height-linkPadY-1, min(width, r.link.label.Natural().Width), 1)
}

func (r *linkRenderer) Refresh() {
	face := ColorSurface
	switch {
	case r.link.held:
		face = ColorPressed
	case r.link.hovered:
		face = ColorHover
	}
	r.ring.Show(r.link.focused)
	r.face.Hidden = !r.link.focused && !r.link.held && !r.link.hovered // on page and surface
	r.face.FillColor, r.line.FillColor = colorOf(r.link, face), colorOf(r.link, ColorPrimary)
	r.Layout(r.link.Size())
	r.face.Refresh()
	r.line.Refresh()
	r.link.label.Refresh()
	canvas.Refresh(r.link)
}
