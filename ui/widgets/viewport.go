package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// Viewport shows a part of a page that may be taller than the window. It is made of containers, for
// screen readers (see the package comment). A container does not clip: what is above and below the
// viewport has to be covered, as by a header and a status bar with a [Backdrop].
type Viewport struct {
	// OnMoved is called with the part of the page that is visible, whenever that changes.
	OnMoved func(top, bottom float32)
	// OnRoom is called with the viewport's size before the page is placed in it, so that a page can
	// leave parts out of a small window.
	OnRoom func(fyne.Size)
	// Focused returns the object with the focus, or nil. If it was visible before the viewport's
	// size changed, OnCovered is called with it afterwards, to bring it back into view.
	Focused   func() fyne.CanvasObject
	OnCovered func(fyne.CanvasObject)

	box     *fyne.Container
	content fyne.CanvasObject
	wheel   *wheel
	bar     *scrollBar
	offset  float32
	height  float32
	// size is the size at the last layout.
	size fyne.Size
}

// NewViewport returns an empty viewport.
func NewViewport() *Viewport {
	v := &Viewport{
		OnMoved: func(_, _ float32) {}, OnRoom: func(fyne.Size) {}, OnCovered: func(fyne.CanvasObject) {},
		Focused: func() fyne.CanvasObject { return nil }, content: canvas.NewRectangle(color.Transparent),
	}
	v.wheel, v.bar = extended(&wheel{of: v}), extended(&scrollBar{of: v})
	v.box = container.New(layout{lay: v.lay}, v.wheel, v.content, v.bar)
	return v
}

// Object returns the object for the window.
func (v *Viewport) Object() *fyne.Container { return v.box }

// SetContent shows another page, from its beginning.
func (v *Viewport) SetContent(content fyne.CanvasObject) {
	v.content, v.offset = content, 0
	v.box.Objects = []fyne.CanvasObject{v.wheel, content, v.bar}
	v.box.Refresh()
}

// Relayout lays the page out again, after something in it has changed its height.
func (v *Viewport) Relayout() { Relayout(v.box) }

// Offset returns the height of the page that is hidden above the viewport.
func (v *Viewport) Offset() float32 { return v.offset }

// ScrollBy scrolls down by a distance, or up by a negative one.
func (v *Viewport) ScrollBy(distance float32) { v.scrollTo(v.offset + distance) }

// ScrollToTop shows the beginning of the page.
func (v *Viewport) ScrollToTop() { v.scrollTo(0) }

// Page is the distance that a page key scrolls.
func (v *Viewport) Page() float32 { return v.box.Size().Height * 0.9 }

// ringRoom is the room for the ring around the control with the focus.
const ringRoom = 5

// Reveal scrolls as little as possible to make a part of the page visible, with a margin around it.
// The beginning of the page, but for its empty margin, stays in view if that part is visible with
// it. Nothing above the part is half covered if there is room for that.
func (v *Viewport) Reveal(top, bottom float32) {
	const margin = 24
	switch view := v.box.Size().Height; {
	case v.offset == 0 && bottom+ringRoom <= view+margin:
		v.scrollTo(bottom + ringRoom - view)
	case top-margin < v.offset:
		v.scrollTo(top - margin)
		v.uncover(top, bottom)
	case bottom+margin > v.offset+view:
		v.scrollTo(min(bottom+margin-view, top-margin))
		v.uncover(top, bottom)
	}
}

// uncover scrolls so that the viewport's upper edge cuts no text or control, as far as a part of the
// page stays visible: what is cut disappears, or is visible as a whole. A card may be cut: it says
// that the list has more.
func (v *Viewport) uncover(top, bottom float32) {
	offset, least, most := v.offset, bottom+ringRoom-v.box.Size().Height, top-ringRoom
	var look func(object fyne.CanvasObject, y float32)
	look = func(object fyne.CanvasObject, y float32) {
		if !object.Visible() {
			return
		}
		if box, ok := object.(*fyne.Container); ok {
			for _, child := range box.Objects {
				look(child, y+child.Position().Y)
			}
			return
		}
		read, ok := object.(fyne.Accessible)
		_, card := object.(*RoleCard)
		end := y + object.Size().Height
		switch {
		case card || !ok || read.AccessibilityRole() == fyne.AccessibleRoleContainer || y >= offset || end <= offset:
		case end <= most:
			offset = end
		case y >= least:
			offset = y
		}
	}
	look(v.content, 0)
	v.scrollTo(offset)
}

// RevealFromTop scrolls as little as possible from the page's beginning to make a part of it
// visible: its end, but above all its beginning.
func (v *Viewport) RevealFromTop(top, bottom float32) {
	v.scrollTo(min(bottom+ringRoom-v.box.Size().Height, top-ringRoom))
	v.uncover(top, bottom)
}

// RevealObject scrolls to make an object of the page visible.
func (v *Viewport) RevealObject(object fyne.CanvasObject) {
	if y, found := v.OffsetOf(object); found {
		v.Reveal(y, y+object.Size().Height)
	}
}

