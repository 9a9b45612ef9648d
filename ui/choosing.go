package ui

import (
	"cmp"
	"slices"
	"strconv"

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
	deck
	state signin.State

	organisations []section
	pairs         int // total number of pairs
	index         *index
	// unnamed are the organisations without a name when the page was made: a name may come, and is
	// longer than the code. renamed: some have come that index does not have.
	unnamed map[string]bool
	renamed bool
	// usual are the pairs of the first section. Stars that are set or taken later do not move a card.
	usual []ersclient.Permission
	// marks are of the pairs that have any, also of favourites that the user cannot choose at present:
	// their digits are not given to others.
	marks map[ersclient.Permission]pairMark
	// cards and counts are those made so far: few kinds occur in thousands of places.
	cards  map[cardKind]*widgets.Card
	counts map[int]string

	lead *widgets.Text
	// permissions are the cards' pairs in order.
	permissions []ersclient.Permission
}

// pairMark is what distinguishes a pair from others.
type pairMark struct {
	// favourite: it has a star. usual: it is in the first section.
	favourite, usual bool
	place            int // see [Favourites]; 0 is none
}

// cardKind is what a card depends on.
type cardKind struct {
	role      ersclient.BusinessFunction
	digits    string
	favourite bool
}

const (
	none = -1
	// firstPlace is the lowest place of a pair, and lastDigit the highest that is a digit.
	firstPlace, lastDigit = 2, 9
	// mostNumbered is the largest number of pairs that all have places.
	mostNumbered = 9
)

func newChoosing(w *Window, state signin.State) *choosing {
	s := &choosing{state: state, organisations: byOrganisation(state.Permissions), cards: map[cardKind]*widgets.Card{},
		counts: map[int]string{}, lead: widgets.NewText("", leadStyle), unnamed: map[string]bool{}}
	s.index = newIndex(s.organisations)
	for _, o := range s.organisations {
		s.pairs += len(o.permissions)
		if o.name == "" {
			s.unnamed[o.permissions[0].OrgIdentifier] = true
		}
	}
	s.open(w, s, lang.L("Search organisations and roles"), lang.L("Show all roles"), !s.single())
	s.help = newHelp(w, roleAdvice(*state.Words, s.single(), state.Switching))
	s.arrange()
	title := lang.L("Choose your organisation and role")
	// Removing the card is the usual way out; this one is for a ticket that outlives the card.
	buttons := []fyne.CanvasObject{w.button(lang.L("Cancel sign-in"), widgets.Secondary, w.intent(signin.SignOut{}))}
	if state.Switching {
		title = lang.L("Choose another role")
		buttons = []fyne.CanvasObject{
			w.button(lang.L("Keep current role"), widgets.Secondary, w.intent(signin.Cancel{})),
			w.button(lang.L("Sign out"), widgets.Danger, w.askToSignOut),
		}
	}
	save := widgets.NewText(lang.L("Save your work in other e-RS applications first. They go on in the role that you choose."), leadStyle)
	save.Hidden = !state.Switching
	s.lay(widgets.Column(
		widgets.Row{Object: widgets.NewText(title, titleStyle)},
		widgets.Row{Object: s.lead, Above: 5},
		widgets.Row{Object: save, Above: 5}), buttons...)
	s.fill()
	return s
}

func (s *choosing) update(state signin.State) bool {
	same := state.Phase == signin.Choosing && state.Problem == nil && state.User == s.state.User && state.Switching == s.state.Switching &&
		sameLast(state.LastUsed, s.state.LastUsed) && slices.EqualFunc(state.Permissions, s.state.Permissions, ersclient.Permission.Same)
	if same {
		if !slices.Equal(state.Permissions, s.state.Permissions) {
			s.rename(state)
		}
		s.w.viewport.Relayout()
	}
	return same
}

// sameLast reports whether two pairs are the same but for a name.
func sameLast(a, b *ersclient.Permission) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Same(*b) && a.OnBehalfOf == b.OnBehalfOf
}

// rename shows names of organisations that have become known. No card moves, and none comes or goes:
// a search finds by them from its next key on, unless there is nothing to be kept.
func (s *choosing) rename(state signin.State) {
	s.state = state
	names := map[string]string{}
	for _, p := range state.Permissions {
		names[p.OrgIdentifier] = p.OrgName
	}
	for i := range s.organisations {
		o := &s.organisations[i]
		o.name = problem.Clean(names[o.permissions[0].OrgIdentifier], 200)
		o.full = withCode(o.name, o.code)
		rename(o.permissions, names)
	}
	rename(s.usual, names)
	s.renamed = true
	if len(s.permissions) == 0 {
		s.fill()
		return
	}
	sections, _ := s.sections()
	s.choices.Relabel(sections)
}

func rename(permissions []ersclient.Permission, names map[string]string) {
	for i := range permissions {
		permissions[i].OrgName = names[permissions[i].OrgIdentifier]
	}
}

