package widgets

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// ListingPart is a text with a title, such as a file.
type ListingPart struct{ Title, Text string }

// Listing shows long texts unchanged, in a monospaced font. Only the visible lines exist.
type Listing struct {
	parts []ListingPart
	box   *fyne.Container

	// lines are the texts broken to columns, at a text size.
	lines       []listingLine
	columns     int
	size        float32
	height      float32
	top, bottom float32
	shown       []*listingText
}

type listingLine struct {
	text  string
	title bool
}

// NewListing returns a listing.
func NewListing(parts []ListingPart) *Listing {
	l := &Listing{parts: parts}
	l.box = container.New(layout{
		lay: func(_ []fyne.CanvasObject, size fyne.Size) {
			l.measure(size.Width)
			l.materialise()
		},
		height: func(_ []fyne.CanvasObject, width float32) float32 {
			l.measure(width)
			return float32(len(l.lines)) * l.height
		},
	})
	return l
}

// Object returns the object for the window.
func (l *Listing) Object() *fyne.Container { return l.box }

// Show sets the visible part.
func (l *Listing) Show(top, bottom float32) {
	l.top, l.bottom = top, bottom
	l.materialise()
}

// measure breaks the lines for a width.
func (l *Listing) measure(width float32) {
	size := fyne.CurrentApp().Settings().Theme().Size(SizeDetail)
	cell := fyne.MeasureText("M", size, fyne.TextStyle{Monospace: true})
	columns := max(10, int(width/cell.Width))
	if l.columns == columns && l.size == size {
		return
	}
	l.columns, l.size, l.height = columns, size, cell.Height
	l.lines = l.lines[:0]
	for i, part := range l.parts {
		if i > 0 {
			l.lines = append(l.lines, listingLine{})
		}
		l.lines = append(l.lines, listingLine{part.Title, true})
		for line := range strings.Lines(part.Text) {
			l.add(strings.TrimRight(line, "\r\n"))
		}
	}
	l.box.Objects, l.shown = nil, nil
}

// add adds a line, in as many pieces as needed, with invisible characters made visible: everything
// that is saved is shown. It breaks after a blank, or within a word that is longer than a line.
func (l *Listing) add(line string) {
	const tab = "    "
	visible := []rune(strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, line))
	visible = []rune(strings.ReplaceAll(string(visible), "\t", tab))
	for len(visible) > l.columns {
		piece := string(visible[:l.columns])
		if end := strings.LastIndexByte(piece, ' ') + 1; strings.TrimSpace(piece[:end]) != "" {
			piece = piece[:end]
		}
		l.lines = append(l.lines, listingLine{text: piece})
		visible = visible[len([]rune(piece)):]
	}
	l.lines = append(l.lines, listingLine{text: string(visible)})
}

// materialise makes the visible lines.
func (l *Listing) materialise() {
	if l.height <= 0 {
		return
	}
	from := min(max(0, int(l.top/l.height)), len(l.lines))
	to := min(max(from, int(l.bottom/l.height)+1), len(l.lines))
	for len(l.shown) < to-from {
		l.shown = append(l.shown, newListingText())
	}
	l.shown = l.shown[:to-from]
	l.box.Objects = l.box.Objects[:0]
	for i, text := range l.shown {
		text.set(l.lines[from+i], l.size)
		Put(text, 0, float32(from+i)*l.height, l.box.Size().Width, l.height)
		l.box.Objects = append(l.box.Objects, text)
	}
	canvas.Refresh(l.box)
}

var (
	_ fyne.Widget     = (*listingText)(nil)
	_ fyne.Accessible = (*listingText)(nil)
)

// listingText is a line.
type listingText struct {
	spoken
	line listingLine
	text *canvas.Text
}

func newListingText() *listingText {
	t := &listingText{text: canvas.NewText("", theme.Color(ColorText))}
	t.text.TextStyle.Monospace = true
	t.ExtendBaseWidget(t)
	return t
}

func (t *listingText) set(line listingLine, size float32) {
	t.line = line
	t.text.Text, t.text.TextSize, t.text.TextStyle.Bold = line.text, size, line.title
	t.Refresh()
}

// AccessibilityLabel returns the line, or a description if it has no letters.
func (t *listingText) AccessibilityLabel() string {
	if said := strings.TrimSpace(t.line.text); said != "" {
		return said
	}
	return "–"
}

func (t *listingText) CreateRenderer() fyne.WidgetRenderer {
	paint := func() {
		t.text.Color = colorOf(t, ColorText)
		if t.line.title {
			t.text.Color = colorOf(t, ColorPrimary)
		}
	}
	return draw(t, paint, t.text.Resize, t.text)
}
