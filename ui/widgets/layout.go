package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Tall is an object whose height depends on its width, like wrapped text.
type Tall interface {
	// HeightFor returns the height that the object needs at a width.
	HeightFor(width float32) float32
}

// TallLayout is a layout with a height for each width. Its MinSize is always zero: a minimum says
// little about such objects, Fyne asks every container for it in every frame, and a change would
// cause another layout. The window has its own minimum size, and what does not fit scrolls.
type TallLayout interface {
	fyne.Layout
	HeightFor(objects []fyne.CanvasObject, width float32) float32
}

// natural is an object with a preferred width above its minimum: text on one line, buttons in one
// row.
type natural interface{ Natural() fyne.Size }

type naturalLayout interface {
	naturalWidth(objects []fyne.CanvasObject) float32
}

// HeightFor returns the height that any object needs at a width.
func HeightFor(object fyne.CanvasObject, width float32) float32 {
	if tall, ok := object.(Tall); ok {
		return tall.HeightFor(width)
	}
	if box, ok := object.(*fyne.Container); ok {
		if layout, ok := box.Layout.(TallLayout); ok {
			return layout.HeightFor(box.Objects, width)
		}
	}
	return object.MinSize().Height
}

// NaturalWidth returns the width at which no part of an object wraps.
func NaturalWidth(object fyne.CanvasObject) float32 {
	if wide, ok := object.(natural); ok {
		return wide.Natural().Width
	}
	if box, ok := object.(*fyne.Container); ok {
		if layout, ok := box.Layout.(naturalLayout); ok {
			return layout.naturalWidth(box.Objects)
		}
	}
	return object.MinSize().Width
}

