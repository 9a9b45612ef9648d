package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

var (
	_ fyne.Widget       = (*SearchField)(nil)
	_ fyne.Accessible   = (*SearchField)(nil)
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

	name    string
	focused bool
}

// NewSearchField returns an empty field. name is the screen reader's label, hint is shown while the
// field is empty.
func NewSearchField(name, hint string, changed func(string)) *SearchField {
	f := &SearchField{name: name}
	f.PlaceHolder, f.OnChanged = hint, changed
	f.Wrapping, f.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	f.ExtendBaseWidget(f)
	return f
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

// Natural returns the preferred size: that of a card and a half.
func (f *SearchField) Natural() fyne.Size {
	return fyne.NewSize(whole(theme.SizeForWidget(SizeCard, f)*1.64), f.MinSize().Height)
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
	f.ExtendBaseWidget(f)
	r := &searchRenderer{WidgetRenderer: f.Entry.CreateRenderer(), field: f, ring: NewFocusRing(f, searchRadius),
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
	ring   *FocusRing
	ground *canvas.Rectangle
}

func (r *searchRenderer) Objects() []fyne.CanvasObject {
	return append(append(r.ring.Objects(), r.ground), r.WidgetRenderer.Objects()...)
}

func (r *searchRenderer) Layout(size fyne.Size) {
	r.ring.Layout(size)
	place(r.ground, FocusInner, FocusInner, size.Width-2*FocusInner, size.Height-2*FocusInner)
	r.WidgetRenderer.Layout(size)
}

func (r *searchRenderer) Refresh() {
	r.ring.Show(r.field.focused)
	r.ground.FillColor = colorOf(r.field, ColorSurface)
	r.ground.Refresh()
	r.WidgetRenderer.Refresh()
}
