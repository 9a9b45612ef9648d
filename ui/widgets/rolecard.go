package widgets

import (
	"reflect"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
)

var (
	_ control          = (*RoleCard)(nil)
	_ fyne.Disableable = (*RoleCard)(nil)
)

// Card is the content of a card.
type Card struct {
	// Title names the choice, and Lines describe it. Each takes two lines at most, unless Whole is
	// set.
	Title string
	Lines []string
	Whole bool
	// Spare leaves room for one more line: see [CardGrid.Relabel].
	Spare bool
	// Key is the key that chooses the card (see [CardGrid.Enter]), and Digits those that do so outside
	// of a text field. They are shown in its corner.
	Key, Digits string
	// Accent adds a bar at the card's left.
	Accent bool
	// Star is the picture of a star, or nil: pressing it differs from pressing the card, and StarTip
	// says what it does. Starred is the screen reader's label for a card whose star is set, empty for
	// any other.
	Star             fyne.Resource
	StarTip, Starred string
}

// keys returns the keys that choose the card.
func (c Card) keys() []string {
	var keys []string
	if c.Key != "" {
		keys = append(keys, c.Key)
	}
	for _, digit := range c.Digits {
		keys = append(keys, string(digit))
	}
	return keys
}

const (
	cardRadius = 6
	cardPad    = 17
	cardTop    = 15
	cardBottom = 14
	cardGap    = 3
	cardLeast  = 96
	cardAccent = 6
	cardKey    = 13
	cardLines  = 2
	cardStar   = 11 // between the star and the card's edges
)

// RoleCard is a card that is chosen by mouse, Enter or Space.
type RoleCard struct {
	pressable
	// OnStar is called when the star is pressed.
	OnStar func()
	// Skipped reports whether Tab passes over the card; nil means that it does not.
	Skipped func() bool

	choice Card
	index  int  // of the choice in its grid
	onStar bool // the mouse is on the star
	title  *Text
	lines  []*Text
	key    *Badge
}

// NewRoleCard returns an empty card; [RoleCard.Set] fills it.
func NewRoleCard() *RoleCard {
	c := &RoleCard{
		title: NewText("", Style{Size: SizeBody, Color: ColorPrimary, Bold: true}),
		key:   NewBadge("", Key),
	}
	c.title.Lines = cardLines
	return extended(c)
}

// Set shows a choice.
func (c *RoleCard) Set(choice Card) {
	if reflect.DeepEqual(c.choice, choice) {
		return
	}
	c.choice = choice
	c.title.SetText(choice.Title)
	c.key.SetText(strings.Join(choice.keys(), " · "))
	for len(c.lines) < len(choice.Lines) {
		line := NewText("", Style{Size: SizeDetail, Color: ColorSecondary})
		c.lines = append(c.lines, line)
	}
	c.lines = c.lines[:len(choice.Lines)]
	most := cardLines
	if choice.Whole {
		most = 0
	}
	c.title.SetLines(most)
	for i, line := range choice.Lines {
		c.lines[i].SetLines(most)
		c.lines[i].SetText(line)
	}
	c.Refresh()
}

// AccessibilityLabel returns the card's whole text.
func (c *RoleCard) AccessibilityLabel() string {
	said := append([]string{c.choice.Title}, c.choice.Lines...)
	if c.choice.Starred != "" {
		said = append(said, c.choice.Starred)
	}
	return strings.Join(append(said, c.choice.keys()...), ", ")
}

// Tapped is called by Fyne for a click.
func (c *RoleCard) Tapped(event *fyne.PointEvent) {
	switch {
	case !c.counts(event):
	case c.OnStar != nil && event != nil && c.starAt(event.Position):
		c.OnStar()
	default:
		c.press()
	}
}

// starAt reports whether a position on the card is on its star.
func (c *RoleCard) starAt(at fyne.Position) bool {
	side := c.starSide() + 2*cardStar
	return c.choice.Star != nil && at.X > c.Size().Width-side && at.Y > c.Size().Height-side
}

// MouseIn is called by Fyne.
func (c *RoleCard) MouseIn(event *desktop.MouseEvent) {
	c.onStar = event != nil && c.starAt(event.Position)
	c.pressable.MouseIn(event)
}

// MouseMoved is called by Fyne.
func (c *RoleCard) MouseMoved(event *desktop.MouseEvent) {
	c.onStar = event != nil && c.starAt(event.Position)
	c.pressable.MouseMoved(event)
}

