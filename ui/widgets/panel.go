package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
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
	return container.New(panelLayout(margins), newFace(kind), content)
}

// SetPanel replaces the content of a panel.
func SetPanel(panel *fyne.Container, content fyne.CanvasObject) {
	panel.Objects = []fyne.CanvasObject{panel.Objects[0], content}
	panel.Refresh()
}

type panelLayout Margins

func (l panelLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	insetLayout(l).Layout(objects[1:], size)
}

func (l panelLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	return insetLayout(l).HeightFor(objects[1:], width)
}

func (l panelLayout) naturalWidth(objects []fyne.CanvasObject) float32 {
	return insetLayout(l).naturalWidth(objects[1:])
}

func (l panelLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Face is the ground of a panel.
type Face struct {
	widget.BaseWidget
	kind PanelKind
}

func newFace(kind PanelKind) *Face {
	f := &Face{kind: kind}
	f.ExtendBaseWidget(f)
	return f
}

// AccessibilityLabel is empty: a face has no content.
func (f *Face) AccessibilityLabel() string { return "" }

// AccessibilityRole is container.
func (f *Face) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// CreateRenderer is called by Fyne.
func (f *Face) CreateRenderer() fyne.WidgetRenderer {
	f.ExtendBaseWidget(f)
	r := &faceRenderer{face: f, top: &canvas.Rectangle{}, edge: &canvas.Rectangle{}, ground: &canvas.Rectangle{}}
	r.Refresh()
	return r
}

// faceRenderer draws three grounds on each other: the coloured upper edge, the line or border, and the surface.
type faceRenderer struct {
	face              *Face
	top, edge, ground *canvas.Rectangle
}

func (r *faceRenderer) Destroy() {}

func (r *faceRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(2 * panelRadius) }

func (r *faceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.top, r.edge, r.ground}
}

func (r *faceRenderer) Layout(size fyne.Size) {
	r.edge.Resize(size)
	r.edge.CornerRadius = panelRadius
	r.top.CornerRadius = panelRadius
	r.ground.CornerRadius = panelRadius - 1
	border := float32(1)
	switch r.face.kind {
	case Bad, Caution:
		border = 4
		r.ground.CornerRadius = panelRadius - 4
	case Good:
		const upper = 6
		place(r.top, 0, 0, size.Width, 2*panelRadius)
		place(r.edge, 0, upper, size.Width, size.Height-upper)
		place(r.ground, border, upper, size.Width-2*border, size.Height-upper-border)
		r.edge.TopLeftCornerRadius, r.edge.TopRightCornerRadius = square, square
		r.ground.TopLeftCornerRadius, r.ground.TopRightCornerRadius = square, square
		return
	case noted:
		r.edge.CornerRadius, r.ground.CornerRadius = tipRadius, tipRadius-1
	case Plain:
	}
	place(r.ground, border, border, size.Width-2*border, size.Height-2*border)
}

func (r *faceRenderer) Refresh() {
	edge := ColorLine
	switch r.face.kind {
	case Bad:
		edge = ColorDanger
	case Caution:
		edge = ColorCaution
	case noted:
		edge = ColorSecondary
	case Plain, Good:
	}
	r.edge.FillColor, r.ground.FillColor = colorOf(r.face, edge), colorOf(r.face, ColorSurface)
	r.top.FillColor = colorOf(r.face, ColorGood)
	r.top.Hidden = r.face.kind != Good
	r.Layout(r.face.Size())
	r.edge.Refresh()
	r.top.Refresh()
	r.ground.Refresh()
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
	widget.BaseWidget
	color fyne.ThemeColorName
	line  bool
}

// NewBackdrop returns a backdrop.
func NewBackdrop(color fyne.ThemeColorName, line bool) *Backdrop {
	b := &Backdrop{color: color, line: line}
	b.ExtendBaseWidget(b)
	return b
}

// AccessibilityLabel is empty: a backdrop has no content.
func (b *Backdrop) AccessibilityLabel() string { return "" }

// AccessibilityRole is container.
func (b *Backdrop) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// Tapped does nothing.
func (b *Backdrop) Tapped(*fyne.PointEvent) {}

// MouseIn does nothing.
func (b *Backdrop) MouseIn(*desktop.MouseEvent) {}

// MouseMoved does nothing.
func (b *Backdrop) MouseMoved(*desktop.MouseEvent) {}

// MouseOut does nothing.
func (b *Backdrop) MouseOut() {}

// Cursor is the default one.
func (b *Backdrop) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// CreateRenderer is called by Fyne.
func (b *Backdrop) CreateRenderer() fyne.WidgetRenderer {
	b.ExtendBaseWidget(b)
	r := &backdropRenderer{backdrop: b, ground: &canvas.Rectangle{}, line: &canvas.Rectangle{}}
	r.Refresh()
	return r
}

type backdropRenderer struct {
	backdrop     *Backdrop
	ground, line *canvas.Rectangle
}

func (r *backdropRenderer) Destroy() {}

func (r *backdropRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *backdropRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.line}
}

func (r *backdropRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.line.Resize(fyne.NewSize(size.Width, 1))
}

func (r *backdropRenderer) Refresh() {
	r.Layout(r.backdrop.Size())
	r.ground.FillColor, r.line.FillColor = colorOf(r.backdrop, r.backdrop.color), colorOf(r.backdrop, ColorLine)
	r.line.Hidden = !r.backdrop.line
	r.ground.Refresh()
	r.line.Refresh()
}
