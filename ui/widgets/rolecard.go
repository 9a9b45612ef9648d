package widgets

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
)

var (
	_ fyne.Widget       = (*RoleCard)(nil)
	_ fyne.Accessible   = (*RoleCard)(nil)
	_ fyne.Focusable    = (*RoleCard)(nil)
	_ fyne.Tappable     = (*RoleCard)(nil)
	_ desktop.Hoverable = (*RoleCard)(nil)
	_ desktop.Mouseable = (*RoleCard)(nil)
	_ desktop.Keyable   = (*RoleCard)(nil)
	_ Tall              = (*RoleCard)(nil)
)

// Choice is the content of a card.
type Choice struct {
	// Title names the choice, and Lines describe it. Each takes two lines at most, unless Whole is
	// set.
	Title string
	Lines []string
	Whole bool
	// Key is the key that chooses the card, shown in its corner.
	Key string
	// Accent adds a bar at the card's left.
	Accent bool
	// Star is the picture of a star, or nil: pressing it differs from pressing the card. Starred is
	// the screen reader's label for a card whose star is set, empty for any other.
	Star    fyne.Resource
	Starred string
}

func (c Choice) equal(other Choice) bool {
	return c.Title == other.Title && c.Whole == other.Whole && c.Key == other.Key && c.Accent == other.Accent &&
		c.Star == other.Star && c.Starred == other.Starred && slices.Equal(c.Lines, other.Lines)
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

	choice Choice
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
	c.ExtendBaseWidget(c)
	return c
}

// Set shows a choice.
func (c *RoleCard) Set(choice Choice) {
	if c.choice.equal(choice) {
		return
	}
	c.choice = choice
	c.title.SetText(choice.Title)
	c.key.SetText(choice.Key)
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
	if c.choice.Key != "" {
		said = append(said, c.choice.Key)
	}
	return strings.Join(said, ", ")
}

// AccessibilityRole is button.
func (c *RoleCard) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by Fyne for a click.
func (c *RoleCard) Tapped(event *fyne.PointEvent) {
	if side := c.starSide(); c.choice.Star != nil && c.OnStar != nil && event != nil &&
		event.Position.X > c.Size().Width-side-2*cardStar && event.Position.Y > c.Size().Height-side-2*cardStar {
		c.OnStar()
		return
	}
	c.press()
}

func (c *RoleCard) starSide() float32 { return whole(theme.SizeForWidget(SizeBody, c) * 1.2) }

// HeightFor returns the height at a width.
func (c *RoleCard) HeightFor(width float32) float32 {
	return c.place(width, func(fyne.CanvasObject, float32, float32, float32, float32) {})
}

// Cut reports whether a card of a width leaves out some of its text.
func (c *RoleCard) Cut(width float32) bool {
	cut := false
	c.place(width, func(object fyne.CanvasObject, _, _, within, _ float32) {
		if text, ok := object.(*Text); ok {
			cut = cut || text.Cut(within)
		}
	})
	return cut
}

// Left returns the full text of those that the card cuts.
func (c *RoleCard) Left() []string {
	var left []string
	c.place(c.Size().Width, func(object fyne.CanvasObject, _, _, within, _ float32) {
		if text, ok := object.(*Text); ok && text.Cut(within) {
			left = append(left, text.String())
		}
	})
	return left
}

// MinSize is a card's minimum width, and its height at that width.
func (c *RoleCard) MinSize() fyne.Size {
	width := theme.SizeForWidget(SizeCard, c)
	return fyne.NewSize(width, c.HeightFor(width))
}

// place calls at with the position of each text, and returns the card's height.
func (c *RoleCard) place(width float32, at func(object fyne.CanvasObject, x, y, w, h float32)) float32 {
	left := float32(cardPad)
	if c.choice.Accent {
		left += cardAccent - 1
	}
	within := width - left - cardPad
	key := c.key.MinSize() // Room is kept for a key that the card does not bear now: titles must not jump while it is scrolled.
	at(c.key, width-cardKey-key.Width, cardKey, key.Width, key.Height)
	titleWidth := width - left - cardKey - key.Width - 8
	y := float32(cardTop)
	height := c.title.HeightFor(titleWidth)
	at(c.title, left, y, titleWidth, height)
	y += height + cardGap
	if c.choice.Star != nil {
		within -= c.starSide()
	}
	for _, line := range c.lines {
		height = line.HeightFor(within)
		at(line, left, y, within, height)
		y += height
	}
	return max(y+cardBottom, cardLeast)
}

// CreateRenderer is called by Fyne.
func (c *RoleCard) CreateRenderer() fyne.WidgetRenderer {
	c.ExtendBaseWidget(c)
	r := &roleCardRenderer{card: c, ring: NewFocusRing(c, cardRadius), edge: &canvas.Rectangle{CornerRadius: cardRadius},
		accent: &canvas.Rectangle{}, face: &canvas.Rectangle{}, star: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.Refresh()
	return r
}

type roleCardRenderer struct {
	card               *RoleCard
	ring               *FocusRing
	edge, accent, face *canvas.Rectangle
	star               *canvas.Image
	objects            []fyne.CanvasObject
}

func (r *roleCardRenderer) Destroy() {}

func (r *roleCardRenderer) MinSize() fyne.Size { return r.card.MinSize() }

func (r *roleCardRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *roleCardRenderer) Layout(size fyne.Size) {
	r.edge.Resize(size)
	r.ring.Layout(size)
	border := float32(1)
	if r.card.focused {
		border = FocusInner
	}
	left := border
	if r.card.choice.Accent {
		left = cardAccent
	}
	place(r.accent, 0, 0, cardAccent, size.Height)
	r.accent.TopLeftCornerRadius, r.accent.BottomLeftCornerRadius = cardRadius, cardRadius
	r.face.CornerRadius = cardRadius - border
	if r.card.choice.Accent {
		r.face.TopLeftCornerRadius, r.face.BottomLeftCornerRadius = square, square
	} else {
		r.face.TopLeftCornerRadius, r.face.BottomLeftCornerRadius = 0, 0
	}
	place(r.face, left, border, size.Width-left-border, size.Height-2*border)
	side := r.card.starSide()
	place(r.star, size.Width-side-cardStar, size.Height-side-cardStar, side, side)
	r.card.place(size.Width, place)
}

func (r *roleCardRenderer) Refresh() {
	c := r.card
	face := ColorSurface
	switch {
	case c.held:
		face = ColorPressed
	case c.hovered:
		face = ColorHover
	}
	r.edge.FillColor, r.accent.FillColor, r.face.FillColor = colorOf(c, ColorLine), colorOf(c, ColorPrimary), colorOf(c, face)
	r.edge.Shadow = canvas.Shadow{Color: colorOf(c, ColorShadow), BlurRadius: 2, Offset: fyne.NewPos(0, 1)}
	r.edge.Hidden = c.focused
	r.accent.Hidden = !c.choice.Accent
	r.ring.Show(c.focused)
	r.objects = append(append(r.objects[:0], r.ring.Objects()...), r.edge, r.accent, r.face, c.title)
	for _, line := range c.lines {
		r.objects = append(r.objects, line)
	}
	if c.choice.Key != "" {
		r.objects = append(r.objects, c.key)
	}
	if c.choice.Star != nil {
		r.star.Resource = c.choice.Star
		r.objects = append(r.objects, r.star)
	}
	for _, object := range r.objects {
		object.Refresh()
	}
	r.Layout(c.Size())
	canvas.Refresh(c)
}
