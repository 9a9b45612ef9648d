package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// StatusLink is one link of a chain with its health: an icon whose shape shows the state, and words
// that name it.
type StatusLink struct {
	*fyne.Container
	icon *Picture
	text *Text
}

// NewStatusLink returns a link; [StatusLink.Set] fills it.
func NewStatusLink() *StatusLink {
	s := &StatusLink{icon: NewPicture(nil, fyne.Size{}), text: NewText("", Style{Size: SizeSmall, Color: ColorSecondary})}
	const gap = 5
	s.Container = container.New(placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		icon := theme.Size(SizeIcon)
		width := size.Width - icon - gap
		height := s.text.HeightFor(width)
		at(s.icon, 0, whole((s.text.MinSize().Height-icon)/2), icon, icon)
		at(s.text, icon+gap, 0, width, height)
		return height
	}, func([]fyne.CanvasObject) float32 { return theme.Size(SizeIcon) + gap + s.text.MinSize().Width }), s.icon, s.text)
	return s
}

// Set shows a state.
func (s *StatusLink) Set(icon fyne.Resource, words string) {
	if s.icon.resource != icon {
		s.icon.Set(icon)
	}
	s.text.SetText(words)
}

// Shown returns the icon and the words.
func (s *StatusLink) Shown() (icon fyne.Resource, words string) {
	return s.icon.resource, s.text.String()
}
