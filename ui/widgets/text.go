package widgets

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

var _ Tall = (*Text)(nil)

// Style is the look of a piece of text, in the theme's names.
type Style struct {
	Size  fyne.ThemeSizeName
	Color fyne.ThemeColorName
	Bold  bool
	Mono  bool
}

// Run is a piece of text in one style.
type Run struct {
	Text string
	Style
}

// Text shows runs of text. It wraps between words, breaks a word wider than the line, and can be
// limited to a number of lines, the last of which then ends in an ellipsis. Runs of different sizes
// share a baseline.
type Text struct {
	spoken
	// Alignment is leading, centred or trailing.
	Alignment fyne.TextAlign
	// Lines is the maximum number of lines; 0 is no limit.
	Lines int

	runs []Run
	// beside is the width that the first line leaves to an object beside it.
	beside float32
	// laid is the text wrapped to the present width, whole the text on one line.
	laid, whole *wrapped
}

// NewText returns text in one style.
func NewText(text string, style Style) *Text { return NewRuns(Run{Text: text, Style: style}) }

// NewRuns returns text in several styles, at least one. White space at the end of a run counts.
func NewRuns(runs ...Run) *Text {
	return extended(&Text{runs: runs})
}

// SetText replaces the text and keeps the style of its first run.
func (t *Text) SetText(text string) {
	if len(t.runs) == 1 && t.runs[0].Text == text {
		return
	}
	t.SetRuns(Run{Text: text, Style: t.runs[0].Style})
}

// SetRuns replaces the text.
func (t *Text) SetRuns(runs ...Run) {
	t.runs = runs
	t.Refresh()
}

// SetLines sets the maximum number of lines; 0 is no limit.
func (t *Text) SetLines(lines int) {
	if t.Lines != lines {
		t.Lines = lines
		t.Refresh()
	}
}

// SetBeside narrows the first line by a width, for an object beside it.
func (t *Text) SetBeside(width float32) {
	if t.beside != width {
		t.beside = width
		t.Refresh()
	}
}

// String returns the text without its styles.
func (t *Text) String() string {
	var text strings.Builder
	for _, run := range t.runs {
		text.WriteString(run.Text)
	}
	return text.String()
}

// AccessibilityLabel returns the text.
func (t *Text) AccessibilityLabel() string { return strings.TrimSpace(t.String()) }

// MinSize is the size of the text on one line.
func (t *Text) MinSize() fyne.Size {
	one := t.wrap(unlimited)
	return fyne.NewSize(one.width, one.height)
}

// HeightFor returns the height of the text at a width.
func (t *Text) HeightFor(width float32) float32 { return t.wrap(width).height }

// Cut reports whether some of the text is left out at a width, because of the limit of lines.
func (t *Text) Cut(width float32) bool { return t.wrap(width).cut }

// Refresh redraws the text, after its runs or the theme have changed.
func (t *Text) Refresh() {
	t.laid, t.whole = nil, nil
	t.BaseWidget.Refresh()
}

// CreateRenderer is called by Fyne.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{text: t}
	r.Layout(t.Size())
	return r
}

// textRenderer draws as many objects as the text has pieces.
type textRenderer struct {
	renderer
	text *Text
}

func (r *textRenderer) Refresh() {
	r.Layout(r.text.Size())
	canvas.Refresh(r.text)
}

func (r *textRenderer) Layout(size fyne.Size) {
	if size.Width <= 0 {
		return // not laid out yet
	}
	laid := r.text.wrap(size.Width)
	used := 0
	for _, line := range laid.lines {
		x := float32(0)
		switch r.text.Alignment {
		case fyne.TextAlignCenter:
			x = whole((size.Width - line.width) / 2)
		case fyne.TextAlignTrailing:
			x = size.Width - line.width
		}
		for _, piece := range line.pieces {
			if used == len(r.objects) {
				r.objects = append(r.objects, &canvas.Text{})
			}
			drawn, ok := r.objects[used].(*canvas.Text)
			if !ok {
				continue
			}
			used++
			drawn.Text = piece.text
			drawn.Color = colorOf(r.text, piece.style.Color)
			drawn.TextSize = theme.SizeForWidget(piece.style.Size, r.text)
			drawn.TextStyle, drawn.FontSource = fontOf(piece.style)
			drawn.Move(fyne.NewPos(x+piece.x, line.y+line.baseline-piece.baseline))
			drawn.Resize(fyne.NewSize(piece.width, piece.height))
			drawn.Refresh()
		}
	}
	clear(r.objects[used:])
	r.objects = r.objects[:used]
}

const (
	unlimited = float32(1 << 20)
	ellipsis  = "…"
	// noBreak is the no-break space.
	noBreak = '\u00a0'
)

// wrapped is text broken into lines for one width.
type wrapped struct {
	at            float32
	cut           bool
	lines         []textLine
	width, height float32
}

type textLine struct {
	pieces             []textPiece
	y, width, baseline float32
	height             float32
}

// textPiece is text of one style on one line.
type textPiece struct {
	text                       string
	style                      Style
	x, width, height, baseline float32
}

// wrap breaks the text into lines, or returns the cached result for the same width.
func (t *Text) wrap(width float32) *wrapped {
	kept := &t.laid
	if width == unlimited {
		kept = &t.whole
	}
	if *kept != nil && (*kept).at == width {
		return *kept
	}
	made := &wrapped{at: width}
	lines := []textLine{t.oneLine()}
	if lines[0].width > width-t.beside && width != unlimited {
		lines = t.breakLines(width)
	}
	for _, line := range lines {
		if t.Lines > 0 && len(made.lines) == t.Lines {
			made.cut = true
			t.shorten(&made.lines[t.Lines-1], t.room(t.Lines-1, width))
			break
		}
		made.lines = append(made.lines, line)
	}
	for i := range made.lines {
		line := &made.lines[i]
		line.y = made.height
		made.height += line.height
		made.width = max(made.width, line.width)
	}
	*kept = made
	return made
}

