package ui

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui/widgets"
)

// choosing is the screen with the user's organisations and roles. The pair that they used last comes first and has the focus,
// so that Enter is enough; so has the only one of somebody who has no other.
type choosing struct {
	still
	w       *Window
	state   login.State
	choices *widgets.Choices
	// permissions are the pairs behind the cards, in their order.
	permissions []ersclient.Permission
	// ready is the choice that Enter takes while no card has the focus, or none.
	ready int
}

const none = -1

func newChoosing(w *Window, state login.State) *choosing {
	s := &choosing{w: w, state: state, ready: none}
	s.choices = widgets.NewChoices(s.sections(state))
	shown := w.shown
	s.choices.OnChosen = func(choice int) {
		if shown == w.shown {
			s.choose(choice)
		}
	}
	s.choices.OnFocus = w.focus
	s.choices.OnReveal = func(top, bottom float32) {
		if y, found := w.viewport.OffsetOf(s.choices.Object()); found {
			w.viewport.Reveal(y+top, y+bottom)
		}
	}
	s.choices.OnKey, s.choices.OnRune = w.typedKey, w.typedRune
	lead := lang.L("Pick the organisation and role for this e-RS session.")
	if len(s.permissions) == 1 {
		lead = lang.L("You have one role. Press Enter to continue.")
	}
	s.content = page(widgets.Column(
		widgets.Row{Object: widgets.NewText(lang.L("Choose how you want to work"), titleStyle)},
		widgets.Row{Object: widgets.NewText(lead, leadStyle), Above: 5},
		widgets.Row{Object: s.choices.Object(), Above: 20},
		// Pulling the card is the usual way out. Where the ticket outlives the card, this is.
		widgets.Row{Object: widgets.Flow(12, 12, w.button(lang.L("Sign out"), widgets.Secondary, w.intent(login.SignOut{}))),
			Above: 24, Align: widgets.Leading},
	))
	return s
}

func (s *choosing) update(state login.State) bool {
	return state.Phase == login.Choosing && state.User == s.state.User &&
		reflect.DeepEqual(state.LastUsed, s.state.LastUsed) && slices.Equal(state.Permissions, s.state.Permissions)
}

func (s *choosing) appear() { s.choices.Focus(max(0, s.ready)) }

func (s *choosing) moved(top, bottom float32) {
	if y, found := s.w.viewport.OffsetOf(s.choices.Object()); found {
		s.choices.Show(top-y, bottom-y)
	}
}

func (s *choosing) choose(choice int) {
	s.w.send(login.Choose{Permission: s.permissions[choice]})
}