// Disabled reports whether Tab passes over the card, which is all that Fyne asks this for. A card
// that Tab passes over is chosen by mouse, arrows and keys as any other.
func (c *RoleCard) Disabled() bool { return c.Skipped != nil && c.Skipped() }

// Enable does nothing: see [RoleCard.Disabled].
func (c *RoleCard) Enable() {}

// Disable does nothing: see [RoleCard.Disabled].
func (c *RoleCard) Disable() {}

func (c *RoleCard) starSide() float32 { return whole(theme.SizeForWidget(SizeBody, c) * 1.2) }

// HeightFor returns the height at a width.
func (c *RoleCard) HeightFor(width float32) float32 {
	return c.place(width, nowhere)
}

// Cut reports whether a card of a width leaves out some of its text.
func (c *RoleCard) Cut(width float32) bool { return len(c.cut(width)) > 0 }

// cut returns the texts of which a card of a width leaves out some.
func (c *RoleCard) cut(width float32) []string {
	var texts []string
	c.place(width, func(object fyne.CanvasObject, _, _, within, _ float32) {
		if text, ok := object.(*Text); ok && text.Cut(within) {
			texts = append(texts, text.String())
		}
	})
	return texts
}

// Tip returns what the card does not show where the mouse is: what the star does, or the full text
// of those that the card cuts.
func (c *RoleCard) Tip() []string {
	if c.onStar {
		return []string{c.choice.StarTip}
	}
	return c.cut(c.Size().Width)
}

// place calls at with the position of each text, and returns the card's height.
func (c *RoleCard) place(width float32, at Place) float32 {
	left := float32(cardPad)
	within := width - left - cardPad
	beside := float32(0)
	if c.key.AccessibilityLabel() != "" {
		key := c.key.MinSize()
		beside = key.Width + cardKey - cardPad + 8
		at(c.key, width-cardKey-key.Width, cardKey, key.Width, key.Height)
	}
	c.title.SetBeside(beside)
	y := float32(cardTop)
	height := c.title.HeightFor(within)
	at(c.title, left, y, within, height)
	y += height + cardGap
	if c.choice.Star != nil {
		within -= c.starSide()
	}
	for _, line := range c.lines {
		height = line.HeightFor(within)
		at(line, left, y, within, height)
		y += height
	}
	if n := len(c.lines); n > 0 && c.choice.Spare {
		y += c.lines[n-1].MinSize().Height
	}
	return max(y+cardBottom, cardLeast)
}

// CreateRenderer is called by Fyne.
func (c *RoleCard) CreateRenderer() fyne.WidgetRenderer {
	ring, edge := newFocusRing(c, cardRadius), &canvas.Rectangle{CornerRadius: cardRadius}
	accent, face, star := &canvas.Rectangle{}, &canvas.Rectangle{}, &canvas.Image{FillMode: canvas.ImageFillContain}
	accent.TopLeftCornerRadius, accent.BottomLeftCornerRadius = cardRadius, cardRadius
	r := &renderer{of: c}
	r.paint = func() {
		ring.show(c.focused)
		edge.FillColor, accent.FillColor = colorOf(c, ColorLine), colorOf(c, ColorPrimary)
		face.FillColor = colorOf(c, c.tint(ColorSurface, ColorHover, ColorPressed))
		edge.Shadow = canvas.Shadow{Color: colorOf(c, ColorShadow), BlurRadius: 2, Offset: fyne.NewPos(0, 1)}
		edge.Hidden, accent.Hidden = c.focused, !c.choice.Accent
		r.objects = append(r.objects[:0], ring.outer, ring.inner, edge, accent, face, c.title)
		for _, line := range c.lines {
			r.objects = append(r.objects, line)
		}
		if c.key.AccessibilityLabel() != "" {
			r.objects = append(r.objects, c.key)
		}
		if c.choice.Star != nil {
			star.Resource = c.choice.Star
			r.objects = append(r.objects, star)
		}
	}
	r.lay = func(size fyne.Size) {
		edge.Resize(size)
		ring.lay(size)
		border := float32(1)
		if c.focused {
			border = focusInner
		}
		left, corner := border, float32(0)
		if c.choice.Accent {
			left, corner = cardAccent, square
		}
		accent.Resize(fyne.NewSize(cardAccent, size.Height))
		face.CornerRadius, face.TopLeftCornerRadius, face.BottomLeftCornerRadius = cardRadius-border, corner, corner
		Put(face, left, border, size.Width-left-border, size.Height-2*border)
		side := c.starSide()
		Put(star, size.Width-side-cardStar, size.Height-side-cardStar, side, side)
		c.place(size.Width, Put)
	}
	r.Refresh()
	return r
}
