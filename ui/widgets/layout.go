package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Fyne's own layouts go by MinSize, which does not give the height of wrapped text.

// Place moves and resizes an object.
type Place func(object fyne.CanvasObject, x, y, width, height float32)

// Placing calls at for each visible object of a container, and returns the height that they need at
// its width. For that height alone it is called with a height of 0, and with an at that does
// nothing: so heights and positions cannot differ.
type Placing func(objects []fyne.CanvasObject, size fyne.Size, at Place) (height float32)

// Placed returns a container of objects that placing places.
func Placed(placing Placing, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(placed(placing, nil), objects...)
}

// layout is the layout of all containers here. Its MinSize is always zero: a minimum says little
// about objects whose heights depend on widths, Fyne asks every container for it in every frame, and
// a change would cause another layout. The window has its own minimum size, and what does not fit
// scrolls.
type layout struct {
	lay func(objects []fyne.CanvasObject, size fyne.Size)
	// height returns the height needed at a width, and natural the width at which nothing wraps. Each
	// is nil where it is of no use.
	height  func(objects []fyne.CanvasObject, width float32) float32
	natural func(objects []fyne.CanvasObject) float32
}

func placed(placing Placing, natural func([]fyne.CanvasObject) float32) layout {
	return layout{
		lay: func(objects []fyne.CanvasObject, size fyne.Size) { placing(objects, size, Put) },
		height: func(objects []fyne.CanvasObject, width float32) float32 {
			return placing(objects, fyne.NewSize(width, 0), nowhere)
		},
		natural: natural,
	}
}

// Layout is called by Fyne.
func (l layout) Layout(objects []fyne.CanvasObject, size fyne.Size) { l.lay(objects, size) }

// MinSize is zero.
func (layout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Put moves and resizes an object.
func Put(object fyne.CanvasObject, x, y, width, height float32) {
	object.Move(fyne.NewPos(x, y))
	object.Resize(fyne.NewSize(width, height))
}

func nowhere(fyne.CanvasObject, float32, float32, float32, float32) {}

// Tall is an object whose height depends on its width, like wrapped text.
type Tall interface {
	// HeightFor returns the height that the object needs at a width.
	HeightFor(width float32) float32
}

// HeightFor returns the height that any object needs at a width.
func HeightFor(object fyne.CanvasObject, width float32) float32 {
	if tall, ok := object.(Tall); ok {
		return tall.HeightFor(width)
	}
	if box, ok := object.(*fyne.Container); ok {
		if l, ok := box.Layout.(layout); ok && l.height != nil {
			return l.height(box.Objects, width)
		}
	}
	return object.MinSize().Height
}

// NaturalWidth returns the width at which no part of an object wraps.
func NaturalWidth(object fyne.CanvasObject) float32 {
	if box, ok := object.(*fyne.Container); ok {
		if l, ok := box.Layout.(layout); ok && l.natural != nil {
			return l.natural(box.Objects)
		}
	}
	return object.MinSize().Width
}

// widest returns the greatest natural width of objects.
func widest(objects []fyne.CanvasObject) float32 {
	width := float32(0)
	for _, object := range objects {
		if object.Visible() {
			width = max(width, NaturalWidth(object))
		}
	}
	return width
}

// Relayout lays out a container and its containers again, after a size in it has changed. Unlike
// Refresh it does not redraw unchanged objects.
func Relayout(box *fyne.Container) {
	box.Layout.Layout(box.Objects, box.Size())
	for _, object := range box.Objects {
		if inner, ok := object.(*fyne.Container); ok && inner.Layout != nil {
			Relayout(inner)
		}
	}
}

// Align is an object's horizontal position in its column.
type Align int

// The alignments.
const (
	// Fill gives the object the whole width.
	Fill Align = iota
	// Leading gives it its natural width at the left, Centre in the middle.
	Leading
	Centre
)

// Row is one object of a [Column].
type Row struct {
	Object fyne.CanvasObject
	// Above is the gap above it.
	Above float32
	Align Align
}

// Column stacks rows, each as high as it needs at the width. A hidden object's gap is hidden with
// it.
func Column(rows ...Row) *fyne.Container {
	objects := make([]fyne.CanvasObject, len(rows))
	for i, row := range rows {
		objects[i] = row.Object
	}
	return container.New(placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		y := float32(0)
		for _, row := range rows {
			if !row.Object.Visible() {
				continue
			}
			x, width := float32(0), size.Width
			if row.Align != Fill {
				width = min(NaturalWidth(row.Object), width)
			}
			if row.Align == Centre {
				x = whole((size.Width - width) / 2)
			}
			height := HeightFor(row.Object, width)
			at(row.Object, x, y+row.Above, width, height)
			y += row.Above + height
		}
		return y
	}, widest), objects...)
}