// oneLine returns the text on one line, the usual case.
func (t *Text) oneLine() textLine {
	if t.whole != nil {
		return t.whole.lines[0]
	}
	var line textLine
	for _, run := range t.runs {
		line.add(t.measure(plainSpaces(run.Text), run.Style))
	}
	line.finish(t)
	return line
}

// room returns the width of a line, counted from 0, in a text of a width.
func (t *Text) room(line int, width float32) float32 {
	if line == 0 {
		return width - t.beside
	}
	return width
}

func (t *Text) breakLines(width float32) []textLine {
	var lines []textLine
	var line textLine
	end := func() {
		line.finish(t)
		lines = append(lines, line)
		line = textLine{}
	}
	for _, word := range t.words() {
		if line.width > 0 && !line.fits(t, word, t.room(len(lines), width)) {
			end()
		}
		for _, piece := range word {
			for line.width == 0 {
				room := t.room(len(lines), width)
				if t.measure(strings.TrimRight(piece.text, " "), piece.style).width <= room {
					break
				}
				head, tail := t.split(piece.text, piece.style, room)
				if tail == "" {
					break
				}
				line.add(t.measure(head, piece.style))
				end()
				piece = t.measure(tail, piece.style)
			}
			line.add(piece)
		}
	}
	end()
	return lines
}

// words splits the text after white space. A word has several pieces if its style changes, as in a
// bold word and its full stop.
func (t *Text) words() [][]textPiece {
	var found [][]textPiece
	open := false
	for _, run := range t.runs {
		for _, text := range strings.SplitAfter(plainSpaces(run.Text), " ") {
			if text == "" {
				continue
			}
			piece := t.measure(text, run.Style)
			if open {
				found[len(found)-1] = append(found[len(found)-1], piece)
			} else {
				found = append(found, []textPiece{piece})
			}
			open = !strings.HasSuffix(text, " ")
		}
	}
	return found
}

// fits reports whether the line has room for one more word. Widths of single words are rounded, so
// a line that seems slightly too long is measured as a whole before it is broken.
func (l *textLine) fits(t *Text, word []textPiece, width float32) bool {
	longer := textLine{pieces: append([]textPiece(nil), l.pieces...), width: l.width}
	for _, piece := range word {
		longer.add(piece)
	}
	if longer.width <= width {
		return true
	}
	longer.finish(t)
	return longer.width <= width
}

// add appends a piece to the line, merging it with the previous one if that has the same style.
func (l *textLine) add(piece textPiece) {
	if n := len(l.pieces); n > 0 && l.pieces[n-1].style == piece.style {
		l.pieces[n-1].text += piece.text
		l.pieces[n-1].width += piece.width
	} else {
		piece.x = l.width
		l.pieces = append(l.pieces, piece)
	}
	l.width += piece.width
	l.baseline = max(l.baseline, piece.baseline)
	l.height = max(l.height, piece.height)
}

// finish drops the white space at the line's end and measures the pieces as a whole.
func (l *textLine) finish(t *Text) {
	x := float32(0)
	for i := range l.pieces {
		piece := &l.pieces[i]
		if i == len(l.pieces)-1 {
			piece.text = strings.TrimRight(piece.text, " ")
		}
		piece.x, piece.width = x, t.measure(piece.text, piece.style).width
		x += piece.width
	}
	l.width = x
}

// shorten ends the line in an ellipsis.
func (t *Text) shorten(line *textLine, width float32) {
	n := len(line.pieces)
	if n == 0 {
		return
	}
	piece := &line.pieces[n-1]
	runes := []rune(piece.text)
	for {
		piece.text = strings.TrimRight(string(runes), " ") + ellipsis
		piece.width = t.measure(piece.text, piece.style).width
		if piece.x+piece.width <= width || len(runes) == 0 {
			break
		}
		runes = runes[:len(runes)-1]
	}
	line.width = piece.x + piece.width
}

// split cuts a word wider than a line after as many letters as fit, at least one.
func (t *Text) split(word string, style Style, width float32) (head, tail string) {
	runes := []rune(word)
	n := 1
	for n < len(runes) && t.measure(string(runes[:n+1]), style).width <= width {
		n++
	}
	return string(runes[:n]), string(runes[n:])
}

func (t *Text) measure(text string, style Style) textPiece {
	drawn, source := fontOf(style)
	size, baseline := fyne.CurrentApp().Driver().RenderedTextSize(text, theme.SizeForWidget(style.Size, t), drawn, source)
	return textPiece{text: text, style: style, width: size.Width, height: size.Height, baseline: baseline}
}

// fontOf returns how a style is drawn. Fyne parses further fonts, of 9 MB in all, for each style that
// it finds the font of, and none for a font that is given. Letters that this font lacks come from
// the system's in both cases.
func fontOf(style Style) (fyne.TextStyle, fyne.Resource) {
	if style.Mono || !style.Bold {
		return fyne.TextStyle{Monospace: style.Mono, Bold: style.Bold}, nil // as in Fyne's own widgets
	}
	return fyne.TextStyle{Bold: true}, theme.DefaultTextBoldFont()
}

// plainSpaces replaces every kind of breaking white space by a space.
func plainSpaces(text string) string {
	return strings.Map(func(r rune) rune {
		if r != noBreak && unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, text)
}