func (s *choosing) key(key *fyne.KeyEvent) bool {
	switch key.Name {
	case fyne.KeyLeft:
		s.choices.Move(-1, 0)
	case fyne.KeyRight:
		s.choices.Move(1, 0)
	case fyne.KeyUp:
		s.choices.Move(0, -1)
	case fyne.KeyDown:
		s.choices.Move(0, 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		// A card takes Enter itself. This one was pressed while none had the focus, after a click beside them.
		if s.ready != none {
			s.choose(s.ready)
		}
	default:
		return false
	}
	return true
}

func (s *choosing) rune(r rune) {
	if r < '1' || r > '9' {
		return
	}
	if choice, found := s.choices.Digit(int(r - '0')); found {
		s.choose(choice)
	}
}

// sections sorts the user's pairs into sections, and fills permissions in the order of the cards.
func (s *choosing) sections(state login.State) []widgets.Section {
	organisations, card := byOrganisation(state.Permissions), cards()
	var sections []widgets.Section
	single := len(organisations) == 1 && len(organisations[0].permissions) == 1
	if last := state.LastUsed; last != nil && !single {
		s.ready = 0
		s.permissions = append(s.permissions, *last)
		sections = append(sections, widgets.Section{
			Heading: heading(lang.L("Last used"), lang.L("press Enter to continue")),
			Choices: []widgets.Choice{card(*last, true, organisation(*last))},
		})
	}
	for _, o := range organisations {
		section := widgets.Section{Heading: heading(o.title())}
		for _, p := range o.permissions {
			s.permissions = append(s.permissions, p)
			section.Choices = append(section.Choices, card(p, single))
		}
		sections = append(sections, section)
	}
	if single {
		s.ready = 0
	}
	return sections
}

// cards returns a function that makes the card of a pair. One that Enter takes has an accent and says so. Words are looked up
// once for each role, since the same few are on thousands of cards.
func cards() func(p ersclient.Permission, ready bool, above ...string) widgets.Choice {
	known := make(map[ersclient.BusinessFunction]widgets.Choice)
	return func(p ersclient.Permission, ready bool, above ...string) widgets.Choice {
		choice, found := known[p.BusinessFunction]
		if !found {
			choice.Title = roleName(p.BusinessFunction)
			if purpose := rolePurpose(p.BusinessFunction); purpose != "" {
				choice.Lines = []string{purpose}
			}
			known[p.BusinessFunction] = choice
		}
		if ready {
			choice.Accent, choice.Key = true, lang.L("Enter")
		}
		choice.Lines = slices.Concat(above, choice.Lines)
		return choice
	}
}

func heading(name, note string) []widgets.Run {
	runs := []widgets.Run{{Text: name, Style: boldStyle}}
	if note != "" {
		runs[0].Text += "  "
		runs = append(runs, widgets.Run{Text: note, Style: detailStyle})
	}
	return runs
}

// section is an organisation with its business functions.
type section struct {
	code, name  string
	sort        string // What it is sorted by.
	permissions []ersclient.Permission
}

// title returns the organisation's name, and its code with the number of roles.
func (s section) title() (name, note string) {
	count := lang.L("{{.Count}} roles", map[string]any{"Count": len(s.permissions)})
	if len(s.permissions) == 1 {
		count = lang.L("1 role")
	}
	switch {
	case s.name == "":
		return s.code, count
	case s.code == "":
		return s.name, count
	default:
		return s.name, s.code + " · " + count
	}
}

// byOrganisation sorts pairs into organisations by name and code, and within each by the name of the role. The order does not
// depend on the one in which e-RS lists them, so that a card is where it was the last time. A pair that is listed twice is
// shown once.
func byOrganisation(permissions []ersclient.Permission) []section {
	index := make(map[string]int)
	seen := make(map[ersclient.Permission]bool, len(permissions))
	names := make(map[ersclient.BusinessFunction]string)
	var sections []section
	for _, p := range permissions {
		if _, known := names[p.BusinessFunction]; !known {
			names[p.BusinessFunction] = roleName(p.BusinessFunction)
		}
		pair := ersclient.Permission{BusinessFunction: p.BusinessFunction, OrgIdentifier: p.OrgIdentifier}
		if seen[pair] {
			continue
		}
		seen[pair] = true
		at, known := index[p.OrgIdentifier]
		if !known {
			at = len(sections)
			index[p.OrgIdentifier] = at
			sections = append(sections, section{code: problem.Clean(p.OrgIdentifier, 40)})
		}
		if name := problem.Clean(p.OrgName, 200); name != "" && (sections[at].name == "" || name < sections[at].name) {
			sections[at].name = name
		}
		sections[at].permissions = append(sections[at].permissions, p)
	}
	for i, s := range sections {
		sections[i].sort = strings.ToLower(cmp.Or(s.name, s.code))
		slices.SortStableFunc(s.permissions, func(a, b ersclient.Permission) int {
			return cmp.Or(cmp.Compare(names[a.BusinessFunction], names[b.BusinessFunction]),
				cmp.Compare(a.BusinessFunction, b.BusinessFunction))
		})
	}
	slices.SortStableFunc(sections, func(a, b section) int {
		return cmp.Or(cmp.Compare(a.sort, b.sort), cmp.Compare(a.code, b.code))
	})
	return sections
}
