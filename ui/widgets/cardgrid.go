package widgets

import (
	"slices"
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// Section is a heading with cards. Identical cards may share one Card, which makes a list of
// thousands fast to build and to measure. A Card must not change: another one takes its place.
type Section struct {
	Heading []Run
	Cards   []*Card
	// Apart: the cards have more or less text than others, and a height of their own.
	Apart bool
	// Name is what a card with the focus shows if there is no room for the heading beside it; "" for
	// nothing.
	Name string
}

const (
	choiceGap    = 16 // between cards, in both directions
	headingBelow = 9
	sectionAbove = 18
	headingLines = 2
)

// CardGrid is a grid of cards in sections. Only the cards of visible rows exist, and the one that
// is the Tab stop of them all: the card that last had the focus, or the first. Arrows go from card
// to card. The heading of the cards at the top stays in view above them.
//
// Cards are counted through all sections, from 0.
type CardGrid struct {
	// OnChosen is called with the choice whose card was pressed.
	OnChosen func(choice int)
	// OnStar is called with the choice whose star was pressed.
	OnStar func(choice int)
	// Counts reports whether a click on a card, at a position on the canvas, counts, and KeyCounts
	// whether a press of a key does.
	Counts    func(at fyne.Position) bool
	KeyCounts func(*fyne.KeyEvent) bool
	// Enter is the name of the key that takes a card, which that card bears: the one with the focus, or
	// that of the choice Ready, unless it is none. OnTaken is called when it may be another one.
	Enter   string
	Ready   int
	OnTaken func()
	// OnFocus is called with a card that should get the focus.
	OnFocus func(fyne.Focusable)
	// OnReveal is called with the part of the grid that should be visible, as a card in it has the
	// focus.
	OnReveal func(top, bottom float32)
	// OnShown is called when a key has brought a card into view instead of choosing it.
	OnShown func()
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

	box    *fyne.Container
	ground *headingGround
	// shade is between the cards and the heading that stays in view above them: a click there is not one on
	// the card below.
	shade     *Backdrop
	width     float32
	sizes     [3]float32
	rows      []choiceRow
	cardWidth float32
	height    float32
	// tall are the heights of the cards of each section.
	tall []float32

	top, bottom float32
	focused     int    // the choice whose card last had the focus, or none
	grown       int    // the choice whose card shows all of its text, or none
	name        string // the name of the focused card's section, if the card shows it
	digitsAway  bool   // digits have another use
	cards       map[int]*RoleCard
	headings    map[int]*Text
	spareCards  []*RoleCard
	spareTexts  []*Text
	// What was measured at the present sizes: the widths of letters, and, at the present width of cards,
	// their heights. ruler is the card that is measured.
	letters map[Style]*letterWidths
	heights map[*Card]float32
	ruler   *RoleCard
}

const none = -1

// choiceRow is a heading, or a row of cards.
type choiceRow struct {
	section      int
	first, count int // the choices of a row of cards; 0 for a heading
	y, height    float32
}

// NewCardGrid returns a grid of cards.
func NewCardGrid(sections []Section) *CardGrid {
	c := &CardGrid{
		OnChosen: func(int) {}, OnStar: func(int) {}, Counts: func(fyne.Position) bool { return true },
		KeyCounts: func(*fyne.KeyEvent) bool { return true }, OnFocus: func(fyne.Focusable) {}, OnReveal: func(_, _ float32) {},
		OnShown: func() {},
		Ready:   none, OnTaken: func() {}, OnResized: func() {}, OnCut: func([]string, fyne.Position) {}, OnKey: func(*fyne.KeyEvent) {}, OnRune: func(rune) {},
		cards: map[int]*RoleCard{}, headings: map[int]*Text{},
	}
	c.ground, c.shade = extended(&headingGround{of: c}), NewBackdrop(ColorPage, false)
	c.box = container.New(layout{
		lay: func(_ []fyne.CanvasObject, size fyne.Size) {
			c.measure(size.Width)
			c.ground.Resize(size)
			c.materialise()
		},
		height: func(_ []fyne.CanvasObject, width float32) float32 {
			c.measure(width)
			return c.height
		},
	}, c.ground)
	c.SetSections(sections)
	return c
}

// SetSections replaces the choices; none has the focus. They are placed at the next layout.
func (c *CardGrid) SetSections(sections []Section) {
	c.rows, c.focused, c.grown, c.name, c.width = c.rows[:0], none, none, "", 0
	c.release(0, 0, none, none)
	c.deal(sections)
}

func (c *CardGrid) deal(sections []Section) {
	c.sections, c.choices = sections, c.choices[:0]
	for _, section := range sections {
		c.choices = append(c.choices, section.Cards...)
	}
}

// Relabel replaces texts: the sections have as many choices as before. The focus stays, and nothing
// moves until the width changes, unless the card with the focus needs more room for all of its text.
func (c *CardGrid) Relabel(sections []Section) {
	c.deal(sections)
	if c.name != "" {
		c.name = c.sections[c.rows[c.rowOf(c.focused)].section].Name
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
		c.OnResized()
	case focused:
		c.grow()
	}
	if focused && c.grown != none {
		c.reveal(c.focused)
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
	c.reveal(choice)
	c.materialise()
	if card := c.cards[choice]; card != nil {
		had := card.focused // as another choice: it does not gain it
		c.OnFocus(card)
		if had {
			c.gained(choice)
			return
		}
	}
	c.taken()
}

// gained is called when a choice's card has the focus.
func (c *CardGrid) gained(choice int) {
	c.focused = choice
	c.grow()
	c.taken()
	c.reveal(choice)
}

// Focused returns the choice whose card last had the focus, or false if none had.
func (c *CardGrid) Focused() (int, bool) { return c.focused, c.focused != none }

// Taken returns the choice that Enter takes, or none: that of the card with the focus, or else Ready.
func (c *CardGrid) Taken() int {
	if card := c.cards[c.focused]; card != nil && card.focused {
		return c.focused
	}
	return c.Ready
}

// taken shows which card Enter takes.
func (c *CardGrid) taken() {
	c.materialise()
	c.OnTaken()
}

// Rename replaces the heading of a section, in the room that it has.
func (c *CardGrid) Rename(section int, heading []Run) {
	c.sections[section].Heading = heading
	for row, text := range c.headings {
		if c.rows[row].section == section {
			c.setHeading(text, row)
		}
	}
}

// ShowDigits sets whether the cards have digits: not while these keys have another use, as in a
// text field.
func (c *CardGrid) ShowDigits(show bool) {
	if c.digitsAway == show {
		c.digitsAway = !show
		c.materialise()
	}
}

// Move moves the focus by a number of cards, across sections. Without a focused card it goes to the
// first.
func (c *CardGrid) Move(cards int) {
	if c.focused == none {
		c.Focus(0)
		return
	}
	c.Focus(c.focused + cards)
}

// AtTop reports whether the card that last had the focus is in the first row, or none had it.
func (c *CardGrid) AtTop() bool {
	return c.focused == none || slices.IndexFunc(c.rows, func(r choiceRow) bool { return r.count > 0 }) == c.rowOf(c.focused)
}

// MoveBy moves the focus up or down by about height, to the farthest row within it, and by at least
// one row, in its column as far as there is one.
func (c *CardGrid) MoveBy(height float32) {
	if c.focused == none || len(c.rows) == 0 {
		c.Focus(0)
		return
	}
	row := c.rowOf(c.focused)
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
	column := c.focused - c.rows[row].first
	c.Focus(c.rows[to].first + min(column, c.rows[to].count-1))
}

// Show sets the visible part of the grid.
func (c *CardGrid) Show(top, bottom float32) {
	if top != c.top { // what bears the sign of the mouse is not what a click would choose
		for _, card := range c.cards {
			card.scrolled()
		}
	}
	c.top, c.bottom = top, bottom
	c.materialise()
}

// Reveal brings the card that last had the focus into view again, if one had.
func (c *CardGrid) Reveal() {
	if c.focused != none {
		c.reveal(c.focused)
	}
}

// reveal brings a card into view, with room for the heading above it if both fit.
func (c *CardGrid) reveal(choice int) {
	if len(c.rows) == 0 {
		return
	}
	const margin = 24 // may be left free above and below
	row := c.rowOf(choice)
	top := c.rows[row].y
	if c.fits(row) {
		heading := headingBelow + c.rows[c.headingOf(row)].height
		if heading+c.rows[row].height+2*margin > c.bottom-c.top {
			heading = max(0, heading-margin) // it has room in the margin
		}
		top -= heading
	}
	c.OnReveal(top, c.End(choice))
}

// headingOf returns the row of the heading above a row, or the row itself if it is a heading.
func (c *CardGrid) headingOf(row int) int {
	for row > 0 && c.rows[row].count > 0 {
		row--
	}
	return row
}

// fits reports whether a row and its heading both fit into view.
func (c *CardGrid) fits(row int) bool {
	return c.bottom <= c.top || c.rows[c.headingOf(row)].height+headingBelow+c.rows[row].height <= c.bottom-c.top
}

// pinned returns the row of the heading that stays in view above the cards at the top, and where it
// is then; none if no heading is out of view, or there is no room for it. from is the first row in
// view.
func (c *CardGrid) pinned(from int) (row int, y float32) {
	if from >= len(c.rows) {
		return none, 0
	}
	row = c.headingOf(from)
	end := max(from, row+1) // its first row of cards in view
	if end >= len(c.rows) || c.rows[row].y >= c.top || !c.fits(end) {
		return none, 0
	}
	for end+1 < len(c.rows) && c.rows[end+1].count > 0 {
		end++
	}
	return row, min(c.top, c.rows[end].y+c.rows[end].height-c.rows[row].height)
}

// named reports whether a user can see whose card a choice's is: its heading is in view, or the card
// has the focus and says so. If not, it gives the card the focus: a click must not take what its
// user cannot see.
func (c *CardGrid) named(choice int) bool {
	row := c.rowOf(choice)
	heading := c.rows[c.headingOf(row)]
	if c.fits(row) || heading.y >= c.top || c.sections[heading.section].Name == "" || choice == c.Taken() && choice == c.focused {
		return true
	}
	c.Focus(choice)
	c.OnShown()
	return false
}

// End returns where the row of a choice ends. It is zero before the first layout.
func (c *CardGrid) End(choice int) float32 {
	if len(c.rows) == 0 {
		return 0
	}
	row := c.rows[c.rowOf(choice)]
	return row.y + row.height
}

// Seen reports whether the title of a choice's card is in view. If it is not, it brings the card into
// view: a key must not take what its user cannot see.
func (c *CardGrid) Seen(choice int) bool {
	if len(c.rows) == 0 {
		return false
	}
	row := c.rowOf(choice)
	title, top := c.rows[row].y+cardTop, c.top
	if heading, y := c.pinned(row); heading != none {
		top = y + c.rows[heading].height
	}
	if line := c.ruler.title.MinSize().Height; title >= top && title+line <= c.bottom {
		return true
	}
	c.reveal(choice)
	c.OnShown()
	return false
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
	if c.sizes != sizes { // all was measured with the old ones
		c.spareCards, c.spareTexts, c.letters, c.heights, c.ruler = nil, nil, map[Style]*letterWidths{}, nil, NewRoleCard()
	}
	c.width, c.sizes = width, sizes
	least := th.Size(SizeCard)
	columns := max(1, int((width+choiceGap)/(least+choiceGap)))
	cardWidth := whole((width-float32(columns-1)*choiceGap)/float32(columns) - 0.5)
	if c.heights == nil || c.cardWidth != cardWidth || len(c.heights) > mostHeights {
		c.heights = map[*Card]float32{}
	}
	c.cardWidth = cardWidth
	c.tall = c.tallest()

	c.rows = c.rows[:0]
	y, first := float32(0), 0
	heading := newHeading()
	oneLine := heading.HeightFor(width)
	for i, section := range c.sections {
		if i > 0 {
			y += sectionAbove
		}
		height := oneLine
		if !c.surelyWithin(heading, section.Heading, width) {
			heading.SetRuns(section.Heading...)
			height = heading.HeightFor(width)
		}
		c.rows = append(c.rows, choiceRow{section: i, first: first, y: y, height: height})
		y += height + headingBelow
		for left := len(section.Cards); left > 0; left -= columns {
			count, height := min(left, columns), c.tall[i]
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
	c.release(0, 0, none, c.focused) // every position has changed
}

// grow lets the focused card show all of its text beside the key, and the previous one no longer.
func (c *CardGrid) grow() {
	grown := none
	c.name = ""
	if c.cardWidth > 0 && len(c.rows) > 0 {
		section := c.rows[c.rowOf(c.focused)].section
		if !c.fits(c.rowOf(c.focused)) {
			c.name = c.sections[section].Name
		}
		c.ruler.Set(c.marked(c.choices[c.focused], c.name))
		if c.ruler.Cut(c.cardWidth) || c.ruler.HeightFor(c.cardWidth) > c.tall[section] {
			grown = c.focused
		}
	}
	if grown == c.grown {
		return
	}
	c.grown, c.width = grown, 0
	c.OnResized()
}

// wholeHeight returns the height of the card that shows all of its text.
func (c *CardGrid) wholeHeight() float32 {
	whole := c.marked(c.choices[c.grown], c.name)
	whole.Whole = true
	c.ruler.Set(whole)
	return c.ruler.HeightFor(c.cardWidth)
}

// marked returns a card as it is when Enter takes it, with the name of its section unless that is "".
func (c *CardGrid) marked(card *Card, name string) Card {
	marked := *card
	marked.Key = c.Enter
	if name != "" {
		marked.Lines = slices.Concat([]string{name}, marked.Lines)
	}
	return marked
}

// tallest returns the height of each section's cards: the greatest needed in any section that is
// not apart.
func (c *CardGrid) tallest() []float32 {
	heights, shared, choice := make([]float32, len(c.sections)), float32(0), 0
	for i, section := range c.sections {
		for _, card := range section.Cards {
			heights[i] = max(heights[i], c.heightOf(card, choice == c.Ready))
			choice++
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

// mostHeights bounds what is kept: more than all roles, and a screen of long names.
const mostHeights = 1000

// heightOf returns the height of a card, with the key if Enter takes it at first. It is kept, so that
// a key in a search measures nothing.
func (c *CardGrid) heightOf(card *Card, ready bool) float32 {
	height, known := c.heights[card]
	if !known {
		measured := *card
		if ready {
			measured = c.marked(card, "")
		}
		c.ruler.Set(measured)
		height = c.ruler.HeightFor(c.cardWidth)
		c.heights[card] = height
	}
	return height
}

// letterWidths are the widths of the letters of Latin-1 in one style; 0 is not measured yet.
type letterWidths [256]float32

// surelyWithin reports whether a heading certainly fits on one line: the sum of its letters' widths,
// each rounded up, exceeds the text's. Measuring thousands of headings would be slow, and nearly all
// are short.
func (c *CardGrid) surelyWithin(heading *Text, runs []Run, width float32) bool {
	for _, run := range runs {
		widths := c.letters[run.Style]
		if widths == nil {
			widths = &letterWidths{}
			c.letters[run.Style] = widths
		}
		for _, letter := range run.Text {
			if int(letter) >= len(widths) {
				return false
			}
			if widths[letter] == 0 {
				widths[letter] = heading.measure(string(letter), run.Style).width + 0.25
			}
			width -= widths[letter]
		}
	}
	return width >= 0
}

// release makes spare all cards and headings but those in some rows, one more heading, and the card
// of one choice.
func (c *CardGrid) release(from, to, pinned, kept int) {
	within := func(row int) bool { return row >= from && row < to }
	for choice, card := range c.cards {
		if choice != kept && !within(c.rowOf(choice)) {
			c.spareCards = append(c.spareCards, card)
			delete(c.cards, choice)
		}
	}
	for row, heading := range c.headings {
		if row != pinned && !within(row) {
			c.spareTexts = append(c.spareTexts, heading)
			delete(c.headings, row)
		}
	}
}

// materialise makes what is visible, and releases the rest. The Tab stop stays: Fyne keeps sending
// keys to the card with the focus, and it must not become another role under the user's fingers.
func (c *CardGrid) materialise() {
	from := sort.Search(len(c.rows), func(i int) bool { return c.rows[i].y+c.rows[i].height > c.top })
	to := sort.Search(len(c.rows), func(i int) bool { return c.rows[i].y >= c.bottom })
	pinned, at := c.pinned(from)
	c.release(from, to, pinned, c.stop())

	objects := append(make([]fyne.CanvasObject, 0, len(c.box.Objects)+1), c.ground)
	row := none // of the Tab stop
	if len(c.choices) > 0 {
		row = c.rowOf(c.stop())
	}
	if row != none && row < from {
		objects = append(objects, c.showCard(c.stop(), row))
	}
	for row := from; row < to; row++ {
		objects = c.showRow(objects, row)
	}
	if row >= to {
		objects = append(objects, c.showCard(c.stop(), row))
	}
	if pinned != none {
		heading := c.showHeading(pinned, at)
		const beside = 8 // covers the ring around a card with the focus
		Put(c.shade, -beside, at-beside, c.width+2*beside, heading.Size().Height+beside+headingBelow/2)
		objects = append(slices.DeleteFunc(objects, func(o fyne.CanvasObject) bool { return o == heading }), c.shade, heading)
	}
	if !slices.Equal(objects, c.box.Objects) {
		c.box.Objects = objects
		canvas.Refresh(c.box)
	}
}

// stop returns the choice whose card is the Tab stop.
func (c *CardGrid) stop() int { return max(0, c.focused) }

// showRow places the heading or the cards of a row, and adds them to objects.
func (c *CardGrid) showRow(objects []fyne.CanvasObject, row int) []fyne.CanvasObject {
	r := c.rows[row]
	if r.count == 0 {
		return append(objects, c.showHeading(row, r.y))
	}
	for choice := r.first; choice < r.first+r.count; choice++ {
		objects = append(objects, c.showCard(choice, row))
	}
	return objects
}

// showHeading places the heading of a row.
func (c *CardGrid) showHeading(row int, y float32) fyne.CanvasObject {
	heading := c.headings[row]
	if heading == nil {
		heading = c.spareText()
		c.setHeading(heading, row)
		c.headings[row] = heading
	}
	Put(heading, 0, y, c.width, c.rows[row].height)
	return heading
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

func (c *CardGrid) showCard(choice, row int) *RoleCard {
	card := c.cards[choice]
	if card == nil {
		card = c.spareCard()
		card.index = choice
		c.cards[choice] = card
	}
	shown := *c.choices[choice]
	switch {
	case choice == c.Taken() && choice == c.focused:
		shown = c.marked(c.choices[choice], c.name)
	case choice == c.Taken():
		shown.Key = c.Enter
	}
	shown.Whole = choice == c.grown
	if c.digitsAway {
		shown.Digits = ""
	}
	card.Set(shown)
	x := float32(choice-c.rows[row].first) * (c.cardWidth + choiceGap)
	Put(card, x, c.rows[row].y, c.cardWidth, c.rows[row].height)
	return card
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

func (c *CardGrid) spareCard() *RoleCard {
	if n := len(c.spareCards); n > 0 {
		card := c.spareCards[n-1]
		c.spareCards = c.spareCards[:n-1]
		card.forget()
		return card
	}
	card := NewRoleCard()
	card.Skipped = func() bool { return card.index != c.stop() }
	card.Counts = func(at fyne.Position) bool { return c.Counts(at) && c.named(card.index) }
	card.KeyCounts = func(key *fyne.KeyEvent) bool { return c.KeyCounts(key) && c.Seen(card.index) }
	card.OnTapped = func() { c.OnChosen(card.index) }
	card.OnStar = func() { c.OnStar(card.index) }
	card.OnFocus = func() { c.gained(card.index) }
	card.OnBlur = c.taken
	card.OnMouse = func(event *desktop.MouseEvent) {
		if event == nil {
			c.OnCut(nil, fyne.Position{})
			return
		}
		c.OnCut(card.Tip(), event.AbsolutePosition)
	}
	card.OnKey = func(key *fyne.KeyEvent) { c.OnKey(key) }
	card.OnRune = func(r rune) { c.OnRune(r) }
	return card
}

// headingAt returns the full text of the heading at a position, if it is cut.
func (c *CardGrid) headingAt(at fyne.Position) []string {
	for _, heading := range c.headings {
		if y := heading.Position().Y; at.Y >= y && at.Y < y+heading.Size().Height && heading.Cut(c.width) {
			return []string{heading.AccessibilityLabel()}
		}
	}
	return nil
}

var _ desktop.Hoverable = (*headingGround)(nil)

// headingGround is behind everything and detects the mouse on a heading: headings are texts, which
// do not receive the mouse, unlike cards.
type headingGround struct {
	unseen
	of *CardGrid
}

func (g *headingGround) MouseIn(event *desktop.MouseEvent) { g.MouseMoved(event) }

func (g *headingGround) MouseMoved(event *desktop.MouseEvent) {
	g.of.OnCut(g.of.headingAt(event.Position), event.AbsolutePosition)
}

func (g *headingGround) MouseOut() { g.of.OnCut(nil, fyne.Position{}) }