// Arrange lays out a container and its containers again, after a size in it has changed. Unlike
// Refresh it does not redraw unchanged objects.
func Arrange(box *fyne.Container) {
	box.Layout.Layout(box.Objects, box.Size())
	for _, object := range box.Objects {
		if inner, ok := object.(*fyne.Container); ok && inner.Layout != nil {
			Arrange(inner)
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
	return container.New(columnLayout(rows), objects...)
}

type columnLayout []Row

func (l columnLayout) width(row Row, available float32) float32 {
	if row.Align == Fill {
		return available
	}
	return min(NaturalWidth(row.Object), available)
}

func (l columnLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, row := range l {
		if !row.Object.Visible() {
			continue
		}
		y += row.Above
		width := l.width(row, size.Width)
		height := HeightFor(row.Object, width)
		x := float32(0)
		if row.Align == Centre {
			x = whole((size.Width - width) / 2)
		}
		row.Object.Move(fyne.NewPos(x, y))
		row.Object.Resize(fyne.NewSize(width, height))
		y += height
	}
}

func (l columnLayout) HeightFor(_ []fyne.CanvasObject, width float32) float32 {
	y := float32(0)
	for _, row := range l {
		if row.Object.Visible() {
			y += row.Above + HeightFor(row.Object, l.width(row, width))
		}
	}
	return y
}

func (l columnLayout) naturalWidth([]fyne.CanvasObject) float32 {
	width := float32(0)
	for _, row := range l {
		if row.Object.Visible() {
			width = max(width, NaturalWidth(row.Object))
		}
	}
	return width
}

// MinSize is zero: see [TallLayout].
func (l columnLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Margins are the gaps around an object.
type Margins struct{ Left, Top, Right, Bottom float32 }

// Inset puts margins around an object.
func Inset(margins Margins, object fyne.CanvasObject) *fyne.Container {
	return container.New(insetLayout(margins), object)
}

type insetLayout Margins

func (l insetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, object := range objects {
		object.Move(fyne.NewPos(l.Left, l.Top))
		object.Resize(fyne.NewSize(size.Width-l.Left-l.Right, size.Height-l.Top-l.Bottom))
	}
}

func (l insetLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	height := float32(0)
	for _, object := range objects {
		height = max(height, HeightFor(object, width-l.Left-l.Right))
	}
	return l.Top + height + l.Bottom
}

func (l insetLayout) naturalWidth(objects []fyne.CanvasObject) float32 {
	width := float32(0)
	for _, object := range objects {
		width = max(width, NaturalWidth(object))
	}
	return l.Left + width + l.Right
}

// MinSize is zero: see [TallLayout].
func (l insetLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Sheet puts margins around an object, which is at most as wide as most, and then in the middle.
func Sheet(margins Margins, most float32, object fyne.CanvasObject) *fyne.Container {
	return container.New(placed{sheetLayout{margins: margins, most: most}}, object)
}

// MiddleSheet is a Sheet with the object in the middle of the height, as far as the sheet is higher
// than from.
func MiddleSheet(margins Margins, most, from float32, object fyne.CanvasObject) *fyne.Container {
	return container.New(middleSheetLayout{placed{sheetLayout{margins: margins, most: most}}, from}, object)
}

type sheetLayout struct {
	margins Margins
	most    float32
}

func (l sheetLayout) place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	room := width - l.margins.Left - l.margins.Right
	wide := min(room, l.most)
	height := HeightFor(objects[0], wide)
	at(objects[0], fyne.NewPos(l.margins.Left+whole((room-wide)/2), l.margins.Top), fyne.NewSize(wide, height))
	return l.margins.Top + height + l.margins.Bottom
}

type middleSheetLayout struct {
	placed
	from float32
}

// Layout is called by Fyne.
func (l middleSheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.placed.Layout(objects, size)
	lower := min((size.Height-l.HeightFor(objects, size.Width))/2, size.Height-l.from)
	objects[0].Move(objects[0].Position().AddXY(0, whole(max(0, lower))))
}

// Flow puts objects side by side in their natural width, and wraps to further rows.
func Flow(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(placed{flowLayout{gapX: gapX, gapY: gapY}}, objects...)
}

// Middle is a Flow with objects centred vertically in their row.
func Middle(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(placed{flowLayout{gapX: gapX, gapY: gapY, middle: true}}, objects...)
}

// AtEnd is a Middle with its rows at the right.
func AtEnd(gapX, gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(placed{flowLayout{gapX: gapX, gapY: gapY, middle: true, atEnd: true}}, objects...)
}

type flowLayout struct {
	gapX, gapY    float32
	middle, atEnd bool
}

func (l flowLayout) place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	type cell struct {
		object fyne.CanvasObject
		x      float32
		size   fyne.Size
	}
	var row []cell
	x, y, height := float32(0), float32(0), float32(0)
	end := func() {
		left := float32(0)
		if l.atEnd && len(row) > 0 {
			last := row[len(row)-1]
			left = width - last.x - last.size.Width
		}
		for _, c := range row {
			below := float32(0)
			if l.middle {
				below = float32(int((height - c.size.Height) / 2))
			}
			at(c.object, fyne.NewPos(left+c.x, y+below), c.size)
		}
		row = row[:0]
	}
	for _, object := range objects {
		if !object.Visible() {
			continue
		}
		w := min(NaturalWidth(object), width)
		if x > 0 && x+w > width {
			end()
			x, y, height = 0, y+height+l.gapY, 0
		}
		size := fyne.NewSize(w, HeightFor(object, w))
		row = append(row, cell{object, x, size})
		x += w + l.gapX
		height = max(height, size.Height)
	}
	end()
	return y + height
}

func (l flowLayout) naturalWidth(objects []fyne.CanvasObject) float32 {
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
	return container.New(placed{givingLayout{flowLayout{gapX: gapX, gapY: gapY, middle: true}}}, first, second)
}

type givingLayout struct{ flow flowLayout }

func (l givingLayout) place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	first, second := objects[0], objects[1]
	left := width - l.flow.gapX - NaturalWidth(second)
	if !first.Visible() || !second.Visible() || NaturalWidth(first) <= left || left < width/2 {
		return l.flow.place(objects, width, at)
	}
	a, b := fyne.NewSize(left, HeightFor(first, left)), fyne.NewSize(width-left-l.flow.gapX, HeightFor(second, width-left-l.flow.gapX))
	height := max(a.Height, b.Height)
	at(first, fyne.NewPos(0, whole((height-a.Height)/2)), a)
	at(second, fyne.NewPos(left+l.flow.gapX, whole((height-b.Height)/2)), b)
	return height
}

func (l givingLayout) naturalWidth(objects []fyne.CanvasObject) float32 {
	return l.flow.naturalWidth(objects)
}

// Corner puts an aside into the upper right corner, next to a heading, if both fit; else below the
// heading. It is before the rest in Tab order.
func Corner(gap float32, heading, aside, rest fyne.CanvasObject) *fyne.Container {
	return container.New(placed{cornerLayout{gap: gap}}, heading, aside, rest)
}

const asideAbove = 14 // between a heading and the aside below it

type cornerLayout struct{ gap float32 }

func (l cornerLayout) place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	heading, aside, rest := objects[0], objects[1], objects[2]
	asideWidth := min(whole(NaturalWidth(aside)+0.5), width)
	asideHeight := HeightFor(aside, asideWidth)
	headingWidth, beside := width, NaturalWidth(heading)+l.gap+asideWidth <= width
	if beside {
		headingWidth = NaturalWidth(heading)
		at(aside, fyne.NewPos(width-asideWidth, 0), fyne.NewSize(asideWidth, asideHeight))
	}
	y := HeightFor(heading, headingWidth)
	at(heading, fyne.Position{}, fyne.NewSize(headingWidth, y))
	if beside {
		y = max(y, asideHeight)
	} else {
		y += asideAbove
		at(aside, fyne.NewPos(0, y), fyne.NewSize(asideWidth, asideHeight))
		y += asideHeight
	}
	height := HeightFor(rest, width)
	at(rest, fyne.NewPos(0, y), fyne.NewSize(width, height))
	return y + height
}

