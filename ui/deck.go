package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ui/widgets"
)

// deck is what the pages of cards share: the grid, the search field above it, and their keys. Typing
// anything but a digit searches, and a digit chooses.
type deck struct {
	still
	dealer dealer
	// searches: there is a search field. numbers: it is for numbers, so that digits are searched.
	searches, numbers bool

	search         *widgets.SearchField
	found, nothing *widgets.Text
	results        *fyne.Container // found, and the link that shows all cards
	choices        *widgets.CardGrid
}

// dealer is the page of a deck. Choices are counted from 0.
type dealer interface {
	// fill makes the cards for the present search.
	fill()
	// choose takes a choice, and toggleFavourite sets or takes its star.
	choose(choice int)
	toggleFavourite(choice int)
	// digitsOf returns the digits that take a choice.
	digitsOf(choice int) string
	// taken says what Enter takes, which may be another card now, and reports whether that needs another
	// layout.
	taken() bool
	// leave goes back from the page, and reports whether it can.
	leave() bool
}

// open makes the deck of a page. wanted is what can be searched, and all the link that ends a search.
func (d *deck) open(w *Window, dealer dealer, wanted, all string, searches bool) {
	d.w, d.dealer, d.searches = w, dealer, searches
	d.choices, d.found, d.nothing = widgets.NewCardGrid(nil), widgets.NewText("", detailStyle), widgets.NewText("", bodyStyle)
	shown := w.shown
	w.typed = w.settings.Now()
	current := func(do func(int)) func(int) {
		return func(choice int) {
			if shown == w.shown {
				do(choice)
			}
		}
	}
	d.choices.Counts, d.choices.KeyCounts = w.clickCounts, w.keyEventCounts
	d.choices.OnChosen, d.choices.OnStar = current(dealer.choose), current(dealer.toggleFavourite)
	d.choices.OnFocus, d.choices.OnCut = w.focus, w.tip.Over
	d.choices.OnReveal = func(top, bottom float32) {
		if y, found := w.viewport.OffsetOf(d.choices.Object()); found {
			w.viewport.Reveal(y+top, y+bottom)
		}
	}
	// The second half of a double press does not choose the card that the first has brought into view.
	d.choices.OnShown = func() { w.scenes++ }
	d.choices.OnResized = w.viewport.Relayout
	d.choices.Enter, d.choices.OnTaken = lang.L("Enter"), func() {
		if dealer.taken() {
			w.viewport.Relayout()
		}
	}
	d.choices.OnKey, d.choices.OnRune = w.typedKey, w.typedRune
	d.search = widgets.NewSearchField(wanted, wanted+"   ("+shortcut("Ctrl+F", "⌘F")+")", func(string) { d.filter() })
	d.search.OnKey = w.typedKey
	d.search.OnFocus = func() {
		d.choices.ShowDigits(false) // digits are text now
		d.reveal(d.search)
	}
	d.search.OnBlur = func() { d.choices.ShowDigits(true) }
	d.search.OnCleared = func() { w.focus(d.search) }

	link := widgets.NewLink(widgets.SmallLink, all, func() { d.clear() })
	w.listen(link)
	d.results = widgets.Middle(8, 2, d.found, link)
}

// lay lays out the page: a heading with buttons beside it, the help, the search and the cards.
func (d *deck) lay(heading fyne.CanvasObject, buttons ...fyne.CanvasObject) {
	searching := widgets.Giving(14, 6, d.search, d.results)
	searching.Hidden = !d.searches
	d.content = page(widgets.Corner(24, heading, widgets.Flow(12, 12, append(buttons, d.help.button)...), widgets.Column(
		widgets.Row{Object: d.help.box, Above: 20},
		widgets.Row{Object: searching, Above: 16},
		widgets.Row{Object: d.nothing, Above: 20},
		widgets.Row{Object: d.choices.Object(), Above: 20},
	)))
}

// appear gives the focus to the card that Enter takes. Without one, as on first use, an Enter that
// was pressed once too often must not take what happens to be first.
func (d *deck) appear() {
	if d.choices.Ready == none {
		d.w.win.Canvas().Unfocus()
		return
	}
	d.choices.Focus(d.choices.Ready)
}

func (d *deck) moved(top, bottom float32) {
	if y, found := d.w.viewport.OffsetOf(d.choices.Object()); found {
		d.choices.Show(top-y, bottom-y)
	}
}

// query returns what is searched, or "".
func (d *deck) query() string { return strings.TrimSpace(d.search.Text) }

// searching reports whether the search field has the focus.
func (d *deck) searching() bool { return d.w.win.Canvas().Focused() == fyne.Focusable(d.search) }

