package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Picture is an illustration of the words next to it, so screen readers skip it.
type Picture struct {
	silent
	resource fyne.Resource
	size     fyne.Size
}

// NewPicture returns a picture of a size.
func NewPicture(resource fyne.Resource, size fyne.Size) *Picture {
	return extended(&Picture{resource: resource, size: size})
}

// Set shows another illustration.
func (p *Picture) Set(resource fyne.Resource) {
	p.resource = resource
	p.Refresh()
}

// MinSize is the size of the picture.
func (p *Picture) MinSize() fyne.Size { return p.size }

// CreateRenderer is called by Fyne.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer {
	image := &canvas.Image{FillMode: canvas.ImageFillContain}
	return draw(p, func() { image.Resource = p.resource }, image.Resize, image)
}