// Pairs lists names and values in two columns, the names as wide as the theme's SizeLabel. If that
// leaves too little for the values, each is below its name. Objects alternate: name, value, name,
// value.
func Pairs(gapY float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(placed{pairsLayout{gapY: gapY}}, objects...)
}

type pairsLayout struct{ gapY float32 }

func (l pairsLayout) label(width float32) (label float32, stacked bool) {
	label = fyne.CurrentApp().Settings().Theme().Size(SizeLabel)
	return label, width < label*2.5
}

func (l pairsLayout) place(objects []fyne.CanvasObject, width float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	label, stacked := l.label(width)
	y := float32(0)
	for i := 0; i+1 < len(objects); i += 2 {
		if i > 0 {
			y += l.gapY
		}
		name, value := objects[i], objects[i+1]
		if stacked {
			h := HeightFor(name, width)
			at(name, fyne.NewPos(0, y), fyne.NewSize(width, h))
			y += h
			h = HeightFor(value, width)
			at(value, fyne.NewPos(0, y), fyne.NewSize(width, h))
			y += h
			continue
		}
		nameHeight, valueHeight := HeightFor(name, label), HeightFor(value, width-label)
		at(name, fyne.NewPos(0, y), fyne.NewSize(label, nameHeight))
		at(value, fyne.NewPos(label, y), fyne.NewSize(width-label, valueHeight))
		y += max(nameHeight, valueHeight)
	}
	return y
}

// Beside puts an object to the right of an icon, whose size is a multiple of a theme size. The icon
// is level with the first line.
func Beside(icon *Picture, size fyne.ThemeSizeName, times float32, object fyne.CanvasObject) *fyne.Container {
	return container.New(besideLayout{size: size, times: times}, icon, object)
}

type besideLayout struct {
	size  fyne.ThemeSizeName
	times float32
}

func (l besideLayout) measures() (side, indent float32) {
	side = whole(fyne.CurrentApp().Settings().Theme().Size(l.size) * l.times)
	return side, whole(side * 1.4)
}

func (l besideLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	side, indent := l.measures()
	place(objects[0], 0, 1, side, side)
	width := size.Width - indent
	place(objects[1], indent, 0, width, HeightFor(objects[1], width))
}

func (l besideLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	side, indent := l.measures()
	return max(side+1, HeightFor(objects[1], width-indent))
}

func (l besideLayout) naturalWidth(objects []fyne.CanvasObject) float32 {
	_, indent := l.measures()
	return indent + NaturalWidth(objects[1])
}

// MinSize is zero: see [TallLayout].
func (l besideLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// whole rounds to a whole unit, for sharp lines at a scale of one.
func whole(x float32) float32 { return float32(int(x + 0.5)) }
