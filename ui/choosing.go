package ui

import (
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// choosing is the screen with the user's organisations and roles. The pair used last, or the only
// one, comes first and has the focus, so that Enter suffices. Then come the pairs marked with a
// star, and the organisations in a stable order. Typing anything but a digit searches.
type choosing struct {
	still
	w     *Window
	state signin.State

	organisations []section
	pairs         int // total number of pairs
	index         *index
	favourites    map[ersclient.Permission]bool
	words         *roleWordsOnce

	search         *widgets.SearchField
	found, nothing *widgets.Text
	choices        *widgets.Choices
	help           *help

	// permissions are the cards' pairs in order, and places where each card is.
	permissions []ersclient.Permission
	places      []place
	// ready is the choice that Enter takes while no card has the focus, or none.
	ready int
}

const none = -1

// place is the kind of section that a card is in: a pair may be in several.
type place int

const (
	amongLastUsed place = iota
	amongFavourites
	inOrganisation
)

func newChoosing(w *Window, state signin.State) *choosing {
	s := &choosing{w: w, state: state, favourites: map[ersclient.Permission]bool{},
		organisations: byOrganisation(state.Permissions), words: newRoleWordsOnce(), choices: widgets.NewChoices(nil),
		found: widgets.NewText("", detailStyle), nothing: widgets.NewText("", bodyStyle)}
	s.index = newIndex(s.organisations)
	for _, o := range s.organisations {
		s.pairs += len(o.permissions)
	}
	s.help = newHelp(w, roleAdvice(s.single()))
	s.readFavourites()
	shown := w.shown
	current := func(do func(int)) func(int) {
		return func(choice int) {
			if shown == w.shown {
				do(choice)
			}
		}
	}
	s.choices.OnChosen, s.choices.OnStar = current(s.choose), current(s.toggleFavourite)
	s.choices.OnFocus, s.choices.OnCut = w.focus, w.tip.Over
	s.choices.OnReveal = func(top, bottom float32) {
		if y, found := w.viewport.OffsetOf(s.choices.Object()); found {
			w.viewport.Reveal(y+top, y+bottom)
		}
	}
	s.choices.OnResized = w.viewport.Relayout
	s.choices.OnKey, s.choices.OnRune = w.typedKey, w.typedRune
	s.search = widgets.NewSearchField(lang.L("Search organisations and roles"),
		lang.L("Search organisations and roles")+"   ("+shortcutName("F")+")", func(string) { s.filter() })
	s.search.OnKey = w.typedKey
	s.search.OnFocus = func() {
		s.choices.ShowDigits(false) // digits are text now
		s.reveal(s.search)
	}
	s.search.OnBlur = func() { s.choices.ShowDigits(true) }

	lead := lang.L("Pick the organisation and role for this e-RS session.")
	searching := widgets.Giving(14, 6, s.search, s.found)
	if s.single() {
		lead = lang.L("You have one role. Press Enter to continue.")
		searching.Hide()
	}
	signOut := w.button(lang.L("Sign out"), widgets.Secondary, w.intent(signin.SignOut{}))
	heading := widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("Choose how you want to work"), titleStyle)},
		widgets.Row{Object: widgets.NewText(lead, leadStyle), Above: 5})
	s.content = page(widgets.Corner(24, heading, widgets.Column(
		widgets.Row{Object: s.help.box, Above: 20},
		widgets.Row{Object: searching, Above: 16},
		widgets.Row{Object: s.nothing, Above: 20},
		widgets.Row{Object: s.choices.Object(), Above: 20},
	),
		// Pulling the card is the usual way out; this one is for a ticket that outlives the card.
		widgets.Flow(12, 12, signOut, s.help.button)))
	s.fill()
	s.help.update(state)
	return s
}

func (s *choosing) update(state signin.State) bool {
	same := state.Phase == signin.Choosing && state.User == s.state.User &&
		reflect.DeepEqual(state.LastUsed, s.state.LastUsed) && slices.Equal(state.Permissions, s.state.Permissions)
	if same {
		s.help.update(state)
		s.w.viewport.Relayout()
	}
	return same
}

func (s *choosing) helps() *help { return s.help }

func (s *choosing) appear() { s.choices.Focus(max(0, s.ready)) }

func (s *choosing) moved(top, bottom float32) {
	if y, found := s.w.viewport.OffsetOf(s.choices.Object()); found {
		s.choices.Show(top-y, bottom-y)
	}
}

func (s *choosing) choose(choice int) {
	s.w.send(signin.Choose{Permission: s.permissions[choice]})
}

// single reports whether there is nothing to choose from.
func (s *choosing) single() bool {
	return len(s.organisations) == 1 && len(s.organisations[0].permissions) == 1
}

// searching reports whether the search field has the focus.
func (s *choosing) searching() bool { return s.w.win.Canvas().Focused() == fyne.Focusable(s.search) }

