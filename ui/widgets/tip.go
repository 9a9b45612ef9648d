package widgets

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

const (
	// tipDelay is how long the mouse has to be on a text before its full text is shown: long enough
	// not to flicker as the mouse passes.
	tipDelay = 600 * time.Millisecond

	tipMargin = 8  // between the tip and the window's edges
	tipBelow  = 22 // the mouse, whose arrow must not hide the text
	tipAbove  = 6
	tipWidest = 1.5 // times SizeCard
)

// Tip shows the full text of a cut one, next to a mouse that stays on it. The keyboard gets the
// same from the focus. It is above the page, and nothing in it takes the focus, a click or the
// wheel, which go to the page. One of Fyne's overlays would take all three.
type Tip struct {
	// After calls a function on Fyne's goroutine after a delay, unless stopped there before. It must be
	// set.
	After func(wait time.Duration, do func()) (stop func())

	layer *fyne.Container
	panel *fyne.Container
	lines *fyne.Container
	said  []string
	at    fyne.Position
	stop  func()
}

// NewTip returns a tip that shows nothing.
func NewTip() *Tip {
	t := &Tip{lines: Column()}
	t.panel = NewPanel(noted, t.lines)
	t.panel.Hide()
	t.layer = container.NewWithoutLayout(t.panel)
	return t
}

// Object returns the object for the window, above everything and as large as the window.
func (t *Tip) Object() *fyne.Container { return t.layer }

// Over reports that the mouse is on cut texts, at a position on the canvas.
func (t *Tip) Over(texts []string, at fyne.Position) {
	t.at = at
	if slices.Equal(texts, t.said) {
		return // it is shown, or will be
	}
	t.Away()
	if len(texts) == 0 {
		return
	}
	t.said = slices.Clone(texts)
	t.stop = t.After(tipDelay, t.show)
}

// Away hides the tip, and reports whether it was visible.
func (t *Tip) Away() bool {
	t.said = nil
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
	seen := t.panel.Visible()
	t.panel.Hide()
	return seen
}

func (t *Tip) show() {
	rows := make([]Row, len(t.said))
	for i, text := range t.said {
		rows[i].Object = NewText(text, Style{Size: SizeDetail, Color: ColorText})
	}
	lines := Column(rows...)
	t.lines.Layout, t.lines.Objects = lines.Layout, lines.Objects
	window := t.layer.Size()
	widest := min(fyne.CurrentApp().Settings().Theme().Size(SizeCard)*tipWidest, window.Width-2*tipMargin)
	width := min(NaturalWidth(t.panel), widest)
	size := fyne.NewSize(width, HeightFor(t.panel, width))
	at := t.at.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(t.layer))
	x := max(tipMargin, min(at.X, window.Width-tipMargin-size.Width))
	y := at.Y + tipBelow
	if y+size.Height > window.Height-tipMargin {
		y = max(tipMargin, at.Y-tipAbove-size.Height)
	}
	t.panel.Show()
	Put(t.panel, x, y, size.Width, size.Height)
	t.panel.Refresh()
}
