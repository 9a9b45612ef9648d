package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget     = (*StatusLink)(nil)
	_ fyne.Accessible = (*StatusLink)(nil)
	_ Tall            = (*StatusLink)(nil)
)

// StatusLink is one link of a chain with its health: an icon whose shape shows the state, and words
// that name it.
type StatusLink struct {
	widget.BaseWidget
	icon fyne.Resource
	text *Text
}

// NewStatusLink returns a link; [StatusLink.Set] fills it.
func NewStatusLink() *StatusLink {
	s := &StatusLink{text: NewText("", Style{Size: SizeSmall, Color: ColorSecondary})}
	s.ExtendBaseWidget(s)
	return s
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

// AccessibilityRole is text.
func (s *StatusLink) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// Natural returns the size of icon and words on one line.
func (s *StatusLink) Natural() fyne.Size { return s.text.Natural().AddWidthHeight(s.indent(), 0) }

// HeightFor returns the height at a width.
func (s *StatusLink) HeightFor(width float32) float32 { return s.text.HeightFor(width - s.indent()) }

// MinSize is the size of icon and words on one line.
func (s *StatusLink) MinSize() fyne.Size { return s.Natural() }

func (s *StatusLink) indent() float32 { return theme.SizeForWidget(SizeIcon, s) + 5 }

// CreateRenderer is called by Fyne.
func (s *StatusLink) CreateRenderer() fyne.WidgetRenderer {
	s.ExtendBaseWidget(s)
	r := &statusLinkRenderer{link: s, image: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.Refresh()
	return r
}

type statusLinkRenderer struct {
	link  *StatusLink
	image *canvas.Image
}

func (r *statusLinkRenderer) Destroy() {}

func (r *statusLinkRenderer) MinSize() fyne.Size { return r.link.Natural() }

func (r *statusLinkRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.image, r.link.text}
}

func (r *statusLinkRenderer) Layout(size fyne.Size) {
	line := r.link.text.Natural().Height
	icon := theme.SizeForWidget(SizeIcon, r.link)
	place(r.image, 0, whole((line-icon)/2), icon, icon)
	indent := r.link.indent()
	place(r.link.text, indent, 0, size.Width-indent, size.Height)
}

func (r *statusLinkRenderer) Refresh() {
	r.image.Resource = r.link.icon
	r.Layout(r.link.Size())
	r.image.Refresh()
	r.link.text.Refresh()
}