// key handles the keys of the cards, and those of the search field that do not edit its text.
func (s *choosing) key(key *fyne.KeyEvent) bool {
	switch key.Name {
	case fyne.KeyLeft:
		s.choices.Move(-1, 0)
	case fyne.KeyRight:
		s.choices.Move(1, 0)
	case fyne.KeyUp:
		if s.choices.AtTop() && !s.single() {
			s.w.focus(s.search)
		} else {
			s.choices.Move(0, -1)
		}
	case fyne.KeyDown:
		if choice, focused := s.choices.Focused(); s.searching() && focused {
			s.choices.Focus(choice)
		} else {
			s.choices.Move(0, 1)
		}
	case fyne.KeyPageUp:
		s.choices.MoveBy(-s.w.viewport.Page())
	case fyne.KeyPageDown:
		s.choices.MoveBy(s.w.viewport.Page())
	case fyne.KeyHome:
		s.choices.Focus(0)
	case fyne.KeyEnd:
		s.choices.Focus(s.choices.Len() - 1)
	case fyne.KeyEscape:
		return s.clear()
	case fyne.KeyReturn, fyne.KeyEnter:
		// A card handles Enter itself. This one was pressed in the search field, or without a
		// focus.
		if s.ready != none {
			s.choose(s.ready)
		}
	default:
		return false
	}
	return true
}

// rune handles characters typed outside the search field: a digit chooses, a star marks, and
// anything else begins a search.
func (s *choosing) rune(r rune) {
	switch {
	case r >= '1' && r <= '9':
		if choice, found := s.choices.Digit(int(r - '0')); found {
			s.choose(choice)
		}
	case r == '0':
	case r == '*':
		if choice, focused := s.choices.Focused(); focused {
			s.toggleFavourite(choice)
		}
	case !s.single():
		s.w.focus(s.search)
		s.search.TypedRune(r)
	}
}

