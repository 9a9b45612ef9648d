package ui

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// choosing is the screen with the user's organisations and roles. The usual ones come first: the
// pair used last, which has the focus, so that Enter suffices, and the pairs marked with a star.
// The others follow by organisation. Typing anything but a digit searches among all of them.
//
// A digit signs its user in at once, so it must not come to mean another pair: 1 is the pair used
// last, and the others are those of the pairs' places (see [Favourites]). Nothing changes its
// position while the page is shown.
type choosing struct {
	still
	w     *Window
	state signin.State

	organisations []section
	pairs         int // total number of pairs
	index         *index
	words         *roleWordsOnce
	// usual are the pairs of the first section. Stars that are set or taken later do not move a card.
	usual   []ersclient.Permission
	isUsual map[ersclient.Permission]bool
	// favourites are the marked pairs, and places those of all pairs that have one, also of favourites
	// that the user cannot choose at present: their digits are not given to others.
	favourites map[ersclient.Permission]bool
	places     map[ersclient.Permission]int
	// noted are the codes of the organisations with pairs that are usual, marked or have a digit: few
	// of thousands, so that the others need not be looked up.
	noted map[string]bool

	search               *widgets.SearchField
	lead, found, nothing *widgets.Text
	results              *fyne.Container // found, and the link that shows all roles
	choices              *widgets.Choices
	help                 *help

	// permissions are the cards' pairs in order.
	permissions []ersclient.Permission
	// ready is the choice that Enter takes while no card has the focus, or none.
	ready int
}

const (
	none = -1
	// firstPlace is the lowest place of a pair, and lastDigit the highest that is a digit.
	firstPlace, lastDigit = 2, 9
	// mostNumbered is the largest number of pairs that all have places.
	mostNumbered = 9
)

func newChoosing(w *Window, state signin.State) *choosing {
	s := &choosing{w: w, state: state,
		organisations: byOrganisation(state.Permissions), words: newRoleWordsOnce(), choices: widgets.NewChoices(nil),
		lead: widgets.NewText("", leadStyle), found: widgets.NewText("", detailStyle), nothing: widgets.NewText("", bodyStyle)}
	s.index = newIndex(s.organisations)
	for _, o := range s.organisations {
		s.pairs += len(o.permissions)
	}
	s.help = newHelp(w, roleAdvice(s.single()))
	s.arrange()
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
	s.search.OnCleared = func() { w.focus(s.search) }

	all := widgets.NewLink(lang.L("Show all roles"), func() { s.clear() })
	all.OnFocus = func() { w.viewport.RevealObject(all) }
	all.OnKey, all.OnRune = w.typedKey, w.typedRune
	s.results = widgets.Middle(8, 2, s.found, all)
	searching := widgets.Giving(14, 6, s.search, s.results)
	searching.Hidden = s.single()
	// Removing the card is the usual way out; this one is for a ticket that outlives the card.
	cancel := w.button(lang.L("Cancel sign-in"), widgets.Secondary, w.intent(signin.SignOut{}))
	heading := widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("Choose your organisation and role"), titleStyle)},
		widgets.Row{Object: s.lead, Above: 5})
	s.content = page(widgets.Corner(24, heading, widgets.Flow(12, 12, cancel, s.help.button), widgets.Column(
		widgets.Row{Object: s.help.box, Above: 20},
		widgets.Row{Object: searching, Above: 16},
		widgets.Row{Object: s.nothing, Above: 20},
		widgets.Row{Object: s.choices.Object(), Above: 20},
	)))
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
		for choice, p := range s.permissions {
			if strings.ContainsRune(s.digits(p), r) {
				s.choose(choice)
				return
			}
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
	s.permissions, s.ready = s.permissions[:0], none
	var sections []widgets.Section
	query := strings.TrimSpace(s.search.Text)
	if query == "" {
		sections = s.usualOnes()
	}
	before := len(s.permissions)
	sections = append(sections, s.matching(query)...)
	found := len(s.permissions) - before
	if (query != "" || s.single()) && found > 0 { // Enter takes the first
		s.ready = 0
		sections[0].Choices[0] = s.taken(*sections[0].Choices[0])
	}
	s.lead.SetText(s.advice(query))
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
		first, all, noted := len(cards), true, s.noted[o.permissions[0].OrgIdentifier]
		for j, p := range o.permissions {
			switch {
			case noted && query == "" && s.isUsual[pairOf(p)]: // it is shown above
				all = false
			case matches(i, j):
				cards = append(cards, s.card(p, noted))
			}
		}
		if count := len(cards) - first; count > 0 {
			said := s.words.count(count)
			if !all {
				said = moreRoles(count)
			}
			name, note := o.title(said)
			headings = append(headings, heading(name, note)...)
			sections = append(sections, widgets.Section{Heading: headings[len(headings)-2:], Choices: cards[first:]})
		}
	}
	return sections
}

