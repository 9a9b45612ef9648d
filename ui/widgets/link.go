package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

var _ control = (*Link)(nil)

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
	// front is the colour of text and line. On a coloured bar, the header or a notice, it shows the
	// mouse by the line alone, since the bar has no other shade for that.
	front fyne.ThemeColorName
	onBar bool
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
	l := &Link{ground: ground, front: style.Color, label: NewText(text, style)}
	l.OnTapped = tapped
	return extended(l)
}

// NewBannerLink returns a link for the window's header.
func NewBannerLink(text string, tapped func()) *Link {
	return onBar(newLink(text, Style{Size: SizeSmall, Color: ColorOnBanner}, ColorBanner, tapped))
}

// NewWarningLink returns a link for the bar of a notice.
func NewWarningLink(text string, tapped func()) *Link {
	return onBar(newLink(text, Style{Size: SizeSmall, Color: ColorOnWarning}, ColorWarning, tapped))
}

func onBar(l *Link) *Link {
	l.onBar = true
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

// MinSize is the size of the link with its text on one line.
func (l *Link) MinSize() fyne.Size {
	label := l.label.MinSize()
	return fyne.NewSize(label.Width+2*LinkPad, max(linkLeast, label.Height+2*linkPadY))
}

// HeightFor returns the height at a width.
func (l *Link) HeightFor(width float32) float32 {
	return max(linkLeast, l.label.HeightFor(width-2*LinkPad)+2*linkPadY)
}

// CreateRenderer is called by Fyne.
func (l *Link) CreateRenderer() fyne.WidgetRenderer {
	ring, face, line := newFocusRing(l, 3), &canvas.Rectangle{}, &canvas.Rectangle{}
	paint := func() {
		faces := l.ground
		if !l.onBar {
			faces = l.tint(l.ground, ColorHover, ColorPressed)
		}
		ring.show(l.focused)
		face.Hidden = !l.focused && !l.held && !l.hovered // on page and surface
		face.FillColor, line.FillColor = colorOf(l, faces), colorOf(l, l.front)
	}
	lay := func(size fyne.Size) {
		ring.lay(size)
		ring.face(face, size, l.focused)
		width := size.Width - 2*LinkPad
		height := l.label.HeightFor(width)
		above := whole((size.Height - height) / 2)
		Put(l.label, LinkPad, above, width, height)
		thick := float32(1)
		if l.onBar && (l.hovered || l.held) {
			thick = 2
		}
		Put(line, LinkPad, above+height-1, min(width, l.label.MinSize().Width), thick)
	}
	return draw(l, paint, lay, ring.outer, ring.inner, face, l.label, line)
}