// Margins are the gaps around an object.
type Margins struct{ Left, Top, Right, Bottom float32 }

// Inset puts margins around an object.
func Inset(margins Margins, object fyne.CanvasObject) *fyne.Container {
	return container.New(placed(margins.place, margins.natural), object)
}

func (m Margins) place(objects []fyne.CanvasObject, size fyne.Size, at Place) float32 {
	width := size.Width - m.Left - m.Right
	height := HeightFor(objects[0], width)
	at(objects[0], m.Left, m.Top, width, height)
	return m.Top + height + m.Bottom
}

func (m Margins) natural(objects []fyne.CanvasObject) float32 {
	return m.Left + widest(objects) + m.Right
}

// Sheet puts margins around an object, which is at most as wide as most, and then in the middle. It
// is in the middle of the height, too, as far as the sheet is higher than from.
func Sheet(margins Margins, most, from float32, object fyne.CanvasObject) *fyne.Container {
	return Placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		room := size.Width - margins.Left - margins.Right
		width := min(room, most)
		height := HeightFor(object, width)
		needed := margins.Top + height + margins.Bottom
		lower := whole(max(0, min((size.Height-needed)/2, size.Height-from)))
		at(object, margins.Left+whole((room-width)/2), margins.Top+lower, width, height)
		return needed
	}, object)
}

// Flow puts objects side by side in their natural width, and wraps to further rows.
func Flow(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return flow{gapX: gapX, gapY: gapY}.of(objects)
}

// Middle is a Flow with objects centred vertically in their row.
func Middle(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return flow{gapX: gapX, gapY: gapY, middle: true}.of(objects)
}

// AtEnd is a Middle with its rows at the right.
func AtEnd(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return flow{gapX: gapX, gapY: gapY, middle: true, atEnd: true}.of(objects)
}

type flow struct {
	gapX, gapY    float32
	middle, atEnd bool
}

func (l flow) of(objects []fyne.CanvasObject) *fyne.Container {
	return container.New(placed(l.place, l.natural), objects...)
}

func (l flow) place(objects []fyne.CanvasObject, size fyne.Size, at Place) float32 {
	type cell struct {
		object           fyne.CanvasObject
		x, width, height float32
	}
	var row []cell
	x, y, height := float32(0), float32(0), float32(0)
	end := func() {
		left := float32(0)
		if l.atEnd && len(row) > 0 {
			last := row[len(row)-1]
			left = size.Width - last.x - last.width
		}
		for _, c := range row {
			below := float32(0)
			if l.middle {
				below = float32(int((height - c.height) / 2))
			}
			at(c.object, left+c.x, y+below, c.width, c.height)
		}
		row = row[:0]
	}
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		width := min(NaturalWidth(object), size.Width)
		if x > 0 && x+width > size.Width {
			end()
			x, y, height = 0, y+height+l.gapY, 0
		}
		row = append(row, cell{object, x, width, HeightFor(object, width)})
		x += width + l.gapX
		height = max(height, row[len(row)-1].height)
	}
	end()
	return y + height
}

