package widgets

import "fyne.io/fyne/v2"

// placement places objects in a width.
type placement interface {
	// place calls at for each visible object, and returns their total height.
	place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32
}

// placed is the layout of a placement. Heights and positions come from the same calculation, so
// they cannot differ.
type placed struct{ placement }

// Layout is called by Fyne.
func (l placed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.place(objects, size.Width, func(object fyne.CanvasObject, pos fyne.Position, size fyne.Size) {
		object.Move(pos)
		object.Resize(size)
	})
}

// HeightFor implements [TallLayout].
func (l placed) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.place(objects, width, func(fyne.CanvasObject, fyne.Position, fyne.Size) {})
}

func (l placed) naturalWidth(objects []fyne.CanvasObject) float32 {
	if wide, ok := l.placement.(naturalLayout); ok {
		return wide.naturalWidth(objects)
	}
	return 0
}

// MinSize is zero: see [TallLayout].
func (l placed) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
