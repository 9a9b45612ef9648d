package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

var (
	_ fyne.Widget     = (*Face)(nil)
	_ fyne.Accessible = (*Face)(nil)
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

const (
	panelRadius = 8
	tipRadius   = 4
	// square is the radius of a square corner in a rectangle with round ones: 0 would mean the
	// others'.
	square = 0.01
)

// NewPanel returns a card around some content: a container with a [Face] behind it.
func NewPanel(kind PanelKind, content fyne.CanvasObject) *fyne.Container {
	margins := Margins{Left: 27, Top: 29, Right: 27, Bottom: 23}
	switch kind {
	case Good:
		margins.Top = 28
	case Bad, Caution:
		margins = Margins{Left: 30, Top: 26, Right: 30, Bottom: 27}
	case Plain, noted:
	}
	return panel(kind, margins, content)
}

func panel(kind PanelKind, margins Margins, content fyne.CanvasObject) *fyne.Container {
	return container.New(placed(func(objects []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		height := margins.place(objects[1:], size, at)
		at(objects[0], 0, 0, size.Width, height)
		return height
	}, func(objects []fyne.CanvasObject) float32 { return margins.natural(objects[1:]) }), newFace(kind), content)
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

func newFace(kind PanelKind) *Face {
	f := &Face{kind: kind}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer is called by Fyne. It draws three grounds on each other: the coloured upper edge, the
// line or border, and the surface.
func (f *Face) CreateRenderer() fyne.WidgetRenderer {
	top, edge, ground := &canvas.Rectangle{}, &canvas.Rectangle{}, &canvas.Rectangle{}
	paint := func() {
		edges := ColorLine
		switch f.kind {
		case Bad:
			edges = ColorDanger
		case Caution:
			edges = ColorCaution
		case noted:
			edges = ColorSecondary
		case Plain, Good:
		}
		edge.FillColor, ground.FillColor, top.FillColor = colorOf(f, edges), colorOf(f, ColorSurface), colorOf(f, ColorGood)
		top.Hidden = f.kind != Good
	}
	lay := func(size fyne.Size) {
		radius, border, upper := float32(panelRadius), float32(1), float32(0)
		switch f.kind {
		case Bad, Caution:
			border = 4
		case Good:
			upper = 6
			edge.TopLeftCornerRadius, edge.TopRightCornerRadius = square, square
			ground.TopLeftCornerRadius, ground.TopRightCornerRadius = square, square
		case noted:
			radius = tipRadius
		case Plain:
		}
		top.CornerRadius, edge.CornerRadius, ground.CornerRadius = radius, radius, radius-border
		Put(top, 0, 0, size.Width, 2*panelRadius)
		Put(edge, 0, upper, size.Width, size.Height-upper)
		above := max(upper, border)
		Put(ground, border, above, size.Width-2*border, size.Height-above-border)
	}
	return draw(f, paint, lay, top, edge, ground)
}

var (
	_ fyne.Widget       = (*Backdrop)(nil)
	_ fyne.Accessible   = (*Backdrop)(nil)
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
	b := &Backdrop{color: color, line: line}
	b.ExtendBaseWidget(b)
	return b
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