// key handles the keys of the cards, and those of the search field that do not edit its text.
func (d *deck) key(key *fyne.KeyEvent) bool {
	switch key.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown:
		if d.reading() {
			return false // they scroll
		}
	}
	switch key.Name {
	case fyne.KeyLeft:
		d.choices.Move(-1)
	case fyne.KeyRight:
		d.choices.Move(1)
	case fyne.KeyUp:
		if d.choices.AtTop() && d.searches {
			d.w.focus(d.search)
		} else {
			d.choices.MoveBy(-1)
		}
	case fyne.KeyDown:
		if choice, focused := d.choices.Focused(); d.searching() && focused {
			d.choices.Focus(choice)
		} else {
			d.choices.MoveBy(1)
		}
	case fyne.KeyPageUp:
		d.choices.MoveBy(-d.w.viewport.Page())
	case fyne.KeyPageDown:
		d.choices.MoveBy(d.w.viewport.Page())
	case fyne.KeyHome:
		d.choices.Focus(0)
	case fyne.KeyEnd:
		d.choices.Focus(d.choices.Len() - 1)
	case fyne.KeyEscape:
		return d.clear() || d.dealer.leave()
	case fyne.KeyReturn, fyne.KeyEnter:
		// A card handles Enter itself. This one was pressed in the search field, or without a
		// focus.
		if d.choices.Ready != none && d.choices.Seen(d.choices.Ready) {
			d.dealer.choose(d.choices.Ready)
		}
	default:
		return false
	}
	return true
}

// reading reports whether the help is open, and not above what is in view.
func (d *deck) reading() bool {
	y, found := d.w.viewport.OffsetOf(d.help.box)
	return found && d.help.box.Visible() && y+d.help.box.Size().Height > d.w.viewport.Offset()
}

// rune handles characters typed outside the search field: a digit chooses a card in view unless the
// help covers the cards, a star marks, and anything else begins a search.
func (d *deck) rune(r rune) {
	switch {
	case r >= '0' && r <= '9' && !d.numbers:
		if d.help.box.Visible() {
			return
		}
		for choice := range d.choices.Len() {
			if strings.ContainsRune(d.dealer.digitsOf(choice), r) {
				switch {
				case !d.w.keyCounts(fyne.KeyName(r)):
				case d.choices.Seen(choice):
					d.dealer.choose(choice)
				default:
					d.choices.Focus(choice) // Enter takes it now, and no other
				}
				return
			}
		}
	case r == '*':
		if choice, focused := d.choices.Focused(); focused {
			d.dealer.toggleFavourite(choice)
		}
	case d.searches:
		d.w.focus(d.search)
		d.search.TypedRune(r)
	}
}

// find gives the focus to the search field.
func (d *deck) find() {
	if !d.searches {
		return
	}
	d.w.focus(d.search)
	d.search.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// clear ends a search.
func (d *deck) clear() bool {
	if d.search.Text == "" && !d.searching() {
		return false
	}
	d.search.SetText("")
	d.appear()
	return true
}

// filter shows what matches the search.
func (d *deck) filter() {
	d.w.typedAhead()
	d.dealer.fill()
	d.reveal(d.search)
}

// reveal brings a control into view: with the search field also the card that Enter takes, or else the
// first, or the text that there is none. If title, field and card do not fit, the title is hidden.
func (d *deck) reveal(control fyne.CanvasObject) {
	view := d.w.viewport
	if _, card := control.(*widgets.RoleCard); card {
		d.choices.Reveal()
		return
	}
	top, found := view.OffsetOf(d.search)
	if control != fyne.CanvasObject(d.search) || !found {
		view.RevealObject(control)
		return
	}
	bottom := top + d.search.Size().Height
	for _, below := range []fyne.CanvasObject{d.found, d.nothing} {
		if y, found := view.OffsetOf(below); found && below.Visible() {
			bottom = max(bottom, y+below.Size().Height)
		}
	}
	if y, found := view.OffsetOf(d.choices.Object()); found && d.choices.Len() > 0 {
		bottom = max(bottom, y+d.choices.End(max(d.choices.Ready, 0)))
	}
	view.RevealFromTop(top, bottom)
}

// deal shows cards, and what a search has found: how much, or that there is nothing.
func (d *deck) deal(sections []widgets.Section, found, nothing string) {
	d.found.SetText(found)
	d.nothing.SetText(nothing)
	d.found.Hidden, d.nothing.Hidden, d.results.Hidden = found == "", nothing == "", d.query() == ""
	d.w.tip.Away()
	d.choices.SetSections(sections)
	d.dealer.taken()                                 // before the layout
	d.choices.Object().Hidden = d.choices.Len() == 0 // together with the gap above it
	d.w.viewport.Relayout()
}

// accented returns a card as the one that Enter takes while no card has the focus: with a bar.
func accented(choice widgets.Card) *widgets.Card {
	choice.Accent = true
	return &choice
}
