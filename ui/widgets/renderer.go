package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// renderer draws a widget: its objects, from back to front.
type renderer struct {
	of fyne.Widget
	// paint gives the objects the theme's colours, and lay their places.
	paint   func()
	lay     func(fyne.Size)
	objects []fyne.CanvasObject
}

// draw returns a renderer that has drawn the widget once: Fyne drops the renderer of a widget hidden
// for a minute, and does not lay out the next one.
func draw(of fyne.Widget, paint func(), lay func(fyne.Size), objects ...fyne.CanvasObject) *renderer {
	r := &renderer{of: of, paint: paint, lay: lay, objects: objects}
	r.Refresh()
	return r
}

func (*renderer) Destroy() {}

// MinSize is zero: a widget with another one has the method itself.
func (*renderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *renderer) Layout(size fyne.Size) { r.lay(size) }

func (r *renderer) Refresh() {
	r.paint()
	for _, object := range r.objects {
		object.Refresh()
	}
	r.lay(r.of.Size())
	canvas.Refresh(r.of)
}

// extended returns a widget that draws and measures as what it is, not as its base. All widgets here are
// made by it, so that none lacks what screen readers need.
func extended[W interface {
	fyne.Widget
	fyne.Accessible
	ExtendBaseWidget(fyne.Widget)
}](w W) W {
	w.ExtendBaseWidget(w)
	return w
}

// silent is the base of widgets that screen readers skip.
type silent struct{ widget.BaseWidget }

// AccessibilityLabel is empty.
func (*silent) AccessibilityLabel() string { return "" }

// AccessibilityRole is container, which screen readers skip.
func (*silent) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// spoken is the base of widgets that screen readers read as a text.
type spoken struct{ widget.BaseWidget }

// AccessibilityRole is text.
func (*spoken) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// hoverable is the base of what takes the mouse alone, and may show that it is there.
type hoverable struct {
	silent
	hovered bool
}

func (h *hoverable) MouseIn(*desktop.MouseEvent) { h.hover(true) }

func (*hoverable) MouseMoved(*desktop.MouseEvent) {}

func (h *hoverable) MouseOut() { h.hover(false) }

func (h *hoverable) hover(on bool) {
	h.hovered = on
	h.Refresh()
}

// unseen is the base of widgets that only receive the mouse.
type unseen struct{ silent }

func (*unseen) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.Transparent))
}

func colorOf(w fyne.Widget, name fyne.ThemeColorName) color.Color {
	return theme.ColorForWidget(name, w)
}
