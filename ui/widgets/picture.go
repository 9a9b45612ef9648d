package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget     = (*Picture)(nil)
	_ fyne.Accessible = (*Picture)(nil)
)

// Picture is an illustration of the words next to it, so screen readers skip it.
type Picture struct {
	widget.BaseWidget
	resource fyne.Resource
	size     fyne.Size
}

// NewPicture returns a picture of a size.
func NewPicture(resource fyne.Resource, size fyne.Size) *Picture {
	p := &Picture{resource: resource, size: size}
	p.ExtendBaseWidget(p)
	return p
}

// Set shows another illustration.
func (p *Picture) Set(resource fyne.Resource) {
	p.resource = resource
	p.Refresh()
}

// AccessibilityLabel is empty.
func (p *Picture) AccessibilityLabel() string { return "" }

// AccessibilityRole is container, which screen readers skip.
func (p *Picture) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// MinSize is the size of the picture.
func (p *Picture) MinSize() fyne.Size { return p.size }

// CreateRenderer is called by Fyne.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer {
	p.ExtendBaseWidget(p)
	r := &pictureRenderer{picture: p, image: &canvas.Image{Resource: p.resource, FillMode: canvas.ImageFillContain}}
	r.Layout(p.Size())
	return r
}

type pictureRenderer struct {
	picture *Picture
	image   *canvas.Image
}

func (r *pictureRenderer) Destroy() {}

func (r *pictureRenderer) MinSize() fyne.Size { return r.picture.size }

func (r *pictureRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.image} }

func (r *pictureRenderer) Layout(size fyne.Size) { r.image.Resize(size) }

func (r *pictureRenderer) Refresh() {
	r.image.Resource = r.picture.resource
	r.image.Refresh()
}