// choose chooses a pair. The present one is kept as it is.
func (s *choosing) choose(choice int) {
	if s.isCurrent(s.permissions[choice]) {
		s.leave()
		return
	}
	s.w.send(signin.Choose{Permission: s.permissions[choice]})
}

// leave keeps the present role, if there is one.
func (s *choosing) leave() bool {
	if s.state.Switching {
		s.w.send(signin.Cancel{})
	}
	return s.state.Switching
}

// isCurrent reports whether a pair is the one that other applications work in meanwhile. A user who
// works for a clinician can choose it to work for another one, and one whose session was removed to
// store it again.
func (s *choosing) isCurrent(p ersclient.Permission) bool {
	return s.state.Switching && !s.state.EntryGone && s.state.Chosen.Same(p) && s.state.Chosen.OnBehalfOf == ""
}

// single reports whether there is nothing to choose from.
func (s *choosing) single() bool {
	return len(s.organisations) == 1 && len(s.organisations[0].permissions) == 1
}

// fill makes the cards again, for the present search and marks.
func (s *choosing) fill() {
	if s.renamed {
		s.index, s.renamed = newIndex(s.organisations), false
	}
	sections, found := s.sections()
	said, nothing := "", ""
	switch query := s.query(); {
	case query != "" && found == 0:
		nothing = lang.L("No organisations or roles match “{{.Query}}”.", map[string]any{"Query": problem.Clean(query, 60)})
	case query != "":
		said = s.count(found)
	}
	s.deal(sections, said, nothing)
}

// sections returns the cards for the present search and marks, and how many were found. It notes
// their pairs, and the one that Enter takes.
func (s *choosing) sections() (sections []widgets.Section, found int) {
	s.permissions, s.choices.Ready = s.permissions[:0], none
	query := s.query()
	if query == "" {
		sections = s.usualOnes()
	}
	before := len(s.permissions)
	sections = append(sections, s.matching(query)...)
	found = len(s.permissions) - before
	if (query != "" || s.single()) && len(sections) == 1 { // Enter takes the first at one organisation, and none of several
		s.choices.Ready = 0
		sections[0].Cards[0] = accented(*sections[0].Cards[0])
	}
	return sections, found
}

// matching returns the sections of the organisations, filtered by the search. There may be
// thousands, made on each key press: so they share their cards.
func (s *choosing) matching(query string) []widgets.Section {
	matches := s.index.search(query)
	sections := make([]widgets.Section, 0, len(s.organisations))
	cards := make([]*widgets.Card, 0, s.pairs)
	for i, o := range s.organisations {
		first, all := len(cards), true
		for _, p := range o.permissions {
			marked := s.marks[pairOf(p)]
			switch {
			case marked.usual && query == "": // it is shown above
				all = false
			case matches(i, p.BusinessFunction):
				cards = append(cards, s.card(p, marked))
			}
		}
		if count := len(cards) - first; count > 0 {
			said := s.count(count)
			if !all {
				said = counted(count, "1 more role", "{{.Count}} more roles")
			}
			sections = append(sections, widgets.Section{Heading: heading(o.title(said)), Cards: cards[first:], Name: o.full})
		}
	}
	return sections
}

func (s *choosing) taken() bool {
	said := s.advice()
	if s.lead.String() == said {
		return false
	}
	s.lead.SetText(said)
	return true
}

// advice says what Enter does.
func (s *choosing) advice() string {
	switch ready := s.choices.Ready; {
	case s.single():
		return lang.L("You have one role. Press Enter to continue.")
	case ready == none || s.choices.Taken() != ready:
		return lang.L("Choose an organisation and role to work in.")
	case s.query() != "":
		return lang.L("Press Enter for the first role found, or choose another.")
	case s.isCurrent(s.permissions[ready]):
		return lang.L("Press Enter to keep your current role, or choose another.")
	default:
		return lang.L("Press Enter for the role you used last, or choose another.")
	}
}

// usualOnes is the section with the pair used last and the favourites.
func (s *choosing) usualOnes() []widgets.Section {
	if len(s.usual) == 0 {
		return nil
	}
	section := widgets.Section{Heading: heading(lang.L("Your usual roles"), ""), Apart: true}
	for i, p := range s.usual {
		choice := *s.card(p, s.marks[pairOf(p)])
		if s.isLast(p) { // what it is for need not be said
			s.choices.Ready = i
			choice = *accented(choice)
			choice.Lines = []string{lang.L("Last used")}
			if s.isCurrent(p) {
				choice.Lines = []string{lang.L("Your current role")}
			}
		}
		choice.Spare = s.unnamed[p.OrgIdentifier]
		choice.Lines = slices.Concat([]string{organisation(p)}, choice.Lines)
		section.Cards = append(section.Cards, &choice)
	}
	return []widgets.Section{section}
}