func (l flow) natural(objects []fyne.CanvasObject) float32 {
	width, gap := float32(0), float32(0)
	for _, object := range objects {
		if object.Visible() {
			width += gap + NaturalWidth(object)
			gap = l.gapX
		}
	}
	return width
}

// Giving puts two objects side by side, centred vertically. The first gives way to the second, down
// to half of the width; if that is not enough, the second is below it.
func Giving(gapX, gapY float32, first, second fyne.CanvasObject) *fyne.Container {
	l := flow{gapX: gapX, gapY: gapY, middle: true}
	return container.New(placed(func(objects []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		left := size.Width - gapX - NaturalWidth(second)
		if !first.Visible() || !second.Visible() || NaturalWidth(first) <= left || left < size.Width/2 {
			return l.place(objects, size, at)
		}
		right := size.Width - left - gapX
		a, b := HeightFor(first, left), HeightFor(second, right)
		height := max(a, b)
		at(first, 0, whole((height-a)/2), left, a)
		at(second, left+gapX, whole((height-b)/2), right, b)
		return height
	}, l.natural), first, second)
}

// Corner puts an aside into the upper right corner, next to a heading, if both fit; else below the
// heading. It is before the rest in Tab order.
func Corner(gap float32, heading, aside, rest fyne.CanvasObject) *fyne.Container {
	const asideAbove = 14 // between a heading and the aside below it
	return Placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		asideWidth := min(whole(NaturalWidth(aside)+0.5), size.Width)
		asideHeight := HeightFor(aside, asideWidth)
		width := NaturalWidth(heading)
		beside := width+gap+asideWidth <= size.Width
		if !beside {
			width = size.Width
		}
		y := HeightFor(heading, width)
		at(heading, 0, 0, width, y)
		if beside {
			at(aside, size.Width-asideWidth, 0, asideWidth, asideHeight)
			y = max(y, asideHeight)
		} else {
			at(aside, 0, y+asideAbove, asideWidth, asideHeight)
			y += asideAbove + asideHeight
		}
		height := HeightFor(rest, size.Width)
		at(rest, 0, y, size.Width, height)
		return y + height
	}, heading, aside, rest)
}

// Pairs lists names and values in two columns, the names as wide as the theme's SizeLabel. If that
// leaves too little for the values, each is below its name. Objects alternate: name, value, name,
// value.
func Pairs(gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return Placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		label := fyne.CurrentApp().Settings().Theme().Size(SizeLabel)
		left, stacked := label, size.Width < label*2.5
		if stacked {
			label, left = size.Width, 0
		}
		y := float32(0)
		for i := 0; i+1 < len(objects); i += 2 {
			if i > 0 {
				y += gapY
			}
			above, below := HeightFor(objects[i], label), HeightFor(objects[i+1], size.Width-left)
			at(objects[i], 0, y, label, above)
			if stacked {
				at(objects[i+1], 0, y+above, size.Width, below)
				y += above + below
				continue
			}
			at(objects[i+1], left, y, size.Width-left, below)
			y += max(above, below)
		}
		return y
	}, objects...)
}

// Beside puts an object to the right of an icon, whose size is a multiple of a theme size. The icon
// is level with the first line.
func Beside(icon *Picture, size fyne.ThemeSizeName, times float32, object fyne.CanvasObject) *fyne.Container {
	measures := func() (side, indent float32) {
		side = whole(fyne.CurrentApp().Settings().Theme().Size(size) * times)
		return side, whole(side * 1.4)
	}
	return container.New(placed(func(_ []fyne.CanvasObject, size fyne.Size, at Place) float32 {
		side, indent := measures()
		width := size.Width - indent
		height := HeightFor(object, width)
		at(icon, 0, 1, side, side)
		at(object, indent, 0, width, height)
		return max(side+1, height)
	}, func([]fyne.CanvasObject) float32 {
		_, indent := measures()
		return indent + NaturalWidth(object)
	}), icon, object)
}

// whole rounds to a whole unit, for sharp lines at a scale of one.
func whole(x float32) float32 { return float32(int(x + 0.5)) }
