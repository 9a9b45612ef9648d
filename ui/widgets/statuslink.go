package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

var _ Tall = (*StatusLink)(nil)

// StatusLink is one link of a chain with its health: an icon whose shape shows the state, and words
// that name it.
type StatusLink struct {
	spoken
	icon fyne.Resource
	text *Text
}

// NewStatusLink returns a link; [StatusLink.Set] fills it.
func NewStatusLink() *StatusLink {
	return extended(&StatusLink{text: NewText("", Style{Size: SizeSmall, Color: ColorSecondary})})
}

// Set shows a state.
func (s *StatusLink) Set(icon fyne.Resource, words string) {
	if s.icon == icon && s.text.String() == words {
		return
	}
	s.icon = icon
	s.text.SetText(words)
	s.Refresh()
}

// Icon returns the icon.
func (s *StatusLink) Icon() fyne.Resource { return s.icon }

// AccessibilityLabel returns the words.
func (s *StatusLink) AccessibilityLabel() string { return s.text.String() }

// MinSize is the size of icon and words on one line.
func (s *StatusLink) MinSize() fyne.Size { return s.text.MinSize().AddWidthHeight(s.indent(), 0) }

// HeightFor returns the height at a width.
func (s *StatusLink) HeightFor(width float32) float32 { return s.text.HeightFor(width - s.indent()) }

func (s *StatusLink) indent() float32 { return theme.SizeForWidget(SizeIcon, s) + 5 }

// CreateRenderer is called by Fyne.
func (s *StatusLink) CreateRenderer() fyne.WidgetRenderer {
	image := &canvas.Image{FillMode: canvas.ImageFillContain}
	lay := func(size fyne.Size) {
		icon, indent := theme.SizeForWidget(SizeIcon, s), s.indent()
		Put(image, 0, whole((s.text.MinSize().Height-icon)/2), icon, icon)
		Put(s.text, indent, 0, size.Width-indent, size.Height)
	}
	return draw(s, func() { image.Resource = s.icon }, lay, image, s.text)
}