// Shows reports whether the middle half of an object is in view, which has a button's text. It is
// true of one that is not in the page, as a link in the status bar.
func (v *Viewport) Shows(object fyne.CanvasObject) bool {
	y, found := v.OffsetOf(object)
	quarter := object.Size().Height / 4
	return !found || y+quarter >= v.offset && y+3*quarter <= v.offset+v.box.Size().Height
}

// OffsetOf returns an object's distance from the top of the page, and false if it is not in it.
func (v *Viewport) OffsetOf(object fyne.CanvasObject) (float32, bool) {
	return offsetOf(v.content, object)
}

// offsetOf returns an object's distance from the top of an ancestor.
func offsetOf(within, object fyne.CanvasObject) (float32, bool) {
	if within == object {
		return 0, true
	}
	box, ok := within.(*fyne.Container)
	if !ok {
		return 0, false
	}
	for _, child := range box.Objects {
		if y, found := offsetOf(child, object); found {
			return child.Position().Y + y, true
		}
	}
	return 0, false
}

func (v *Viewport) scrollTo(offset float32) {
	offset = v.clamp(offset)
	if offset == v.offset {
		return
	}
	v.offset = offset
	v.content.Move(fyne.NewPos(0, -offset))
	v.bar.update()
	v.moved()
}

func (v *Viewport) clamp(offset float32) float32 {
	return max(0, min(offset, v.height-v.box.Size().Height))
}

func (v *Viewport) moved() {
	v.OnMoved(v.offset, v.offset+v.box.Size().Height)
}

func (v *Viewport) lay(_ []fyne.CanvasObject, size fyne.Size) {
	seen := v.focusSeen(size)
	v.OnRoom(size)
	v.height = max(HeightFor(v.content, size.Width), size.Height)
	v.offset = v.clamp(v.offset)
	v.wheel.Resize(size)
	Put(v.content, 0, -v.offset, size.Width, v.height)
	Put(v.bar, size.Width-scrollBarWidth, 0, scrollBarWidth, size.Height)
	v.bar.update()
	v.size = size
	v.moved()
	if seen != nil {
		v.OnCovered(seen)
	}
}

// focusSeen returns the focused object if part of it is visible and the viewport's size is about to
// change.
func (v *Viewport) focusSeen(size fyne.Size) fyne.CanvasObject {
	object := v.Focused()
	if object == nil || size == v.size {
		return nil
	}
	y, found := v.OffsetOf(object)
	if !found || y >= v.offset+v.size.Height || y+object.Size().Height <= v.offset {
		return nil
	}
	return object
}

var _ fyne.Scrollable = (*wheel)(nil)

// wheel is behind the page and receives the mouse wheel over it.
type wheel struct {
	unseen
	of *Viewport
}

func (w *wheel) Scrolled(event *fyne.ScrollEvent) { w.of.ScrollBy(-event.Scrolled.DY) }

const (
	scrollBarWidth = 14
	scrollBarThumb = 6
	scrollBarLeast = 32
)

var (
	_ fyne.Draggable    = (*scrollBar)(nil)
	_ fyne.Tappable     = (*scrollBar)(nil)
	_ desktop.Hoverable = (*scrollBar)(nil)
)

// scrollBar shows which part of the page is visible: a screen reader reads the whole page. The thumb
// can be dragged; a click beside it scrolls by a page.
type scrollBar struct {
	hoverable
	of      *Viewport
	dragged bool
}

func (b *scrollBar) Dragged(event *fyne.DragEvent) {
	b.dragged = true
	if _, length := b.thumb(); b.Size().Height > length {
		b.of.ScrollBy(event.Dragged.DY * (b.of.height - b.Size().Height) / (b.Size().Height - length))
	}
}

func (b *scrollBar) DragEnd() {
	b.dragged = false
	b.Refresh()
}

func (b *scrollBar) Tapped(event *fyne.PointEvent) {
	top, length := b.thumb()
	switch {
	case event.Position.Y < top:
		b.of.ScrollBy(-b.of.Page())
	case event.Position.Y > top+length:
		b.of.ScrollBy(b.of.Page())
	}
}

// thumb returns where the thumb begins and how long it is.
func (b *scrollBar) thumb() (top, length float32) {
	view := b.Size().Height
	if b.of.height <= view || view <= 0 {
		return 0, view
	}
	length = max(scrollBarLeast, view*view/b.of.height)
	return (view - length) * b.of.offset / (b.of.height - view), length
}

// update redraws the bar, or hides it where there is nothing to scroll.
func (b *scrollBar) update() {
	b.Hidden = b.of.height <= b.Size().Height
	b.Refresh()
}

func (b *scrollBar) CreateRenderer() fyne.WidgetRenderer {
	thumb := &canvas.Rectangle{}
	lay := func(size fyne.Size) {
		width := float32(scrollBarThumb)
		if b.hovered || b.dragged {
			width += 4
		}
		top, length := b.thumb()
		thumb.CornerRadius = width / 2
		Put(thumb, size.Width-width-2, top+2, width, length-4)
	}
	return draw(b, func() { thumb.FillColor = colorOf(b, ColorScrollBar) }, lay, thumb)
}
