package widgets

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// ListingPart is a text with a title, such as a file.
type ListingPart struct{ Title, Text string }

var (
	listingText  = Style{Size: SizeDetail, Color: ColorText, Mono: true}
	listingTitle = Style{Size: SizeDetail, Color: ColorPrimary, Bold: true, Mono: true}
)

// Listing shows long texts unchanged, in a monospaced font. Only the visible lines exist.
type Listing struct {
	parts []ListingPart
	box   *fyne.Container

	// lines are the texts broken to columns, at a text size, and shown the visible ones.
	lines       []Run
	shown       map[int]*Text
	columns     int
	size        float32
	height      float32
	top, bottom float32
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
			l.lines = append(l.lines, Run{})
		}
		l.lines = append(l.lines, Run{part.Title, listingTitle})
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
		l.lines = append(l.lines, Run{piece, listingText})
		visible = visible[len([]rune(piece)):]
	}
	l.lines = append(l.lines, Run{string(visible), listingText})
}

// materialise makes the visible lines. Blank ones need no object.
func (l *Listing) materialise() {
	if l.height <= 0 {
		return
	}
	from := min(max(0, int(l.top/l.height)), len(l.lines))
	to := min(max(from, int(l.bottom/l.height)+1), len(l.lines))
	shown := map[int]*Text{}
	l.box.Objects = l.box.Objects[:0]
	for i, line := range l.lines[from:to] {
		if strings.TrimSpace(line.Text) == "" {
			continue
		}
		text := l.shown[from+i]
		if text == nil {
			text = NewRuns(line)
		}
		shown[from+i] = text
		Put(text, 0, float32(from+i)*l.height, text.MinSize().Width, l.height)
		l.box.Objects = append(l.box.Objects, text)
	}
	l.shown = shown
	canvas.Refresh(l.box)
}
