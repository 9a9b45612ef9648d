package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Focusable    = (*SearchField)(nil)
	_ fyne.Shortcutable = (*SearchField)(nil)
	_ Tall              = (*SearchField)(nil)
)

// SearchField is a text field for a search: Fyne's entry, with our focus ring and a name for screen
// readers. Enter, Escape and the keys up and down are not the field's own: there is a list below
// it.
type SearchField struct {
	widget.Entry
	// OnKey receives the keys that the field does not use.
	OnKey func(*fyne.KeyEvent)
	// OnFocus is called when the field gains the focus, so that a page can bring it into view, and OnBlur when it has lost it.
	OnFocus, OnBlur func()
	// OnCleared is called when the field was emptied by its cross.
	OnCleared func()

	name    string
	focused bool
	cross   *cross
}

// NewSearchField returns an empty field. name is the screen reader's label, hint is shown while the
// field is empty.
func NewSearchField(name, hint string, changed func(string)) *SearchField {
	f := &SearchField{name: name}
	f.cross = extended(&cross{of: f})
	f.cross.Hidden = true
	f.PlaceHolder, f.ActionItem = hint, f.cross
	f.OnChanged = func(text string) {
		f.cross.Hidden = text == ""
		f.cross.Refresh()
		changed(text)
	}
	f.Wrapping, f.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	return extended(f)
}

// AccessibilityLabel returns the name, and what was typed.
func (f *SearchField) AccessibilityLabel() string {
	if f.Text == "" {
		return f.name
	}
	return f.name + ", " + f.Text
}

// AccessibilityRole is text: Fyne 2.8 has no role for a field.
func (f *SearchField) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// MinSize is the preferred size: that of a card and a half.
func (f *SearchField) MinSize() fyne.Size {
	return fyne.NewSize(whole(theme.SizeForWidget(SizeCard, f)*1.64), f.Entry.MinSize().Height)
}

// HeightFor returns the height, which is the same at any width.
func (f *SearchField) HeightFor(float32) float32 { return f.MinSize().Height }

// FocusGained is called by Fyne.
func (f *SearchField) FocusGained() {
	f.focused = true
	f.Entry.FocusGained()
	if f.OnFocus != nil {
		f.OnFocus()
	}
}

// FocusLost is called by Fyne.
func (f *SearchField) FocusLost() {
	f.focused = false
	f.Entry.FocusLost()
	if f.OnBlur != nil {
		f.OnBlur()
	}
}

// TypedKey is called by Fyne.
func (f *SearchField) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown, fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape,
		fyne.KeyF1, fyne.KeyF2, fyne.KeyF9:
		if f.OnKey != nil {
			f.OnKey(key)
		}
	default:
		f.Entry.TypedKey(key)
	}
}

// CreateRenderer is called by Fyne.
func (f *SearchField) CreateRenderer() fyne.WidgetRenderer {
	r := &searchRenderer{WidgetRenderer: f.Entry.CreateRenderer(), field: f, ring: newFocusRing(f, searchRadius),
		ground: &canvas.Rectangle{CornerRadius: searchRadius}}
	r.Refresh()
	r.Layout(f.Size())
	return r
}

const searchRadius = 4

// searchRenderer draws the ring behind Fyne's entry.
type searchRenderer struct {
	fyne.WidgetRenderer
	field  *SearchField
	ring   focusRing
	ground *canvas.Rectangle
}

func (r *searchRenderer) Objects() []fyne.CanvasObject {
	return append([]fyne.CanvasObject{r.ring.outer, r.ring.inner, r.ground}, r.WidgetRenderer.Objects()...)
}

func (r *searchRenderer) Layout(size fyne.Size) {
	r.ring.lay(size)
	Put(r.ground, focusInner, focusInner, size.Width-2*focusInner, size.Height-2*focusInner)
	r.WidgetRenderer.Layout(size)
}

func (r *searchRenderer) Refresh() {
	r.ring.show(r.field.focused)
	r.ring.outer.Refresh()
	r.ring.inner.Refresh()
	r.ground.FillColor = colorOf(r.field, ColorSurface)
	r.ground.Refresh()
	r.WidgetRenderer.Refresh()
}

var (
	_ fyne.Tappable      = (*cross)(nil)
	_ desktop.Hoverable  = (*cross)(nil)
	_ desktop.Cursorable = (*cross)(nil)
)

const (
	crossSide = 36 // of what can be pressed
	crossArm  = 0.4
)

// cross empties the search field that it is in. It is for the mouse, as the keyboard has Escape.
type cross struct {
	hoverable
	of *SearchField
}

func (c *cross) Tapped(*fyne.PointEvent) {
	c.of.SetText("")
	if c.of.OnCleared != nil {
		c.of.OnCleared()
	}
}

// Cursor is the hand of pressable controls.
func (c *cross) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MinSize is what can be pressed; the field has its own height.
func (c *cross) MinSize() fyne.Size { return fyne.NewSize(crossSide, 0) }

func (c *cross) CreateRenderer() fyne.WidgetRenderer {
	down, up := &canvas.Line{StrokeWidth: 2}, &canvas.Line{StrokeWidth: 2}
	paint := func() {
		color := ColorSecondary
		if c.hovered {
			color = ColorPrimary
		}
		down.StrokeColor, up.StrokeColor = colorOf(c, color), colorOf(c, color)
	}
	lay := func(size fyne.Size) {
		arm := theme.SizeForWidget(SizeBody, c) * crossArm
		x, y := size.Width/2, size.Height/2
		down.Position1, down.Position2 = fyne.NewPos(x-arm, y-arm), fyne.NewPos(x+arm, y+arm)
		up.Position1, up.Position2 = fyne.NewPos(x-arm, y+arm), fyne.NewPos(x+arm, y-arm)
	}
	return draw(c, paint, lay, down, up)
}