// find gives the focus to the search field.
func (s *choosing) find() {
	if s.single() {
		return
	}
	s.w.focus(s.search)
	s.search.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// clear ends a search.
func (s *choosing) clear() bool {
	if s.search.Text == "" && !s.searching() {
		return false
	}
	s.search.SetText("")
	s.choices.Focus(max(0, s.ready))
	return true
}

// filter shows what matches the search.
func (s *choosing) filter() {
	s.fill()
	s.reveal(s.search)
}

// reveal brings a control into view: with the search field also the card that Enter takes, or the
// text that there is none. If title, field and card do not fit, the title is hidden.
func (s *choosing) reveal(control fyne.CanvasObject) {
	view := s.w.viewport
	top, found := view.OffsetOf(s.search)
	if control != fyne.CanvasObject(s.search) || !found {
		view.RevealObject(control)
		return
	}
	bottom := top + s.search.Size().Height
	for _, below := range []fyne.CanvasObject{s.found, s.nothing} {
		if y, found := view.OffsetOf(below); found && below.Visible() {
			bottom = max(bottom, y+below.Size().Height)
		}
	}
	if y, found := view.OffsetOf(s.choices.Object()); found && s.ready != none {
		_, end := s.choices.Part(s.ready)
		bottom = max(bottom, y+end)
	}
	view.RevealFromTop(top, bottom)
}

// fill makes the cards again, for the present search and marks.
func (s *choosing) fill() {
	s.permissions, s.places, s.ready = s.permissions[:0], s.places[:0], none
	var sections []widgets.Section
	query := strings.TrimSpace(s.search.Text)
	if query == "" {
		sections = append(s.lastUsed(), s.marked()...)
	}
	before := len(s.permissions)
	sections = append(sections, s.matching(query)...)
	found := len(s.permissions) - before
	if (query != "" || s.single()) && found > 0 { // Enter takes the first
		s.ready = 0
		sections[0].Choices[0] = s.taken(*sections[0].Choices[0])
	}
	s.showCount(query, found)
	s.w.tip.Away()
	s.choices.SetSections(sections)
	s.choices.Object().Hidden = len(s.permissions) == 0 // together with the gap above it
	s.w.viewport.Relayout()
}

// matching returns the sections of the organisations, filtered by the search. There may be
// thousands, made on each key press: so they share their cards and their memory.
func (s *choosing) matching(query string) []widgets.Section {
	matches := s.index.search(query)
	sections := make([]widgets.Section, 0, len(s.organisations))
	cards := make([]*widgets.Choice, 0, s.pairs)
	headings := make([]widgets.Run, 0, 2*len(s.organisations))
	for i, o := range s.organisations {
		first := len(cards)
		for j, p := range o.permissions {
			if matches(i, j) {
				cards = append(cards, s.card(p, inOrganisation))
			}
		}
		if count := len(cards) - first; count > 0 {
			name, note := o.title(s.words.count(count))
			headings = append(headings, heading(name, note)...)
			sections = append(sections, widgets.Section{Heading: headings[len(headings)-2:], Choices: cards[first:]})
		}
	}
	return sections
}

// showCount shows how much was found.
func (s *choosing) showCount(query string, found int) {
	said, nothing := "", ""
	switch {
	case query != "" && found == 0:
		nothing = lang.L("No organisation or role matches. Press Esc to see all of them.")
	case query != "":
		said = s.words.count(found)
	}
	s.found.SetText(said)
	s.nothing.SetText(nothing)
	s.found.Hidden, s.nothing.Hidden = said == "", nothing == ""
}

// lastUsed is the section with the pair chosen last time.
func (s *choosing) lastUsed() []widgets.Section {
	last := s.state.LastUsed
	if last == nil || s.single() {
		return nil
	}
	s.ready = 0
	return []widgets.Section{{
		Heading: heading(lang.L("Last used"), lang.L("press Enter to continue")),
		Choices: []*widgets.Choice{s.taken(*s.namedCard(*last, amongLastUsed))},
		Apart:   true,
	}}
}

// card returns the card of a pair, shared by all pairs of its role.
func (s *choosing) card(p ersclient.Permission, at place) *widgets.Choice {
	s.permissions, s.places = append(s.permissions, p), append(s.places, at)
	stars := s.w.settings.Favourites != nil && !s.single()
	return s.words.choice(p.BusinessFunction, stars, stars && len(s.favourites) > 0 && s.favourites[pairOf(p)])
}

// namedCard returns the card of a pair outside its organisation's section, with the organisation's
// name.
func (s *choosing) namedCard(p ersclient.Permission, at place) *widgets.Choice {
	choice := *s.card(p, at)
	choice.Lines = slices.Concat([]string{organisation(p)}, choice.Lines)
	return &choice
}

// taken returns a card as the one that Enter takes: with an accent and a hint.
func (s *choosing) taken(choice widgets.Choice) *widgets.Choice {
	choice.Accent, choice.Key = true, s.words.enter
	return &choice
}

// The favourites.

func (s *choosing) readFavourites() {
	store := s.w.settings.Favourites
	if store == nil {
		return
	}
	for _, o := range s.organisations {
		for _, p := range o.permissions {
			if store.Has(s.state.User.Identifier, pairOf(p)) {
				s.favourites[pairOf(p)] = true
			}
		}
	}
}

// marked is the section of the pairs with a star.
func (s *choosing) marked() []widgets.Section {
	section := widgets.Section{Heading: heading(lang.L("Favourites"), ""), Apart: true}
	for _, o := range s.organisations {
		for _, p := range o.permissions {
			if len(s.favourites) > 0 && s.favourites[pairOf(p)] {
				section.Choices = append(section.Choices, s.namedCard(p, amongFavourites))
			}
		}
	}
	if len(section.Choices) == 0 {
		return nil
	}
	return []widgets.Section{section}
}

// toggleFavourite marks or unmarks a pair, and saves that. The focus stays on the pair.
func (s *choosing) toggleFavourite(choice int) {
	store := s.w.settings.Favourites
	if store == nil || s.single() {
		return
	}
	p, at := s.permissions[choice], s.places[choice]
	on := !s.favourites[pairOf(p)]
	s.favourites[pairOf(p)] = on
	if !on {
		delete(s.favourites, pairOf(p))
	}
	s.fill()
	stays := none
	for i := range s.permissions {
		if s.permissions[i].Same(p) && (stays == none || s.places[i] == at) {
			stays = i
		}
	}
	s.choices.Focus(stays)
	user := s.state.User.Identifier
	s.w.save(func() error { return store.Set(user, pairOf(p), on) }, func(err error) {
		if err != nil {
			s.nothing.SetText(lang.L("The favourite could not be saved. It is kept until you sign out."))
			s.nothing.Show()
			s.w.viewport.Relayout()
		}
	})
}

// roleWordsOnce makes each role's card once, since few roles occur in thousands of places.
type roleWordsOnce struct {
	choices          map[ersclient.BusinessFunction]*roleCards
	counts           map[int]string
	enter, favourite string
}

// roleCards are the cards of a role: without a star, with one that is not set, and with one that is.
type roleCards struct{ plain, unmarked, marked widgets.Choice }

func newRoleWordsOnce() *roleWordsOnce {
	return &roleWordsOnce{choices: map[ersclient.BusinessFunction]*roleCards{}, counts: map[int]string{},
		enter: lang.L("Enter"), favourite: lang.L("favourite")}
}

func (r *roleWordsOnce) choice(function ersclient.BusinessFunction, star, marked bool) *widgets.Choice {
	cards, found := r.choices[function]
	if !found {
		plain := widgets.Choice{Title: roleName(function)}
		if purpose := rolePurpose(function); purpose != "" {
			plain.Lines = []string{purpose}
		}
		cards = &roleCards{plain: plain, unmarked: plain, marked: plain}
		cards.unmarked.Star = iconStarEmpty
		cards.marked.Star, cards.marked.Starred = iconStar, r.favourite
		r.choices[function] = cards
	}
	switch {
	case marked:
		return &cards.marked
	case star:
		return &cards.unmarked
	default:
		return &cards.plain
	}
}

func (r *roleWordsOnce) count(count int) string {
	said, found := r.counts[count]
	if !found {
		said = roleCount(count)
		r.counts[count] = said
	}
	return said
}

// heading is the heading of a section, with a note or without.
func heading(name, note string) []widgets.Run {
	if note == "" {
		return []widgets.Run{{Text: name, Style: boldStyle}}
	}
	return []widgets.Run{{Text: name + "  ", Style: boldStyle}, {Text: note, Style: detailStyle}}
}
