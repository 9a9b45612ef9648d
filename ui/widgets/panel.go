package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// PanelKind is a panel's edge.
type PanelKind int

// The kinds of panel.
const (
	// Plain has a hairline.
	Plain PanelKind = iota
	// Good has a green upper edge.
	Good
	// Bad has a red border.
	Bad
	// Caution has an amber border.
	Caution
	// noted is the ground of a [Tip], whose line is visible on cards and on the page.
	noted
)

// square is the radius of a square corner in a rectangle with round ones: 0 would mean the others'.
const square = 0.01

// panels are the looks of the kinds: the gaps around the content, the colour and width of the border, the
// height of a coloured upper edge, and the radius of the corners.
var panels = map[PanelKind]struct {
	margins               Margins
	edge                  fyne.ThemeColorName
	border, upper, radius float32
}{
	Plain:   {Margins{27, 29, 27, 23}, ColorLine, 1, 0, 8},
	Good:    {Margins{27, 28, 27, 23}, ColorLine, 1, 6, 8},
	Bad:     {Margins{30, 26, 30, 27}, ColorDanger, 4, 0, 8},
	Caution: {Margins{30, 26, 30, 27}, ColorCaution, 4, 0, 8},
	noted:   {Margins{10, 7, 10, 7}, ColorSecondary, 1, 0, 4},
}

// NewPanel returns a card around some content: a container with a [Face] behind it.
func NewPanel(kind PanelKind, content fyne.CanvasObject) *fyne.Container {
	margins := panels[kind].margins
	return container.New(placed(func(objects []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		height := margins.place(objects[1:], size, at)
		at(objects[0], 0, 0, size.Width, height)
		return height
	}, func(objects []fyne.CanvasObject) float32 { return margins.natural(objects[1:]) }), extended(&Face{kind: kind}), content)
}

// SetPanel replaces the content of a panel.
func SetPanel(panel *fyne.Container, content fyne.CanvasObject) {
	panel.Objects = []fyne.CanvasObject{panel.Objects[0], content}
	panel.Refresh()
}

// Face is the ground of a panel.
type Face struct {
	silent
	kind PanelKind
}

// CreateRenderer is called by Fyne. It draws three grounds on each other: the coloured upper edge, the
// line or border, and the surface.
func (f *Face) CreateRenderer() fyne.WidgetRenderer {
	top, edge, ground, look := &canvas.Rectangle{}, &canvas.Rectangle{}, &canvas.Rectangle{}, panels[f.kind]
	paint := func() {
		edge.FillColor, ground.FillColor, top.FillColor = colorOf(f, look.edge), colorOf(f, ColorSurface), colorOf(f, ColorGood)
		top.Hidden = look.upper == 0
	}
	lay := func(size fyne.Size) {
		if look.upper > 0 {
			edge.TopLeftCornerRadius, edge.TopRightCornerRadius = square, square
			ground.TopLeftCornerRadius, ground.TopRightCornerRadius = square, square
		}
		top.CornerRadius, edge.CornerRadius, ground.CornerRadius = look.radius, look.radius, look.radius-look.border
		Put(top, 0, 0, size.Width, 2*look.radius)
		Put(edge, 0, look.upper, size.Width, size.Height-look.upper)
		above := max(look.upper, look.border)
		Put(ground, look.border, above, size.Width-2*look.border, size.Height-above-look.border)
	}
	return draw(f, paint, lay, top, edge, ground)
}

var (
	_ fyne.Tappable     = (*Backdrop)(nil)
	_ desktop.Hoverable = (*Backdrop)(nil)
)

// Backdrop fills an area with a colour, with an optional hairline above it, and keeps the mouse
// from what is behind it: a page scrolled under the header must not be pressed there.
type Backdrop struct {
	hoverable
	color fyne.ThemeColorName
	line  bool
}

// NewBackdrop returns a backdrop.
func NewBackdrop(color fyne.ThemeColorName, line bool) *Backdrop {
	return extended(&Backdrop{color: color, line: line})
}

// Tapped does nothing.
func (b *Backdrop) Tapped(*fyne.PointEvent) {}

// Cursor is the default one.
func (b *Backdrop) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// CreateRenderer is called by Fyne.
func (b *Backdrop) CreateRenderer() fyne.WidgetRenderer {
	ground, line := &canvas.Rectangle{}, &canvas.Rectangle{}
	paint := func() {
		ground.FillColor, line.FillColor = colorOf(b, b.color), colorOf(b, ColorLine)
		line.Hidden = !b.line
	}
	lay := func(size fyne.Size) {
		ground.Resize(size)
		line.Resize(fyne.NewSize(size.Width, 1))
	}
	return draw(b, paint, lay, ground, line)
}
