package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget     = (*Badge)(nil)
	_ fyne.Accessible = (*Badge)(nil)
)

// BadgeKind is the look of a badge.
type BadgeKind int

// The kinds of badge.
const (
	// Notice is a round, conspicuous amber badge.
	Notice BadgeKind = iota
	// Key is a small grey badge with the name of a key.
	Key
)

// Badge is a word on a coloured ground.
type Badge struct {
	widget.BaseWidget
	kind BadgeKind
	text *Text
}

// NewBadge returns a badge.
func NewBadge(text string, kind BadgeKind) *Badge {
	style := Style{Size: SizeSmall, Color: ColorOnWarning, Bold: true}
	if kind == Key {
		style = Style{Size: SizeSmall, Color: ColorSecondary}
	}
	b := &Badge{kind: kind, text: NewText(text, style)}
	b.text.Alignment = fyne.TextAlignCenter
	b.ExtendBaseWidget(b)
	return b
}

// SetText replaces the word.
func (b *Badge) SetText(text string) {
	if b.text.String() != text {
		b.text.SetText(text)
		b.Refresh()
	}
}

// AccessibilityLabel returns the word.
func (b *Badge) AccessibilityLabel() string { return b.text.String() }

// AccessibilityRole is text.
func (b *Badge) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// MinSize is the size of the word and the ground around it.
func (b *Badge) MinSize() fyne.Size {
	if b.kind == Key {
		size := b.text.Natural().AddWidthHeight(12, 3)
		return fyne.NewSize(max(size.Width, size.Height), size.Height)
	}
	return b.text.Natural().AddWidthHeight(20, 7)
}

// CreateRenderer is called by Fyne.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	r := &badgeRenderer{badge: b, edge: &canvas.Rectangle{}, ground: &canvas.Rectangle{}}
	r.Refresh()
	return r
}

type badgeRenderer struct {
	badge        *Badge
	edge, ground *canvas.Rectangle
}

func (r *badgeRenderer) Destroy() {}

func (r *badgeRenderer) MinSize() fyne.Size { return r.badge.MinSize() }

func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.edge, r.ground, r.badge.text}
}

func (r *badgeRenderer) Layout(size fyne.Size) {
	r.edge.Resize(size)
	inset, radius := float32(0), size.Height/2
	if r.badge.kind == Key {
		inset, radius = 1, 3
	}
	r.edge.CornerRadius, r.ground.CornerRadius = radius, radius-inset
	place(r.ground, inset, inset, size.Width-2*inset, size.Height-2*inset)
	height := r.badge.text.Natural().Height
	place(r.badge.text, 0, float32(int((size.Height-height-1)/2)), size.Width, height)
}

func (r *badgeRenderer) Refresh() {
	edge, ground := ColorWarning, ColorWarning
	if r.badge.kind == Key {
		edge, ground = ColorLine, ColorPage
	}
	r.edge.FillColor, r.ground.FillColor = colorOf(r.badge, edge), colorOf(r.badge, ground)
	r.Layout(r.badge.Size())
	r.edge.Refresh()
	r.ground.Refresh()
	r.badge.text.Refresh()
}