// advice says what Enter does.
func (s *choosing) advice(query string) string {
	switch {
	case s.single():
		return lang.L("You have one role. Press Enter to continue.")
	case s.ready == none:
		return lang.L("Choose an organisation and role to work in.")
	case query != "":
		return lang.L("Press Enter for the first role found, or choose another.")
	default:
		return lang.L("Press Enter for the role you used last, or choose another.")
	}
}

// showCount shows how much was found.
func (s *choosing) showCount(query string, found int) {
	said, nothing := "", ""
	switch {
	case query != "" && found == 0:
		nothing = lang.L("No organisations or roles match “{{.Query}}”.", map[string]any{"Query": problem.Clean(query, 60)})
	case query != "":
		said = s.words.count(found)
	}
	s.found.SetText(said)
	s.nothing.SetText(nothing)
	s.found.Hidden, s.nothing.Hidden, s.results.Hidden = said == "", nothing == "", query == ""
}

// usualOnes is the section with the pair used last and the favourites.
func (s *choosing) usualOnes() []widgets.Section {
	if len(s.usual) == 0 {
		return nil
	}
	section := widgets.Section{Heading: heading(lang.L("Your usual roles"), ""), Apart: true}
	for i, p := range s.usual {
		choice := *s.card(p, true)
		if s.isLast(p) { // what it is for need not be said
			s.ready = i
			choice = *s.taken(choice)
			choice.Lines = []string{lang.L("Last used")}
		}
		choice.Lines = slices.Concat([]string{organisation(p)}, choice.Lines)
		section.Choices = append(section.Choices, &choice)
	}
	return []widgets.Section{section}
}

// isLast reports whether a pair is the one used last.
func (s *choosing) isLast(p ersclient.Permission) bool {
	return s.state.LastUsed != nil && s.state.LastUsed.Same(p)
}

// digits returns the digits that choose a pair.
func (s *choosing) digits(p ersclient.Permission) string {
	digits := ""
	if s.single() || s.isLast(p) {
		digits = "1"
	}
	if !s.few() && !s.favourites[pairOf(p)] {
		return digits
	}
	if place := s.places[pairOf(p)]; place >= firstPlace && place <= lastDigit {
		digits += strconv.Itoa(place)
	}
	return digits
}

// few reports whether all pairs have places, and not only those with a star.
func (s *choosing) few() bool { return s.pairs <= mostNumbered }

// card returns the card of a pair, shared by all pairs of its role that have no digit.
func (s *choosing) card(p ersclient.Permission, noted bool) *widgets.Choice {
	s.permissions = append(s.permissions, p)
	stars := s.w.settings.Favourites != nil && !s.single()
	if !noted {
		return s.words.choice(p.BusinessFunction, stars, false)
	}
	choice, digits := s.words.choice(p.BusinessFunction, stars, s.favourites[pairOf(p)]), s.digits(p)
	if digits == "" {
		return choice
	}
	own := *choice
	own.Digits = digits
	return &own
}

// taken returns a card as the one that Enter takes: with an accent and a hint.
func (s *choosing) taken(choice widgets.Choice) *widgets.Choice {
	choice.Accent, choice.Key = true, s.words.enter
	return &choice
}

// The favourites.

