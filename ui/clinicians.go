package ui

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// searchedFrom is the number of clinicians from which on they can be searched.
const searchedFrom = 10

// clinicians is the screen with those whom a service provider clinician admin can work for, by
// number: the one of last time first, with the focus. Digits choose as on the page of the roles: 1 is
// the one of last time. Where there are many they are searched for by digits, so that none chooses.
type clinicians struct {
	deck
	state signin.State
	// all are the ids in order, and last is the one of last time or "".
	all  []string
	last string
	// shown are the cards' ids.
	shown []string
	lead  *widgets.Text
}

func newClinicians(w *Window, state signin.State) *clinicians {
	s := &clinicians{state: state, all: slices.Sorted(slices.Values(state.Clinicians)), lead: widgets.NewText("", leadStyle)}
	s.all = slices.Compact(s.all)
	if last := state.LastUsed; last != nil && last.Same(state.Chosen) && slices.Contains(s.all, last.OnBehalfOf) {
		s.last = last.OnBehalfOf
		s.all = slices.Insert(slices.DeleteFunc(s.all, func(id string) bool { return id == s.last }), 0, s.last)
	}
	s.open(w, s, lang.L("Search numbers"), lang.L("Show all clinicians"), len(s.all) >= searchedFrom)
	s.numbers = s.searches
	s.help = newHelp(w, clinicianAdvice(*state.Words, s.searches))
	back := w.button(lang.L("Back to roles"), widgets.Secondary, w.intent(signin.Cancel{}))
	s.lay(widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("Who are you working for?"), titleStyle)},
		widgets.Row{Object: s.lead, Above: 5}), back)
	s.fill()
	s.refresh(state)
	return s
}

// refresh shows what can change: the organisation's name may come.
func (s *clinicians) refresh(state signin.State) {
	s.state = state
	s.lead.SetText(s.role())
}

// role says in which role the user works for a clinician.
func (s *clinicians) role() string {
	chosen, parts := s.state.Chosen, []string{RoleName(s.state.Chosen.BusinessFunction)}
	for _, part := range []string{problem.Clean(chosen.OrgIdentifier, 40), problem.Clean(chosen.OrgName, 200)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

func (s *clinicians) update(state signin.State) bool {
	same := state.Phase == signin.ChoosingClinician && state.User == s.state.User && state.Chosen.Same(s.state.Chosen) &&
		slices.Equal(state.Clinicians, s.state.Clinicians)
	if same {
		s.refresh(state)
		s.w.viewport.Relayout()
	}
	return same
}

func (s *clinicians) choose(choice int) {
	wanted := s.state.Chosen
	wanted.OnBehalfOf = s.shown[choice]
	s.w.send(signin.Choose{Permission: wanted})
}

func (s *clinicians) leave() bool {
	s.w.send(signin.Cancel{})
	return true
}

// toggleFavourite does nothing: clinicians have no stars.
func (*clinicians) toggleFavourite(int) {}

func (s *clinicians) digitsOf(choice int) string { return s.digits(s.shown[choice]) }

func (s *clinicians) digits(id string) string {
	place := slices.Index(s.all, id) + 1
	if s.last == "" && len(s.all) > 1 { // 1 stays the one of last time, so that it can be learned
		place++
	}
	if s.searches || place > lastDigit {
		return ""
	}
	return strconv.Itoa(place)
}

// fill makes the cards for the present search, which is for parts of a number. Enter takes what was
// found if it is one: numbers are too much alike for the first of several.
func (s *clinicians) fill() {
	query := s.query()
	s.shown, s.choices.Ready = s.shown[:0], none
	var cards []*widgets.Card
	for _, id := range s.all {
		if holdsNumber(id, query) {
			s.shown = append(s.shown, id)
			cards = append(cards, &widgets.Card{Title: clinician(id), Digits: s.digits(id),
				Lines: []string{RoleName(ersclient.ServiceProviderClinician)}})
		}
	}
	latest := query == "" && s.last != ""
	if latest || len(cards) == 1 {
		cards[0], s.choices.Ready = accented(*cards[0]), 0
	}
	var sections []widgets.Section
	count := "" // of what was searched it is said beside the field
	switch {
	case latest:
		sections, cards = append(sections, widgets.Section{Heading: s.lastUsed(), Cards: cards[:1]}), cards[1:]
		count = counted(len(cards), "1 more you can work for", "{{.Count}} more you can work for")
	case query == "":
		count = counted(len(cards), "1 you can work for", "{{.Count}} you can work for")
	}
	if len(cards) > 0 {
		sections = append(sections, widgets.Section{Heading: heading(lang.L("Clinicians"), count), Cards: cards})
	}
	said, nothing := "", ""
	switch {
	case query != "" && len(s.shown) == 0:
		nothing = lang.L("No clinician's number has “{{.Query}}” in it.", map[string]any{"Query": problem.Clean(query, 60)})
	case query != "":
		said = counted(len(s.shown), "1 found", "{{.Count}} found. Choose one.")
	}
	s.deal(sections, said, nothing)
}

func (s *clinicians) taken() bool {
	if len(s.shown) > 0 && s.shown[0] == s.last && s.query() == "" {
		s.choices.Rename(0, s.lastUsed())
	}
	return false
}

// lastUsed is the heading of the clinician of last time.
func (s *clinicians) lastUsed() []widgets.Run {
	note := ""
	if s.choices.Taken() == 0 {
		note = lang.L("press Enter to continue")
	}
	return heading(lang.L("Last used"), note)
}

// holdsNumber reports whether a number has what is searched in it, however that is grouped.
func holdsNumber(number, query string) bool {
	return strings.Contains(fold(number), strings.Join(strings.Fields(fold(query)), ""))
}

// clinician names a clinician, of whom e-RS says the number alone.
func clinician(id string) string {
	return lang.L("Clinician {{.Number}}", map[string]any{"Number": grouped(problem.Clean(id, 40))})
}