// isLast reports whether a pair is the one used last.
func (s *choosing) isLast(p ersclient.Permission) bool {
	return s.state.LastUsed != nil && s.state.LastUsed.Same(p)
}

// digitsOf returns the digits that choose a pair.
func (s *choosing) digitsOf(choice int) string {
	p := s.permissions[choice]
	return s.digits(p, s.marks[pairOf(p)])
}

func (s *choosing) digits(p ersclient.Permission, marked pairMark) string {
	digits := ""
	if s.single() || s.isLast(p) {
		digits = "1"
	}
	if (s.few() || marked.favourite) && marked.place >= firstPlace && marked.place <= lastDigit {
		digits += strconv.Itoa(marked.place)
	}
	return digits
}

// few reports whether all pairs have places, and not only those with a star.
func (s *choosing) few() bool { return s.pairs <= mostNumbered }

// card returns the card of a pair, shared by all of its kind.
func (s *choosing) card(p ersclient.Permission, marked pairMark) *widgets.Card {
	s.permissions = append(s.permissions, p)
	kind := cardKind{p.BusinessFunction, s.digits(p, marked), marked.favourite}
	card := s.cards[kind]
	if card == nil {
		card = &widgets.Card{Title: RoleName(kind.role), Digits: kind.digits}
		if purpose := rolePurpose(kind.role); purpose != "" {
			card.Lines = []string{purpose}
		}
		switch {
		case kind.favourite:
			card.Star, card.StarTip, card.Starred = iconStar, lang.L("Remove from favourites (*)"), lang.L("favourite")
		case s.w.settings.Favourites != nil && !s.single():
			card.Star, card.StarTip = iconStarEmpty, lang.L("Add to favourites (*)")
		}
		s.cards[kind] = card
	}
	return card
}

// count returns the text for the number of roles.
func (s *choosing) count(count int) string {
	if s.counts[count] == "" {
		s.counts[count] = counted(count, "1 role", "{{.Count}} roles")
	}
	return s.counts[count]
}

// The favourites.

// arrange decides, for as long as the page is shown, which pairs are the usual ones, and which
// places the pairs have.
func (s *choosing) arrange() {
	s.marks = map[ersclient.Permission]pairMark{}
	if s.single() {
		return
	}
	if store := s.w.settings.Favourites; store != nil {
		for pair, place := range store.FavouritePlaces(s.state.User.Identifier) {
			s.marks[pair] = pairMark{favourite: true, place: place}
		}
	}
	for _, o := range s.organisations {
		for _, p := range o.permissions {
			if s.marks[pairOf(p)].favourite && !s.isLast(p) {
				s.usual = append(s.usual, p)
			}
		}
	}
	slices.SortStableFunc(s.usual, func(a, b ersclient.Permission) int {
		return cmp.Compare(s.marks[pairOf(a)].place, s.marks[pairOf(b)].place)
	})
	if s.state.LastUsed != nil {
		s.usual = append([]ersclient.Permission{*s.state.LastUsed}, s.usual...)
	}
	for _, p := range s.usual {
		marked := s.marks[pairOf(p)]
		marked.usual = true
		s.marks[pairOf(p)] = marked
	}
	if s.few() {
		for _, o := range s.organisations {
			// By the names in English: a digit means the same in each language.
			permissions := slices.Clone(o.permissions)
			slices.SortStableFunc(permissions, func(a, b ersclient.Permission) int {
				return cmp.Compare(englishName(a.BusinessFunction), englishName(b.BusinessFunction))
			})
			for _, p := range permissions {
				s.placed(p)
			}
		}
	}
}

// placed returns the mark of a pair with a place. One without gets the lowest free one.
func (s *choosing) placed(p ersclient.Permission) pairMark {
	marked := s.marks[pairOf(p)]
	if marked.place == 0 {
		taken := map[int]bool{}
		for _, other := range s.marks {
			taken[other.place] = true
		}
		marked.place = firstPlace
		for taken[marked.place] {
			marked.place++
		}
		s.marks[pairOf(p)] = marked
	}
	return marked
}

// toggleFavourite marks or unmarks a pair, and saves that. The card stays where it is, and so does
// the pair's place.
func (s *choosing) toggleFavourite(choice int) {
	store := s.w.settings.Favourites
	if store == nil || s.single() {
		return
	}
	p, user := s.permissions[choice], s.state.User.Identifier
	pair, marked := pairOf(p), s.placed(p)
	marked.favourite = !marked.favourite
	s.marks[pair] = marked
	save := func() error { return store.Unmark(user, pair) }
	if marked.favourite {
		save = func() error { return store.Mark(user, pair, marked.place) }
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

// heading is the heading of a section, with a note or without.
func heading(name, note string) []widgets.Run {
	if note == "" {
		return []widgets.Run{{Text: name, Style: boldStyle}}
	}
	return []widgets.Run{{Text: name + "  ", Style: boldStyle}, {Text: note, Style: detailStyle}}
}