// arrange decides, for as long as the page is shown, which pairs are the usual ones, and which
// places the pairs have.
func (s *choosing) arrange() {
	s.favourites, s.isUsual = map[ersclient.Permission]bool{}, map[ersclient.Permission]bool{}
	s.places, s.noted = map[ersclient.Permission]int{}, map[string]bool{}
	for _, o := range s.organisations {
		if s.few() {
			s.noted[o.permissions[0].OrgIdentifier] = true
		}
	}
	if s.single() {
		return
	}
	var stored map[ersclient.Permission]int
	if store := s.w.settings.Favourites; store != nil {
		stored = store.Places(s.state.User.Identifier)
		maps.Copy(s.places, stored)
	}
	for _, o := range s.organisations {
		if len(stored) == 0 {
			break
		}
		for _, p := range o.permissions {
			if stored[pairOf(p)] == 0 {
				continue
			}
			s.favourites[pairOf(p)] = true
			if !s.isLast(p) {
				s.usual = append(s.usual, p)
			}
		}
	}
	slices.SortStableFunc(s.usual, func(a, b ersclient.Permission) int {
		return cmp.Compare(s.places[pairOf(a)], s.places[pairOf(b)])
	})
	if s.state.LastUsed != nil {
		s.usual = append([]ersclient.Permission{*s.state.LastUsed}, s.usual...)
	}
	for _, p := range s.usual {
		s.isUsual[pairOf(p)], s.noted[p.OrgIdentifier] = true, true
	}
	if s.few() {
		for _, o := range s.organisations {
			for _, p := range o.permissions {
				s.place(p)
			}
		}
	}
}

// place returns the place of a pair. One without a place gets the lowest free one.
func (s *choosing) place(p ersclient.Permission) int {
	if _, has := s.places[pairOf(p)]; !has {
		taken := map[int]bool{}
		for _, place := range s.places {
			taken[place] = true
		}
		free := firstPlace
		for taken[free] {
			free++
		}
		s.places[pairOf(p)] = free
	}
	return s.places[pairOf(p)]
}

// toggleFavourite marks or unmarks a pair, and saves that. The card stays where it is, and so does
// the pair's place.
func (s *choosing) toggleFavourite(choice int) {
	store := s.w.settings.Favourites
	if store == nil || s.single() {
		return
	}
	p, user := s.permissions[choice], s.state.User.Identifier
	s.noted[p.OrgIdentifier] = true
	pair, place := pairOf(p), s.place(p)
	save := func() error { return store.Mark(user, pair, place) }
	if s.favourites[pair] {
		delete(s.favourites, pair)
		save = func() error { return store.Unmark(user, pair) }
	} else {
		s.favourites[pair] = true
	}
	s.fill()
	s.choices.Focus(choice)
	s.w.save(save, func(err error) {
		if err != nil {
			s.nothing.SetText(lang.L("Your favourite was not saved. It lasts until you sign out."))
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
	mark, unmark     string
}

// roleCards are the cards of a role: without a star, with one that is not set, and with one that is.
type roleCards struct{ plain, unmarked, marked widgets.Choice }

func newRoleWordsOnce() *roleWordsOnce {
	return &roleWordsOnce{choices: map[ersclient.BusinessFunction]*roleCards{}, counts: map[int]string{},
		enter: lang.L("Enter"), favourite: lang.L("favourite"),
		mark: lang.L("Add to favourites (*)"), unmark: lang.L("Remove from favourites (*)")}
}

func (r *roleWordsOnce) choice(function ersclient.BusinessFunction, star, marked bool) *widgets.Choice {
	cards, found := r.choices[function]
	if !found {
		plain := widgets.Choice{Title: roleName(function)}
		if purpose := rolePurpose(function); purpose != "" {
			plain.Lines = []string{purpose}
		}
		cards = &roleCards{plain: plain, unmarked: plain, marked: plain}
		cards.unmarked.Star, cards.unmarked.StarTip = iconStarEmpty, r.mark
		cards.marked.Star, cards.marked.StarTip, cards.marked.Starred = iconStar, r.unmark, r.favourite
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
