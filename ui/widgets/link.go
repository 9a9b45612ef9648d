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

// LinkPad is the room between a link's text and its sides.
const LinkPad = 4

const (
	linkPadY = 2
	// linkLeast is the least height of what is pressed by mouse or finger (WCAG 2.5.8).
	linkLeast = 24
)

// Link is a text that can be pressed, for places where a [Button] would be too much. The underline
// distinguishes it from other text not only by colour.
type Link struct {
	pressable
	// Label is the name for screen readers; empty for the text.
	Label string

	ground fyne.ThemeColorName
	label  *Text
	// onBanner: it is in the window's header.
	onBanner bool
}

// NewLink returns a small link on a bar or panel that calls tapped on a click, Enter or Space.
func NewLink(text string, tapped func()) *Link {
	return newLink(text, Style{Size: SizeSmall, Color: ColorPrimary}, ColorSurface, tapped)
}

// NewTextLink returns a link of the size of text, on a ground of a colour.
func NewTextLink(text string, ground fyne.ThemeColorName, tapped func()) *Link {
	return newLink(text, Style{Size: SizeBody, Color: ColorPrimary}, ground, tapped)
}

func newLink(text string, style Style, ground fyne.ThemeColorName, tapped func()) *Link {
	l := &Link{ground: ground, label: NewText(text, style)}
	l.OnTapped = tapped
	l.ExtendBaseWidget(l)
	return l
}

// NewBannerLink returns a link for the window's header.
func NewBannerLink(text string, tapped func()) *Link {
	l := newLink(text, Style{Size: SizeSmall, Color: ColorOnBanner}, ColorBanner, tapped)
	l.onBanner = true
	return l
}

// SetText replaces the text.
func (l *Link) SetText(text string) {
	l.label.SetText(text)
	l.Refresh()
}

// AccessibilityLabel returns Label, or the text.
func (l *Link) AccessibilityLabel() string {
	if l.Label != "" {
		return l.Label
	}
	return l.label.String()
}

// AccessibilityRole is button: links on web pages navigate, and this one acts.
func (l *Link) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Natural returns the size of the link with its text on one line.
func (l *Link) Natural() fyne.Size {
	label := l.label.Natural()
	return fyne.NewSize(label.Width+2*LinkPad, max(linkLeast, label.Height+2*linkPadY))
}

// HeightFor returns the height at a width.
func (l *Link) HeightFor(width float32) float32 {
	return max(linkLeast, l.label.HeightFor(width-2*LinkPad)+2*linkPadY)
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
	width := size.Width - 2*LinkPad
	height := r.link.label.HeightFor(width)
	above := whole((size.Height - height) / 2)
	place(r.link.label, LinkPad, above, width, height)
	thick := float32(1)
	if r.link.onBanner && (r.link.hovered || r.link.held) {
		thick = 2 // the banner has no other shade for that
	}
	place(r.line, LinkPad, above+height-1, min(width, r.link.label.Natural().Width), thick)
}

func (r *linkRenderer) Refresh() {
	face, line := r.link.ground, ColorPrimary
	switch {
	case r.link.onBanner:
		face, line = ColorBanner, ColorOnBanner
	case r.link.held:
		face = ColorPressed
	case r.link.hovered:
		face = ColorHover
	}
	r.ring.Show(r.link.focused)
	r.face.Hidden = !r.link.focused && !r.link.held && !r.link.hovered // on page and surface
	r.face.FillColor, r.line.FillColor = colorOf(r.link, face), colorOf(r.link, line)
	r.Layout(r.link.Size())
	r.face.Refresh()
	r.line.Refresh()
	r.link.label.Refresh()
	canvas.Refresh(r.link)
}
