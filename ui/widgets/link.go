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

	look  LinkLook
	label *Text
}

// LinkLook is the look of a link.
type LinkLook struct {
	size          fyne.ThemeSizeName
	front, ground fyne.ThemeColorName
	// onBar: the ground is a coloured bar, which has no other shade, so that the line alone shows the mouse.
	onBar bool
}

// The looks of links, by where they are: small in the status bar or a panel, as large as text on the page
// or in a panel, in the header, and in the bar of a notice.
var (
	SmallLink   = LinkLook{SizeSmall, ColorPrimary, ColorSurface, false}
	PageLink    = LinkLook{SizeBody, ColorPrimary, ColorPage, false}
	PanelLink   = LinkLook{SizeBody, ColorPrimary, ColorSurface, false}
	BannerLink  = LinkLook{SizeSmall, ColorOnBanner, ColorBanner, true}
	WarningLink = LinkLook{SizeSmall, ColorOnWarning, ColorWarning, true}
)

// NewLink returns a link that calls tapped on a click, Enter or Space.
func NewLink(look LinkLook, text string, tapped func()) *Link {
	return extended(&Link{pressable: pressable{OnTapped: tapped}, look: look,
		label: NewText(text, Style{Size: look.size, Color: look.front})})
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
		faces := l.look.ground
		if !l.look.onBar {
			faces = l.tint(faces, ColorHover, ColorPressed)
		}
		ring.show(l.focused)
		face.Hidden = !l.focused && !l.held && !l.hovered // on page and surface
		face.FillColor, line.FillColor = colorOf(l, faces), colorOf(l, l.look.front)
	}
	lay := func(size fyne.Size) {
		ring.lay(size)
		ring.face(face, size, l.focused)
		width := size.Width - 2*LinkPad
		height := l.label.HeightFor(width)
		above := whole((size.Height - height) / 2)
		Put(l.label, LinkPad, above, width, height)
		thick := float32(1)
		if l.look.onBar && (l.hovered || l.held) {
			thick = 2
		}
		Put(line, LinkPad, above+height-1, min(width, l.label.MinSize().Width), thick)
	}
	return draw(l, paint, lay, ring.outer, ring.inner, face, l.label, line)
}
