package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
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
	spoken
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
	return extended(b)
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

// MinSize is the size of the word and the ground around it.
func (b *Badge) MinSize() fyne.Size {
	if b.kind == Key {
		size := b.text.MinSize().AddWidthHeight(12, 3)
		return fyne.NewSize(max(size.Width, size.Height), size.Height)
	}
	return b.text.MinSize().AddWidthHeight(20, 7)
}

// CreateRenderer is called by Fyne.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	edge, ground := &canvas.Rectangle{}, &canvas.Rectangle{}
	paint := func() {
		edge.FillColor, ground.FillColor = colorOf(b, ColorWarning), colorOf(b, ColorWarning)
		if b.kind == Key {
			edge.FillColor, ground.FillColor = colorOf(b, ColorLine), colorOf(b, ColorPage)
		}
	}
	lay := func(size fyne.Size) {
		inset, radius := float32(0), size.Height/2
		if b.kind == Key {
			inset, radius = 1, 3
		}
		edge.CornerRadius, ground.CornerRadius = radius, radius-inset
		edge.Resize(size)
		Put(ground, inset, inset, size.Width-2*inset, size.Height-2*inset)
		height := b.text.MinSize().Height
		Put(b.text, 0, float32(int((size.Height-height-1)/2)), size.Width, height)
	}
	return draw(b, paint, lay, edge, ground, b.text)
}
