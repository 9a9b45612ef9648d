package widgets

import (
	"slices"
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Section is a heading with cards. Identical cards may share one Card, which makes a list of
// thousands fast to build and to measure; the widget changes none.
type Section struct {
	Heading []Run
	Cards   []*Card
	// Apart: the cards have more or less text than others, and a height of their own.
	Apart bool
}

const (
	choiceGap    = 16 // between cards, in both directions
	headingBelow = 9
	sectionAbove = 18
	headingLines = 2
)

// CardGrid is a grid of cards in sections. Only the cards of visible rows exist, and the one that
// is the Tab stop of them all: the card that last had the focus, or the first. Arrows go from card
// to card.
//
// Cards are counted through all sections, from 0.
type CardGrid struct {
	// OnChosen is called with the choice whose card was pressed.
	OnChosen func(choice int)
	// OnStar is called with the choice whose star was pressed.
	OnStar func(choice int)
	// OnFocus is called with a card that should get the focus.
	OnFocus func(fyne.Focusable)
	// OnReveal is called with the part of the grid that should be visible, as a card in it has the
	// focus.
	OnReveal func(top, bottom float32)
	// OnResized is called when the grid's height changes: the focused card shows all of its text.
	OnResized func()
	// OnCut is called while the mouse is over cut texts, with their full text and the mouse's
	// position on the canvas; and without texts when it has left.
	OnCut func(texts []string, at fyne.Position)
	// OnKey and OnRune receive the keys that the cards do not use.
	OnKey  func(*fyne.KeyEvent)
	OnRune func(rune)

	sections []Section
	choices  []*Card

	box       *fyne.Container
	ground    *headingGround
	width     float32
	sizes     [3]float32
	rows      []choiceRow
	cardWidth float32
	height    float32

	top, bottom float32
	focused     int  // the choice whose card last had the focus, or none
	grown       int  // the choice whose card shows all of its text, or none
	digitsAway  bool // digits have another use
	cards       map[int]*choiceCard
	headings    map[int]*Text
	spareCards  []*choiceCard
	spareTexts  []*Text
	ruler       ruler
	heights     cardHeights
}

const none = -1

// choiceRow is a heading, or a row of cards.
type choiceRow struct {
	section      int
	first, count int // the choices of a row of cards; 0 for a heading
	y, height    float32
}

type choiceCard struct {
	*RoleCard
	choice int
}

// NewCardGrid returns a grid of cards.
func NewCardGrid(sections []Section) *CardGrid {
	c := &CardGrid{cards: map[int]*choiceCard{}, headings: map[int]*Text{}}
	c.ground = newHeadingGround(c)
	c.box = container.New(cardGridLayout{c}, c.ground)
	c.SetSections(sections)
	return c
}

// SetSections replaces the choices; none has the focus. They are placed at the next layout.
func (c *CardGrid) SetSections(sections []Section) {
	c.sections, c.rows, c.focused, c.grown, c.width = sections, c.rows[:0], none, none, 0
	c.recycle()
	count := 0
	for _, section := range sections {
		count += len(section.Cards)
	}
	c.choices = slices.Grow(c.choices[:0], count)
	for _, section := range sections {
		c.choices = append(c.choices, section.Cards...)
	}
}

// Relabel replaces texts: the sections have as many choices as before. The focus stays, and nothing
// moves until the width changes, unless the card with the focus needs more room for all of its text.
func (c *CardGrid) Relabel(sections []Section) {
	c.sections, c.choices = sections, c.choices[:0]
	for _, section := range sections {
		c.choices = append(c.choices, section.Cards...)
	}
	for row, heading := range c.headings {
		c.setHeading(heading, row)
	}
	c.materialise()
	card := c.cards[c.focused]
	focused := card != nil && card.focused
	switch {
	case c.grown != none: // it may need more room than before
		c.width = 0
		if c.OnResized != nil {
			c.OnResized()
		}
	case focused:
		c.grow()
	}
	if focused && c.grown != none {
		c.reveal()
	}
}

// Len returns the number of choices.
func (c *CardGrid) Len() int { return len(c.choices) }

// Object returns the object for the window.
func (c *CardGrid) Object() *fyne.Container { return c.box }

// Focus gives the focus to the card of a choice and brings it into view.
func (c *CardGrid) Focus(choice int) {
	if choice < 0 || choice >= len(c.choices) {
		return
	}
	c.focused = choice
	c.reveal()
	c.materialise()
	if card := c.cards[choice]; card != nil && c.OnFocus != nil {
		c.OnFocus(card.RoleCard)
	}
}

// Focused returns the choice whose card last had the focus, or false if none had.
func (c *CardGrid) Focused() (int, bool) { return c.focused, c.focused != none }

// ShowDigits sets whether the cards have digits: not while these keys have another use, as in a
// text field.
func (c *CardGrid) ShowDigits(show bool) {
	if c.digitsAway == show {
		c.digitsAway = !show
		c.materialise()
	}
}

// Move moves the focus by columns and rows, across sections. Without a focused card it goes to the
// first.
func (c *CardGrid) Move(columns, rows int) {
	if c.focused == none {
		c.Focus(0)
		return
	}
	to := c.focused + columns
	if rows != 0 {
		row := c.rowOf(c.focused)
		column := c.focused - c.rows[row].first
		next := row
		for next += rows; next >= 0 && next < len(c.rows) && c.rows[next].count == 0; {
			next += rows
		}
		if next < 0 || next >= len(c.rows) {
			return
		}
		to = c.rows[next].first + min(column, c.rows[next].count-1)
	}
	c.Focus(to)
}

// AtTop reports whether the card that last had the focus is in the first row, or none had it.
func (c *CardGrid) AtTop() bool {
	return c.focused == none || slices.IndexFunc(c.rows, func(r choiceRow) bool { return r.count > 0 }) == c.rowOf(c.focused)
}

// MoveBy moves the focus up or down by about height, to the farthest row within it, and by at least
// one row.
func (c *CardGrid) MoveBy(height float32) {
	if c.focused == none {
		c.Focus(0)
		return
	}
	row := c.rowOf(c.focused)
	column := c.focused - c.rows[row].first
	step, to := 1, row
	if height < 0 {
		step, height = -1, -height
	}
	for next := row + step; next >= 0 && next < len(c.rows); next += step {
		far := max(c.rows[next].y-c.rows[row].y, c.rows[row].y-c.rows[next].y)
		if far > height && to != row {
			break
		}
		if c.rows[next].count > 0 {
			to = next
		}
	}
	c.Focus(c.rows[to].first + min(column, c.rows[to].count-1))
}

// Show sets the visible part of the grid.
func (c *CardGrid) Show(top, bottom float32) {
	c.top, c.bottom = top, bottom
	c.materialise()
}

func (c *CardGrid) reveal() {
	if c.OnReveal == nil || len(c.rows) == 0 {
		return
	}
	top, bottom := c.Part(c.focused)
	const margins = 48 // may be left free around it
	if row := c.rows[c.rowOf(c.focused)]; bottom-top+margins > c.bottom-c.top && c.bottom > c.top {
		top = row.y // without room for the heading
	}
	c.OnReveal(top, bottom)
}

// Part returns the part of the grid with a choice: its row, and the heading if directly above it.
// It is zero before the first layout.
func (c *CardGrid) Part(choice int) (top, bottom float32) {
	if len(c.rows) == 0 {
		return 0, 0
	}
	row := c.rowOf(choice)
	top = c.rows[row].y
	if row > 0 && c.rows[row-1].count == 0 {
		top = c.rows[row-1].y // together with the heading
	}
	return top, c.rows[row].y + c.rows[row].height
}

func (c *CardGrid) rowOf(choice int) int {
	after := sort.Search(len(c.rows), func(i int) bool { return c.rows[i].first > choice })
	return after - 1
}

// measure places all rows for a width.
func (c *CardGrid) measure(width float32) {
	th := fyne.CurrentApp().Settings().Theme()
	sizes := [...]float32{th.Size(SizeCard), th.Size(SizeBody), th.Size(SizeDetail)}
	if c.width == width && c.sizes == sizes {
		return
	}
	if c.sizes != sizes {
		c.spareCards, c.spareTexts = nil, nil // measured with the old sizes
	}
	c.width, c.sizes = width, sizes
	least := th.Size(SizeCard)
	columns := max(1, int((width+choiceGap)/(least+choiceGap)))
	c.cardWidth = whole((width-float32(columns-1)*choiceGap)/float32(columns) - 0.5)
	c.heights.reset(c.cardWidth, sizes)
	heights := c.tallest()

	c.rows = c.rows[:0]
	y, first := float32(0), 0
	heading := newHeading()
	c.ruler.reset(sizes[1])
	oneLine := heading.HeightFor(width)
	for i, section := range c.sections {
		if i > 0 {
			y += sectionAbove
		}
		height := oneLine
		if !c.ruler.surelyWithin(heading, section.Heading, width) {
			heading.runs, heading.laid, heading.whole = section.Heading, nil, nil // measured only
			height = heading.HeightFor(width)
		}
		c.rows = append(c.rows, choiceRow{section: i, first: first, y: y, height: height})
		y += height + headingBelow
		for left := len(section.Cards); left > 0; left -= columns {
			count, height := min(left, columns), heights[i]
			if c.grown >= first && c.grown < first+count {
				height = max(height, c.wholeHeight())
			}
			c.rows = append(c.rows, choiceRow{section: i, first: first, count: count, y: y, height: height})
			first += count
			y += height + choiceGap
		}
		y -= choiceGap
	}
	c.height = max(0, y)
	c.recycle()
}

// grow lets the focused card show all of its text, and the previous one no longer.
func (c *CardGrid) grow() {
	grown, card := none, NewRoleCard()
	card.Set(*c.choices[c.focused])
	if c.cardWidth > 0 && card.Cut(c.cardWidth) {
		grown = c.focused
	}
	if grown == c.grown {
		return
	}
	c.grown, c.width = grown, 0
	if c.OnResized != nil {
		c.OnResized()
	}
}

// wholeHeight returns the height of the card that shows all of its text.
func (c *CardGrid) wholeHeight() float32 {
	whole, card := *c.choices[c.grown], NewRoleCard()
	whole.Whole = true
	card.Set(whole)
	return card.HeightFor(c.cardWidth)
}

// tallest returns the height of each section's cards: the greatest needed in any section that is
// not apart.
func (c *CardGrid) tallest() []float32 {
	heights, shared := make([]float32, len(c.sections)), float32(0)
	known := make(map[*Card]float32)
	for i, section := range c.sections {
		var last *Card
		for _, choice := range section.Cards {
			if choice == last {
				continue
			}
			last = choice
			height, measured := known[choice]
			if !measured {
				height = c.heights.of(choice)
				known[choice] = height
			}
			heights[i] = max(heights[i], height)
		}
		if !section.Apart {
			shared = max(shared, heights[i])
		}
	}
	for i, section := range c.sections {
		if !section.Apart {
			heights[i] = shared
		}
	}
	return heights
}

// cardHeights caches the heights of cards while width and sizes stay the same. A keystroke in a
// search then measures nothing.
type cardHeights struct {
	width float32
	sizes [3]float32
	known map[string]float32
}

// mostHeights bounds the cache: more than a screen of long names and all roles together.
const mostHeights = 1000

func (h *cardHeights) reset(width float32, sizes [3]float32) {
	if h.width != width || h.sizes != sizes || h.known == nil || len(h.known) > mostHeights {
		h.width, h.sizes, h.known = width, sizes, make(map[string]float32)
	}
}

func (h *cardHeights) of(choice *Card) float32 {
	said := choice.Title + "\x00" + choice.Key + "\x00" + choice.Digits + "\x00" + strings.Join(choice.Lines, "\x00")
	if choice.Star != nil {
		said += "\x00\x02"
	}
	if choice.Spare {
		said += "\x00\x03"
	}
	height, known := h.known[said]
	if !known {
		card := NewRoleCard()
		card.Set(*choice)
		height = card.HeightFor(h.width)
		h.known[said] = height
	}
	return height
}

// ruler reports quickly whether a heading certainly fits on one line: the sum of its letters'
// widths, each rounded up, exceeds the text's. Measuring thousands of headings would be slow, and
// nearly all are short.
type ruler struct {
	size   float32
	widths map[Style]*letterWidths
}

// letterWidths are the widths of letters in one style; 0 is not measured yet.
type letterWidths struct {
	ascii [128]float32
	rest  map[rune]float32
}

func (l *letterWidths) of(t *Text, letter rune, style Style) float32 {
	width := float32(0)
	if letter < rune(len(l.ascii)) {
		width = l.ascii[letter]
	} else {
		width = l.rest[letter]
	}
	if width > 0 {
		return width
	}
	width = t.measure(string(letter), style).width + 0.25
	if letter < rune(len(l.ascii)) {
		l.ascii[letter] = width
	} else {
		l.rest[letter] = width
	}
	return width
}

func (r *ruler) reset(size float32) {
	if r.size != size || r.widths == nil {
		r.size, r.widths = size, map[Style]*letterWidths{}
	}
}

func (r *ruler) surelyWithin(t *Text, runs []Run, width float32) bool {
	sum := float32(0)
	for _, run := range runs {
		letters := r.widths[run.Style]
		if letters == nil {
			letters = &letterWidths{rest: map[rune]float32{}}
			r.widths[run.Style] = letters
		}
		for _, letter := range run.Text {
			sum += letters.of(t, letter, run.Style)
		}
		if sum > width {
			return false
		}
	}
	return true
}

// recycle releases all cards and headings, since every position has changed.
func (c *CardGrid) recycle() {
	for choice, card := range c.cards {
		if choice != c.focused {
			c.spareCards = append(c.spareCards, card)
			delete(c.cards, choice)
		}
	}
	for row, heading := range c.headings {
		c.spareTexts = append(c.spareTexts, heading)
		delete(c.headings, row)
	}
}

// materialise makes what is visible, and releases the rest. The Tab stop stays: Fyne keeps sending
// keys to the card with the focus, and it must not become another role under the user's fingers.
func (c *CardGrid) materialise() {
	if len(c.rows) == 0 {
		if len(c.box.Objects) > 1 {
			c.box.Objects = []fyne.CanvasObject{c.ground}
			canvas.Refresh(c.box)
		}
		return
	}
	from := sort.Search(len(c.rows), func(i int) bool { return c.rows[i].y+c.rows[i].height > c.top })
	to := sort.Search(len(c.rows), func(i int) bool { return c.rows[i].y >= c.bottom })

	c.release(from, to)
	for row := from; row < to; row++ {
		c.showRow(row)
	}
	if len(c.choices) > 0 {
		if row := c.rowOf(c.stop()); row < from || row >= to {
			c.showCard(c.stop(), row)
		}
	}
	c.arrange()
}

// stop returns the choice whose card is the Tab stop.
func (c *CardGrid) stop() int { return max(0, c.focused) }

func (c *CardGrid) release(from, to int) {
	for choice, card := range c.cards {
		if row := c.rowOf(choice); (row < from || row >= to) && choice != c.stop() {
			c.spareCards = append(c.spareCards, card)
			delete(c.cards, choice)
		}
	}
	for row, heading := range c.headings {
		if row < from || row >= to {
			c.spareTexts = append(c.spareTexts, heading)
			delete(c.headings, row)
		}
	}
}

func (c *CardGrid) showRow(row int) {
	r := c.rows[row]
	if r.count == 0 {
		heading := c.headings[row]
		if heading == nil {
			heading = c.spareText()
			c.setHeading(heading, row)
			c.headings[row] = heading
		}
		place(heading, 0, r.y, c.width, r.height)
		return
	}
	for choice := r.first; choice < r.first+r.count; choice++ {
		c.showCard(choice, row)
	}
}

// setHeading shows the heading of a row, in the lines that the row has room for.
func (c *CardGrid) setHeading(heading *Text, row int) {
	r := c.rows[row]
	heading.SetRuns(c.sections[r.section].Heading...)
	heading.SetLines(headingLines)
	if heading.HeightFor(c.width) > r.height {
		heading.SetLines(1)
	}
}

func (c *CardGrid) showCard(choice, row int) {
	card := c.cards[choice]
	if card == nil {
		card = c.spareCard()
		card.choice = choice
		c.cards[choice] = card
	}
	shown := *c.choices[choice]
	shown.Whole = choice == c.grown
	if c.digitsAway {
		shown.Digits = ""
	}
	card.Set(shown)
	x := float32(choice-c.rows[row].first) * (c.cardWidth + choiceGap)
	place(card.RoleCard, x, c.rows[row].y, c.cardWidth, c.rows[row].height)
}

// arrange puts headings and cards into the container in reading order.
func (c *CardGrid) arrange() {
	rows := make(map[int][]fyne.CanvasObject, len(c.headings)+len(c.cards))
	for row, heading := range c.headings {
		rows[row] = []fyne.CanvasObject{heading}
	}
	choices := make([]int, 0, len(c.cards))
	for choice := range c.cards {
		choices = append(choices, choice)
	}
	slices.Sort(choices)
	for _, choice := range choices {
		row := c.rowOf(choice)
		rows[row] = append(rows[row], c.cards[choice].RoleCard)
	}
	order := make([]int, 0, len(rows))
	for row := range rows {
		order = append(order, row)
	}
	slices.Sort(order)
	objects := append(make([]fyne.CanvasObject, 0, len(c.box.Objects)+1), c.ground)
	for _, row := range order {
		objects = append(objects, rows[row]...)
	}
	if !slices.Equal(objects, c.box.Objects) {
		c.box.Objects = objects
		canvas.Refresh(c.box)
	}
}

func (c *CardGrid) spareText() *Text {
	if n := len(c.spareTexts); n > 0 {
		text := c.spareTexts[n-1]
		c.spareTexts = c.spareTexts[:n-1]
		return text
	}
	return newHeading()
}

func newHeading() *Text {
	heading := NewText("", Style{Size: SizeBody, Color: ColorText, Bold: true})
	heading.Lines = headingLines
	return heading
}

func (c *CardGrid) spareCard() *choiceCard {
	if n := len(c.spareCards); n > 0 {
		card := c.spareCards[n-1]
		c.spareCards = c.spareCards[:n-1]
		card.forget()
		return card
	}
	card := &choiceCard{RoleCard: NewRoleCard()}
	card.Skipped = func() bool { return card.choice != c.stop() }
	card.OnTapped = func() {
		if c.OnChosen != nil {
			c.OnChosen(card.choice)
		}
	}
	card.OnStar = func() {
		if c.OnStar != nil {
			c.OnStar(card.choice)
		}
	}
	card.OnFocus = func() {
		c.focused = card.choice
		c.grow()
		c.reveal()
	}
	card.OnMouse = func(over bool, at fyne.Position) {
		var texts []string
		if over {
			texts = card.Tip()
		}
		c.cut(texts, at)
	}
	card.OnKey = func(key *fyne.KeyEvent) {
		if c.OnKey != nil {
			c.OnKey(key)
		}
	}
	card.OnRune = func(r rune) {
		if c.OnRune != nil {
			c.OnRune(r)
		}
	}
	return card
}

func (c *CardGrid) cut(texts []string, at fyne.Position) {
	if c.OnCut != nil {
		c.OnCut(texts, at)
	}
}

// headingAt returns the full text of the heading at a position, if it is cut.
func (c *CardGrid) headingAt(at fyne.Position) []string {
	for row, heading := range c.headings {
		if r := c.rows[row]; at.Y >= r.y && at.Y < r.y+r.height && heading.Cut(c.width) {
			return []string{heading.AccessibilityLabel()}
		}
	}
	return nil
}

var (
	_ fyne.Widget       = (*headingGround)(nil)
	_ fyne.Accessible   = (*headingGround)(nil)
	_ desktop.Hoverable = (*headingGround)(nil)
)

// headingGround is behind everything and detects the mouse on a heading: headings are texts, which
// do not receive the mouse, unlike cards.
type headingGround struct {
	widget.BaseWidget
	of *CardGrid
}

func newHeadingGround(of *CardGrid) *headingGround {
	g := &headingGround{of: of}
	g.ExtendBaseWidget(g)
	return g
}

// AccessibilityLabel is empty: the ground is invisible.
func (g *headingGround) AccessibilityLabel() string { return "" }

// AccessibilityRole is container.
func (g *headingGround) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// MouseIn is called by Fyne.
func (g *headingGround) MouseIn(event *desktop.MouseEvent) { g.MouseMoved(event) }

// MouseMoved is called by Fyne.
func (g *headingGround) MouseMoved(event *desktop.MouseEvent) {
	g.of.cut(g.of.headingAt(event.Position), event.AbsolutePosition)
}

// MouseOut is called by Fyne.
func (g *headingGround) MouseOut() { g.of.cut(nil, fyne.Position{}) }

// CreateRenderer is called by Fyne.
func (g *headingGround) CreateRenderer() fyne.WidgetRenderer {
	g.ExtendBaseWidget(g)
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

type cardGridLayout struct{ of *CardGrid }

func (l cardGridLayout) HeightFor(_ []fyne.CanvasObject, width float32) float32 {
	l.of.measure(width)
	return l.of.height
}

func (l cardGridLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.of.measure(size.Width)
	l.of.ground.Resize(size)
	l.of.materialise()
}

func (l cardGridLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
