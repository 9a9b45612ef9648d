package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// TestKeys uses the screens by keyboard alone. Each case is one task of a user without a mouse.
func TestKeys(t *testing.T) {
	last := fiveRoles()[2]
	permission := func(function ersclient.BusinessFunction) signin.Intent {
		return signin.Choose{Permission: ersclient.Permission{BusinessFunction: function, OrgIdentifier: "R01", OrgName: "NHST_X3"}}
	}
	unfocus := func(w *world) { w.win.Canvas().Unfocus() }
	press := func(keys ...fyne.KeyName) func(*world) { return func(w *world) { w.press(keys...) } }
	char := func(r rune) func(*world) { return func(w *world) { w.char(r) } }
	for _, c := range []struct {
		name  string
		state signin.State
		do    []func(*world)
		want  []signin.Intent
	}{
		{"waiting: Enter signs in", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){press(fyne.KeyReturn)}, []signin.Intent{signin.SignIn{}}},
		{"waiting: Enter signs in after a click on the ground", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, []signin.Intent{signin.SignIn{}}},
		{"waiting: Enter on the keypad after a click on the ground", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){unfocus, press(fyne.KeyEnter)}, []signin.Intent{signin.SignIn{}}},
		{"waiting: Space signs in", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){press(fyne.KeySpace)}, []signin.Intent{signin.SignIn{}}},
		{"waiting: the second button asks for nothing", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"signed out, card still in: Enter alone does nothing", waitingState(hscn.MissingIntent, signin.SignedOut),
			[]func(*world){press(fyne.KeyReturn, fyne.KeySpace)}, nil},
		{"signed out, card still in: nor does Enter after a click on nothing", waitingState(hscn.MissingIntent, signin.SignedOut),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, nil},
		{"signed out, card still in: Tab and Enter sign in again", waitingState(hscn.MissingIntent, signin.SignedOut),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, []signin.Intent{signin.SignIn{}}},
		{"prompting: Escape cancels", workingState(signin.Prompting, signin.NotEnded),
			[]func(*world){press(fyne.KeyEscape)}, []signin.Intent{signin.Cancel{}}},
		{"prompting: an Enter too many does not cancel", workingState(signin.Prompting, signin.NotEnded),
			[]func(*world){press(fyne.KeyReturn)}, nil},
		{"signing in: Escape cancels", workingState(signin.SigningIn, signin.NotEnded),
			[]func(*world){press(fyne.KeyEscape)}, []signin.Intent{signin.Cancel{}}},
		{"signing in: Tab and Enter cancel", workingState(signin.SigningIn, signin.NotEnded),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, []signin.Intent{signin.Cancel{}}},
		{"signing in: Escape cancels with the focus on Cancel", workingState(signin.SigningIn, signin.NotEnded),
			[]func(*world){press(fyne.KeyTab, fyne.KeyEscape)}, []signin.Intent{signin.Cancel{}}},
		{"selecting: Escape cancels", workingState(signin.Selecting, signin.NotEnded),
			[]func(*world){press(fyne.KeyEscape)}, []signin.Intent{signin.Cancel{}}},
		{"ending: nothing can be cancelled", workingState(signin.Ending, signin.SignedOut),
			[]func(*world){press(fyne.KeyEscape, fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"starting: nothing can be cancelled", workingState(signin.Starting, signin.NotEnded),
			[]func(*world){press(fyne.KeyEscape, fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"choosing: Enter takes the last used", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyReturn)}, []signin.Intent{signin.Choose{Permission: last}}},
		{"choosing: Enter takes the last used after a click beside the cards", choosingState(fiveRoles(), &last),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, []signin.Intent{signin.Choose{Permission: last}}},
		{"choosing: Enter on the keypad", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyEnter)}, []signin.Intent{signin.Choose{Permission: last}}},
		{"choosing: Enter takes the only role", choosingState(fiveRoles()[1:2], nil),
			[]func(*world){press(fyne.KeyReturn)}, []signin.Intent{permission(ersclient.ReferringClinician)}},
		{"choosing: Enter takes the only role, used before", choosingState(fiveRoles()[1:2], &fiveRoles()[1]),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, []signin.Intent{permission(ersclient.ReferringClinician)}},
		{"choosing: Enter without focus takes a role after a click beside the cards", choosingState(fiveRoles(), nil),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, nil},
		{"choosing: a digit takes its card", choosingState(fiveRoles(), &last),
			[]func(*world){char('3')}, []signin.Intent{permission(ersclient.ReferringClinicianAdmin)}},
		{"choosing: a digit takes its card while nothing has the focus", choosingState(fiveRoles(), &last),
			[]func(*world){unfocus, char('4')}, []signin.Intent{permission(ersclient.ServiceDefiner)}},
		{"choosing: digits without a card, and letters", choosingState(fiveRoles(), &last),
			[]func(*world){char('7'), char('0'), char('9'), char('a'), char(' ')}, nil},
		{"choosing: Escape gives nothing up", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyEscape)}, nil},
		{"choosing: down and right, then Space", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyDown, fyne.KeyRight, fyne.KeySpace)},
			[]signin.Intent{permission(ersclient.ReferringClinicianAdmin)}},
		{"choosing: arrows after a click beside the cards", choosingState(fiveRoles(), &last),
			[]func(*world){unfocus, press(fyne.KeyDown, fyne.KeyReturn)}, []signin.Intent{permission(ersclient.ReferringClinician)}},
		{"choosing: the digit 1 takes the last used", choosingState(fiveRoles(), &last),
			[]func(*world){char('1')}, []signin.Intent{signin.Choose{Permission: last}}},
		{"choosing: the digit 1 takes the only role", choosingState(fiveRoles()[1:2], nil),
			[]func(*world){char('1')}, []signin.Intent{permission(ersclient.ReferringClinician)}},
		{"choosing: Tab passes over the other cards, and goes round by the bars", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyDown, fyne.KeyTab, fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)}, []signin.Intent{signin.SignOut{}}},
		{"signed in: an Enter too many does nothing", signedInState(),
			[]func(*world){press(fyne.KeyReturn, fyne.KeySpace, fyne.KeyEscape)}, nil},
		{"signed in: switching the role asks, since other applications stop", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"signed in: Escape keeps the role", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn, fyne.KeyEscape)}, nil},
		{"signed in: Tab and Enter twice switch the role", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn, fyne.KeyReturn)}, []signin.Intent{signin.SwitchRole{}}},
		{"choosing for the first time: an Enter too many chooses nothing", choosingState(fiveRoles(), nil),
			[]func(*world){press(fyne.KeyReturn, fyne.KeyReturn)}, nil},
		{"signed in: signing out asks", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"signed in: Enter answers yes", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyReturn)}, []signin.Intent{signin.SignOut{}}},
		{"signed in: Escape answers no, and Enter asks again", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyEscape, fyne.KeyReturn)}, nil},
		{"signed in: Cancel answers no", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"signing in: Enter cancels nothing after a click on the ground", workingState(signin.SigningIn, signin.NotEnded),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, nil},
		{"problem: Enter tries again after a click on the ground", failedState(notAccepted),
			[]func(*world){unfocus, press(fyne.KeyReturn)}, []signin.Intent{signin.TryAgain{}}},
		{"problem: Enter tries again", failedState(notAccepted),
			[]func(*world){press(fyne.KeyReturn)}, []signin.Intent{signin.TryAgain{}}},
		{"problem: Tab and Enter copy, and send nothing", failedState(notAccepted),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.state)
			for _, do := range c.do {
				do(w)
			}
			requireIntents(t, w, c.want...)
		})
	}
}

// TestHeldKeyPressesOnce: Enter is held down while choosing a role. The repeats arrive on the
// following screens, and must not sign out again, cancel, or answer a question.
func TestHeldKeyPressesOnce(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.press(fyne.KeyTab, fyne.KeyTab)
	w.hold(fyne.KeyReturn, 20)
	require.Equal(t, "Sign out", w.focused(), "the question is asked")
	requireIntents(t, w)

	w.Show(waitingState(hscn.MissingCard, signin.SignedOut))
	w.hold(fyne.KeyReturn, 20)
	requireIntents(t, w, signin.SignIn{})

	w.Show(failedState(notAccepted))
	// A repeat of a key that went down before.
	w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	requireIntents(t, w)
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.TryAgain{})

	// A repeat arrives where nothing has the focus, on each screen.
	for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), failedState(notAccepted),
		choosingState(fiveRoles(), &triage)} {
		w.Show(state)
		w.win.Canvas().Unfocus()
		w.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyReturn})
		requireIntents(t, w)
	}
}

// TestAHeldDigitChoosesOnce: a digit is held down while a role is chosen. Its repeats arrive on the
// page after it, however late, and must not choose there for whom to work.
func TestAHeldDigitChoosesOnce(t *testing.T) {
	roles, whom := choosingState(fiveRoles(), &fiveRoles()[0]), clinicianState(9, clinicianState(9, "").Clinicians[0])
	unfocus, nothing := func(w *world) { w.win.Canvas().Unfocus() }, func(*world) {}
	for name, c := range map[string]struct{ before, after func(*world) }{
		"from card to card":       {nothing, nothing},
		"from a card to no focus": {nothing, unfocus},
		"from no focus to a card": {unfocus, nothing},
		"without a focus":         {unfocus, unfocus},
		// A key that went down elsewhere, and was not typed there, is not the digit's.
		"from a card to no focus, after Tab": {func(w *world) {
			card := w.win.Canvas().Focused()
			unfocus(w)
			w.down(&fyne.KeyEvent{Name: fyne.KeyTab})
			w.focus(card)
		}, unfocus},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(roles)
			c.before(w)
			w.char('1')
			w.repeatRune('1')
			requireIntents(t, w, signin.Choose{Permission: fiveRoles()[0]})
			w.Show(whom)
			c.after(w)
			for _, between := range []fyne.KeyName{"", "Shift", ""} {
				w.now = w.now.Add(doubleClick)
				if between != "" {
					w.strike(between, 0)
				}
				w.repeatRune('1')
			}
			requireIntents(t, w)
			w.char('1')
			require.Len(t, w.took(), 1)
		})
	}
}

// TestTypingAheadChoosesNothing: the roles appear, and the window comes to the front, while the user
// types for another program. If this fails, a part of an NHS number chooses a role that was not seen.
func TestTypingAheadChoosesNothing(t *testing.T) {
	for name, state := range map[string]signin.State{"roles": choosingState(fiveRoles(), &triage), "clinicians": clinicianState(9, "")} {
		t.Run(name, func(t *testing.T) {
			const beat = 250 * time.Millisecond
			w := newWorld(t, Settings{})
			appears := func() {
				w.Window.Show(signedInState())
				w.Window.Show(state)
			}
			appears()
			for _, digit := range "943476" {
				w.now = w.now.Add(beat)
				w.strikeRune(digit)
			}
			w.now = w.now.Add(beat)
			w.strike(fyne.KeyReturn, 0)
			w.now = w.now.Add(beat)
			w.strike(fyne.KeySpace, 0)
			requireIntents(t, w)
			w.now = w.now.Add(typingPause)
			w.strikeRune('4')
			require.Len(t, w.took(), 1, "after a pause")

			appears()
			w.now = w.now.Add(typingPause)
			w.strikeRune('4')
			require.Len(t, w.took(), 1, "of a user who has seen the page")
		})
	}
	t.Run("a name", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Window.Show(choosingState(fiveRoles(), &triage))
		for _, letter := range "definer" {
			w.now = w.now.Add(300 * time.Millisecond)
			w.strikeRune(letter)
		}
		w.now = w.now.Add(300 * time.Millisecond)
		w.strike(fyne.KeyReturn, 0)
		requireIntents(t, w)
		require.Equal(t, "Search organisations and roles, definer", w.focused(), "it can be seen")
	})
}

// TestEnterPressesWhatIsSeen: the button below the end of a small window is shown before it is
// pressed, with the focus and without.
func TestEnterPressesWhatIsSeen(t *testing.T) {
	long := choiceFailedState()
	for name, start := range map[string]func(*world){
		"with the focus": func(*world) {}, "without": func(w *world) { w.win.Canvas().Unfocus() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{TextScale: 2})
			w.win.Resize(least)
			w.Show(long)
			start(w)
			require.Zero(t, w.viewport.Offset(), "what has happened comes first")
			w.strike(fyne.KeyReturn, 0)
			requireIntents(t, w)
			require.NotZero(t, w.viewport.Offset())
			w.strike(fyne.KeyReturn, 0)
			requireIntents(t, w)
			w.press(fyne.KeyReturn)
			requireIntents(t, w, signin.TryAgain{})
		})
	}
}

// TestFirstFocus: what Enter does on a screen that has just appeared.
func TestFirstFocus(t *testing.T) {
	last := fiveRoles()[0]
	for _, c := range []struct {
		name  string
		state signin.State
		want  string
	}{
		{"waiting", waitingState(hscn.MissingCard, signin.NotEnded), "Sign in"},
		{"signed out, card taken", waitingState(hscn.MissingCard, signin.SignedOut), "Sign in"},
		{"signed out, card still in", waitingState(hscn.MissingIntent, signin.SignedOut), ""},
		{"a card is in at the start", waitingState(hscn.MissingIntent, signin.NotEnded), "Sign in"},
		{"signing in", workingState(signin.SigningIn, signin.NotEnded), ""},
		{"choosing", choosingState(fiveRoles(), &last),
			"Service provider clinician admin, NHST_X3 (R01), Last used, Enter, 1, 6"},
		{"choosing for the first time: an Enter too many must not take the first", choosingState(fiveRoles(), nil), ""},
		{"one role", choosingState(fiveRoles()[2:3], nil), "Service definer, Maintain the directory of services, Enter, 1"},
		{"signed in", signedInState(), ""},
		{"problem", failedState(notAccepted), "Try again"},
		{"problem that trying again does not solve", failedState(blocked), "Copy details"},
		{"ending", workingState(signin.Ending, signin.SignedOut), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(waitingState(hscn.MissingCard, signin.NotEnded)) // the focus was elsewhere before
			w.Show(c.state)
			require.Equal(t, c.want, w.focused())
		})
	}
}

// TestTypingAnywhereSearches: typing begins a search, wherever the focus is.
func TestTypingAnywhereSearches(t *testing.T) {
	for name, focus := range map[string]func(w *world){
		"on a card":          func(*world) {},
		"on nothing":         func(w *world) { w.win.Canvas().Unfocus() },
		"on a button":        func(w *world) { w.shiftTab(); w.shiftTab() },
		"in the status bar":  func(w *world) { w.focus(w.status.settings) },
		"in the field again": func(w *world) { w.find(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Preferences: preferencesOf(nil)})
			w.Show(choosingState(fiveRoles(), &triage))
			focus(w)
			w.typed("def")
			require.Equal(t, "Search organisations and roles, def", w.focused())
			w.press(fyne.KeyReturn)
			requireIntents(t, w, signin.Choose{Permission: fiveRoles()[2]})

			// An input method sends no keys.
			w.press(fyne.KeyEscape)
			focus(w)
			w.inputRune('ŵ')
			require.Equal(t, "Search organisations and roles, ŵ", w.focused())
		})
	}
}

// bearers returns the cards that show digits, by digit.
func bearers(t *testing.T, w *world) map[rune]*widgets.RoleCard {
	t.Helper()
	found := map[rune]*widgets.RoleCard{}
	for _, object := range w.heard() {
		card, ok := object.CanvasObject.(*widgets.RoleCard)
		if !ok {
			continue
		}
		for _, said := range strings.Split(card.AccessibilityLabel(), ", ") {
			if len(said) == 1 {
				require.NotContains(t, found, rune(said[0]), "two cards bear a digit")
				found[rune(said[0])] = card
			}
		}
	}
	return found
}

// TestDigitsKeepTheirMeaning: a digit signs its user in at once, so whatever happens between two
// presses, it must choose the same pair, or none.
func TestDigitsKeepTheirMeaning(t *testing.T) {
	few, many := fiveRoles(), manyRoles(40, 10)
	nine := manyRoles(3, 3)
	// chosen returns the pairs that the digits choose.
	chosen := func(t *testing.T, w *world) map[rune]ersclient.Permission {
		t.Helper()
		digits := map[rune]ersclient.Permission{}
		for digit := '1'; digit <= '9'; digit++ {
			w.char(digit)
			taken := w.took()
			if len(taken) == 0 { // the card was only shown, if there is one
				w.char(digit)
				taken = w.took()
			}
			for _, intent := range taken {
				choose, ok := intent.(signin.Choose)
				require.True(t, ok)
				digits[digit] = pairOf(choose.Permission)
			}
		}
		return digits
	}
	for _, c := range []struct {
		name        string
		permissions []ersclient.Permission
		last        *ersclient.Permission
		favourites  []ersclient.Permission
		want        map[rune]ersclient.Permission
	}{
		{"few, never used", few, nil, nil, map[rune]ersclient.Permission{'2': few[1], '3': few[4], '4': few[2], '5': few[3], '6': few[0]}},
		{"few, one used last", few, &few[3], nil, map[rune]ersclient.Permission{'1': few[3], '2': few[1], '3': few[4], '4': few[2], '5': few[3], '6': few[0]}},
		{"nine", nine, &nine[8], nil, map[rune]ersclient.Permission{'1': nine[8], '2': nine[1], '3': nine[2], '4': nine[0], '5': nine[4],
			'6': nine[5], '7': nine[3], '8': nine[7], '9': nine[8]}},
		{"many, never used", many, nil, nil, map[rune]ersclient.Permission{}},
		{"many", many, &many[0], many[310:312], map[rune]ersclient.Permission{'1': many[0], '2': many[310], '3': many[311]}},
		{"many, a favourite used last", many, &many[311], many[310:312], map[rune]ersclient.Permission{'1': many[311], '2': many[310], '3': many[311]}},
		{"more favourites than digits", many, nil, many[300:310], map[rune]ersclient.Permission{'2': many[300], '3': many[301], '4': many[302],
			'5': many[303], '6': many[304], '7': many[305], '8': many[306], '9': many[307]}},
		{"one", few[:1], nil, nil, map[rune]ersclient.Permission{'1': few[0]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := map[rune]ersclient.Permission{}
			for digit, p := range c.want {
				want[digit] = pairOf(p)
			}
			store := favouritesOf(c.favourites...)
			w := newWorld(t, Settings{Favourites: store})
			w.Show(choosingState(c.permissions, c.last))
			require.Equal(t, want, chosen(t, w))
			for name, change := range map[string]func(){
				"scrolled":   func() { w.viewport.ScrollBy(8000) },
				"enlarged":   func() { w.win.Resize(fyne.NewSize(1900, 1200)) },
				"made small": func() { w.win.Resize(least) },
				"moved":      func() { w.press(fyne.KeyEnd) },
				"searched":   func() { w.typed("no"); w.press(fyne.KeyEscape) },
			} {
				change()
				require.Equal(t, want, chosen(t, w), name)
			}
			w.Show(signedInState())
			w.Show(choosingState(c.permissions, c.last))
			require.Equal(t, want, chosen(t, w), "shown anew")
		})
	}
	t.Run("in Welsh", func(t *testing.T) {
		t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
		english := newWorld(t, Settings{})
		english.Show(choosingState(few, nil))
		before := chosen(t, english)
		require.NoError(t, UseLanguage("cy"))
		welsh := newWorld(t, Settings{})
		welsh.Show(choosingState(few, nil))
		require.Equal(t, before, chosen(t, welsh))
	})
	starred := func(t *testing.T, permissions []ersclient.Permission, store *favourites, keys ...fyne.KeyName) {
		t.Helper()
		w := newWorld(t, Settings{Favourites: store})
		w.Show(choosingState(permissions, &permissions[0]))
		before := chosen(t, w)
		w.press(keys...)
		w.char('*')
		requireSame := func() {
			t.Helper()
			for digit, pair := range chosen(t, w) {
				if was, had := before[digit]; had {
					require.Equal(t, was, pair, "%c", digit)
				}
			}
		}
		requireSame()
		w.Show(signedInState())
		w.Show(choosingState(permissions, &permissions[0]))
		requireSame()
		w.Show(signedInState())
		w.Show(choosingState(permissions, &permissions[2])) // another was used
		delete(before, '1')
		requireSame()
	}
	t.Run("a star among few", func(t *testing.T) { starred(t, few, favouritesOf(), fyne.KeyEnd) })
	t.Run("a star among many", func(t *testing.T) { starred(t, many, favouritesOf(many[310:312]...), fyne.KeyEnd) })
	t.Run("a star while a favourite cannot be chosen", func(t *testing.T) {
		gone := ersclient.Permission{BusinessFunction: ersclient.ReferringAdmin, OrgIdentifier: "GONE"}
		for _, permissions := range [][]ersclient.Permission{few, many} {
			store := favouritesOf(gone)
			starred(t, permissions, store, fyne.KeyEnd)
			require.Equal(t, firstPlace, store.marked[gone])
			w := newWorld(t, Settings{Favourites: store})
			w.Show(choosingState(permissions, nil))
			require.NotContains(t, chosen(t, w), '2', "its digit is kept for it")
		}
	})
	t.Run("a star taken away", func(t *testing.T) { starred(t, many, favouritesOf(many[310:313]...), fyne.KeyRight) })
}

// TestNoDigitIsDead: a digit visible on a card chooses it, wherever the focus is. In the search
// field a digit is text.
func TestNoDigitIsDead(t *testing.T) {
	w := newWorld(t, Settings{Preferences: preferencesOf(nil), Diagnostics: &chain{findings: goodChain()}, Favourites: favouritesOf()})
	w.Show(choosingState(fiveRoles(), &triage))
	requireAlive := func() {
		t.Helper()
		for digit, card := range bearers(t, w) {
			w.char(digit)
			byKey := w.took()
			w.now = w.now.Add(impatience)
			card.Tapped(&fyne.PointEvent{})
			require.Equal(t, w.took(), byKey, "%c with the focus on %q", digit, w.focused())
			require.Len(t, byKey, 1)
		}
	}
	seen := map[string]bool{}
	for !seen[w.focused()] {
		seen[w.focused()] = true
		requireAlive()
		if w.focused() == "Search organisations and roles" {
			require.Empty(t, bearers(t, w))
		} else {
			require.Len(t, bearers(t, w), 6, "with the focus on %q", w.focused())
		}
		w.press(fyne.KeyTab)
	}
	require.Equal(t, 8, len(seen), "every control had the focus, and the cards are one")
	require.Contains(t, seen, "Search organisations and roles")

	w.find(nil)
	w.typed("r01")
	require.Empty(t, bearers(t, w))
	w.press(fyne.KeyDown)
	require.NotEmpty(t, bearers(t, w), "back on the cards")
	requireAlive()
	w.find(nil)
	w.press(fyne.KeyEscape)
	requireAlive()
	require.Len(t, bearers(t, w), 6)
}

// TestTheFocusStaysInView: neither a smaller window nor a growing bar may push away what Enter is
// about to press.
func TestTheFocusStaysInView(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, language := range assets.Languages {
		for name, c := range map[string]struct {
			state signin.State
			to    func(*world)
		}{
			"Sign in":        {waitingState(hscn.MissingCard, signin.NotEnded), nil},
			"a problem":      {failedState(notAccepted), nil},
			"the last card":  {choosingState(manyRoles(3, 5), nil), func(w *world) { w.press(fyne.KeyEnd) }},
			"the way out":    {signedInState(), func(w *world) { w.press(fyne.KeyTab, fyne.KeyTab) }},
			"a setting":      {waitingState(hscn.MissingCard, signin.NotEnded), func(w *world) { w.press(fyne.KeyF2); w.shiftTab(); w.shiftTab() }},
			"of diagnostics": {waitingState(hscn.MissingCard, signin.NotEnded), func(w *world) { w.press(fyne.KeyF9) }},
		} {
			t.Run(language+" "+name, func(t *testing.T) {
				store := preferencesOf(map[Preference]string{PreferTextSize: "200", PreferLanguage: language})
				w := newWorld(t, Settings{Preferences: store, Diagnostics: &chain{findings: brokenChain()}})
				w.win.Resize(fyne.NewSize(1400, 1400))
				w.Show(c.state)
				if c.to != nil {
					c.to(w)
				}
				before := w.focused()
				require.NotEmpty(t, before)
				requireWholeInView(t, w)
				w.win.Resize(least)
				requireWholeInView(t, w)
				w.win.Resize(fyne.NewSize(minWidth+100, minHeight+30))
				requireWholeInView(t, w)
			})
		}
	}
	t.Run("what was scrolled away by hand stays away", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(choosingState(manyRoles(40, 10), nil))
		w.viewport.ScrollBy(8000)
		w.win.Resize(least)
		require.Greater(t, w.viewport.Offset(), float32(4000))
	})
}

// TestArrows moves over two sections of three columns: last used, then five and three roles.
//
//	L
//	1 2 3
//	4 5
//	6 7 8
func TestArrows(t *testing.T) {
	permissions := append([]ersclient.Permission{{BusinessFunction: ersclient.BookingManager, OrgIdentifier: "R01", OrgName: "NHST_X3"}},
		fiveRoles()...)
	for _, p := range fiveRoles()[:3] {
		p.OrgIdentifier, p.OrgName = "Z99", "Zeta"
		permissions = append(permissions, p)
	}
	for _, c := range []struct {
		name string
		keys string // Down, Up, Left, Right
		want int
	}{
		{"down into the next section", "D", 1},
		{"down to the last", "DDD", 6},
		{"down stops at the end", "DDDDDD", 6},
		{"up stops at the beginning", "U", 0},
		{"left stops at the beginning", "L", 0},
		{"right goes on in the next row", "DRRR", 4},
		{"right goes on in the next section", "RRRRRR", 6},
		{"right stops at the end", "DDDRRRR", 8},
		{"left goes back over a section", "DDDL", 5},
		{"down in a column that the next row has not", "DRRD", 5},
		{"down over a short row comes back left of where it was", "DRRDD", 7},
		{"up over a section keeps the column", "DDDRU", 5},
		{"up from the second column to a single card", "DRU", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(choosingState(permissions, &permissions[0]))
			names := map[rune]fyne.KeyName{'D': fyne.KeyDown, 'U': fyne.KeyUp, 'L': fyne.KeyLeft, 'R': fyne.KeyRight}
			for _, key := range c.keys {
				w.press(names[key])
			}
			require.Equal(t, c.want, focusedChoice(t, w))
			requireFocusedObject(t, w)
		})
	}
}

func focusedChoice(t *testing.T, w *world) int {
	t.Helper()
	screen, ok := w.screen.(*choosing)
	require.True(t, ok)
	choice, found := screen.choices.Focused()
	require.True(t, found)
	return choice
}

func requireInView(t *testing.T, w *world) {
	t.Helper()
	card := requireFocusedObject(t, w)
	top := w.header.box.Size().Height
	require.GreaterOrEqual(t, card.at.Y, top)
	require.LessOrEqual(t, card.at.Y+card.Size().Height, w.status.box.Position().Y)
}

// TestKeysTakeWhatIsSeen: a card that the help or the wheel has moved away is first shown. If this
// fails, a user acts in a role, or for a clinician, that is not on the screen.
func TestKeysTakeWhatIsSeen(t *testing.T) {
	permissions := manyRoles(40, 10)
	roles, whom := choosingState(permissions, &permissions[0]), clinicianState(9, clinicianState(9, "").Clinicians[0])
	acting := whom.Chosen
	acting.OnBehalfOf = whom.Clinicians[0]
	help, wheel := func(w *world) { w.press(fyne.KeyF1) }, func(w *world) { w.viewport.ScrollBy(8000) }
	unfocus := func(w *world) { w.win.Canvas().Unfocus() }
	for name, c := range map[string]struct {
		state signin.State
		away  []func(*world)
		key   fyne.KeyName
		want  ersclient.Permission
	}{
		"the help, Enter":                          {roles, []func(*world){help, wheel}, fyne.KeyReturn, permissions[0]},
		"the help, Space":                          {roles, []func(*world){help, wheel}, fyne.KeySpace, permissions[0]},
		"the wheel, Enter":                         {roles, []func(*world){wheel}, fyne.KeyReturn, permissions[0]},
		"the wheel, Enter while nothing has focus": {roles, []func(*world){unfocus, wheel}, fyne.KeyReturn, permissions[0]},
		"the wheel, Enter in the search": {roles, []func(*world){func(w *world) { w.typed(permissions[0].OrgIdentifier) }, wheel}, fyne.KeyReturn,
			permissions[6]},
		"for whom to work, Enter": {whom, []func(*world){wheel}, fyne.KeyReturn, acting},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Diagnostics: &chain{findings: goodChain()}})
			w.win.Resize(least)
			w.Show(c.state)
			for _, away := range c.away {
				away(w)
			}
			before := w.viewport.Offset()
			w.strike(c.key, 0)
			requireIntents(t, w)
			require.NotEqual(t, before, w.viewport.Offset())
			if w.win.Canvas().Focused() != nil && !strings.HasSuffix(name, "search") {
				requireInView(t, w)
			}
			w.now = w.now.Add(doubleClick - time.Millisecond)
			w.strike(c.key, 0)
			requireIntents(t, w)
			w.now = w.now.Add(doubleClick)
			w.strike(c.key, 0)
			requireIntents(t, w, signin.Choose{Permission: c.want})
		})
	}
	t.Run("a digit moves the focus to its card, and Enter takes no other", func(t *testing.T) {
		w := newWorld(t, Settings{TextScale: 2})
		w.win.Resize(least)
		w.Show(choosingState(fiveRoles(), &triage))
		w.char('6')
		requireIntents(t, w)
		requireInView(t, w)
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: fiveRoles()[0]})
	})
	t.Run("digits choose nothing behind the help", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(roles)
		help(w)
		w.char('1')
		requireIntents(t, w)
		help(w)
		w.char('1')
		requireIntents(t, w, signin.Choose{Permission: permissions[0]})
	})
	t.Run("the help is read by keys, which go to no other role", func(t *testing.T) {
		for _, key := range []fyne.KeyName{fyne.KeyDown, fyne.KeyPageDown} {
			w := newWorld(t, Settings{TextScale: 2})
			w.win.Resize(least)
			w.Show(roles)
			before := w.focused()
			help(w)
			w.viewport.ScrollToTop()
			read := map[string]bool{}
			for range 40 {
				for _, object := range w.heard() {
					if text, is := object.CanvasObject.(*widgets.Text); is && w.viewport.Shows(text) {
						read[text.String()] = true
					}
				}
				if before != w.focused() {
					break // it is read, and the cards' turn
				}
				w.press(key)
			}
			require.Contains(t, read, "My organisation or role is missing", key)
			require.Contains(t, read, "Keys: 1–9 choose, letters search, * favourite", key)
		}
	})
	t.Run("the focus is in view again when the help closes", func(t *testing.T) {
		for _, closing := range []fyne.KeyName{fyne.KeyF1, fyne.KeyEscape} {
			w := newWorld(t, Settings{})
			w.win.Resize(least)
			w.Show(roles)
			w.press(fyne.KeyEnd)
			offset := w.viewport.Offset()
			help(w)
			require.Less(t, w.viewport.Offset(), offset-1000, "the card is far away")
			w.press(closing)
			requireInView(t, w)
		}
	})
}

// TestTheCardThatEnterTakesSaysSo: one card alone bears the key, and the sentence about the last one
// is there while it is that one. If this fails, the page names a card that Enter does not take.
func TestTheCardThatEnterTakesSaysSo(t *testing.T) {
	const last, open = "Press Enter for the role you used last, or choose another.", "Choose an organisation and role to work in."
	const note, noNote = "Last used  press Enter to continue", "Last used"
	clinicians := clinicianState(3, "")
	clinicians = clinicianState(3, clinicians.Clinicians[1])
	button := func(w *world) { w.shiftTab() }
	unfocus := func(w *world) { w.win.Canvas().Unfocus() }
	press := func(keys ...fyne.KeyName) func(*world) { return func(w *world) { w.press(keys...) } }
	for name, c := range map[string]struct {
		state signin.State
		do    []func(*world)
		bears string // how the label of the card begins, or ""
		said  string
	}{
		"at first":              {choosingState(fiveRoles(), &triage), nil, "Service provider clinician, ", last},
		"another card":          {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown)}, "Referring clinician, ", open},
		"a third one":           {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown, fyne.KeyRight)}, "Referring clinician admin, ", open},
		"back":                  {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown, fyne.KeyUp)}, "Service provider clinician, ", last},
		"another, then nothing": {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown), unfocus}, "Service provider clinician, ", last},
		"another, then a button": {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown), button}, "Service provider clinician, ",
			last},
		"another, with a star": {choosingState(fiveRoles(), &triage), []func(*world){press(fyne.KeyDown), func(w *world) { w.char('*') }},
			"Referring clinician, ", open},
		"first use":      {choosingState(fiveRoles(), nil), nil, "", open},
		"first use, one": {choosingState(fiveRoles(), nil), []func(*world){press(fyne.KeyDown)}, "Referring clinician, ", open},
		"a search": {choosingState(fiveRoles(), &triage), []func(*world){func(w *world) { w.typed("definer") }}, "Service definer, ",
			"Press Enter for the first role found, or choose another."},
		"a search, another": {choosingState(fiveRoles(), &triage),
			[]func(*world){func(w *world) { w.typed("clinician") }, press(fyne.KeyDown, fyne.KeyRight)}, "Referring clinician admin, ", open},
		"one role":            {choosingState(fiveRoles()[:1], nil), nil, "Service provider clinician admin, ", "You have one role. Press Enter to continue."},
		"a clinician":         {clinicians, nil, "Clinician 5550 3200 0114, ", note},
		"another clinician":   {clinicians, []func(*world){press(fyne.KeyDown)}, "Clinician 5550 3199 9105, ", noNote},
		"back at a clinician": {clinicians, []func(*world){press(fyne.KeyDown, fyne.KeyUp)}, "Clinician 5550 3200 0114, ", note},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Favourites: favouritesOf()})
			w.Show(c.state)
			for _, do := range c.do {
				do(w)
			}
			var bears []string
			for _, object := range w.heard() {
				if card, is := object.CanvasObject.(*widgets.RoleCard); is && strings.Contains(card.AccessibilityLabel(), ", Enter") {
					bears = append(bears, card.AccessibilityLabel())
				}
			}
			if c.bears == "" {
				require.Empty(t, bears)
			} else {
				require.Len(t, bears, 1)
				require.True(t, strings.HasPrefix(bears[0], c.bears), bears)
			}
			require.Contains(t, w.texts(), c.said)
			for _, other := range []string{last, open, note, noNote} {
				if other != c.said {
					require.NotContains(t, w.texts(), other)
				}
			}
		})
	}
}

// TestTheOrganisationOfAFocusedCardIsSeen: its heading stays in view with it if both fit, and the card
// names it otherwise. If this fails, a user with large text chooses a role without seeing where.
func TestTheOrganisationOfAFocusedCardIsSeen(t *testing.T) {
	for _, c := range []struct {
		size  fyne.Size
		scale float32
		all   bool // headings are in view with all cards
	}{{initial, 1, true}, {least, 2, false}, {display, 2, false}} {
		w := newWorld(t, Settings{TextScale: c.scale})
		w.win.Resize(c.size)
		w.Show(choosingState(manyRoles(40, 9), nil))
		w.press(fyne.KeyEnd)
		headings := 0
		for _, key := range slices.Concat(slices.Repeat([]fyne.KeyName{fyne.KeyUp}, 30), slices.Repeat([]fyne.KeyName{fyne.KeyDown}, 30)) {
			w.press(key)
			requireInView(t, w)
			requireNothingOverlaps(t, w)
			screen, ok := w.screen.(*choosing)
			require.True(t, ok)
			chosen := screen.permissions[focusedChoice(t, w)]
			heading := slices.ContainsFunc(w.heard(), func(o placed) bool {
				text, is := o.CanvasObject.(*widgets.Text)
				return is && strings.HasPrefix(text.AccessibilityLabel(), chosen.OrgName+"  ") && o.at.Y >= w.header.box.Size().Height
			})
			if heading {
				headings++
				continue
			}
			require.False(t, c.all, chosen)
			require.Contains(t, w.focused(), ", "+organisation(chosen)+", ")
		}
		require.Positive(t, headings)
	}
}

// TestManyRoles: a consultant with 40 organisations of ten roles. Only visible cards exist, every
// card can be reached, and the focused one is in view and is the one that Enter takes.
func TestManyRoles(t *testing.T) {
	permissions := manyRoles(40, 10)
	start := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, Settings{})
		w.Show(choosingState(permissions, nil))
		return w
	}
	cards := func(w *world) int {
		count := 0
		for _, object := range w.heard() {
			if _, ok := object.CanvasObject.(*widgets.RoleCard); ok {
				count++
			}
		}
		return count
	}
	t.Run("the arrow reaches every card once", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyDown)
		for want := range permissions {
			require.Equal(t, want, focusedChoice(t, w))
			requireInView(t, w)
			require.Less(t, cards(w), 40)
			w.press(fyne.KeyRight)
		}
		for want := len(permissions) - 1; want > len(permissions)-20; want-- {
			require.Equal(t, want, focusedChoice(t, w))
			requireInView(t, w)
			w.press(fyne.KeyLeft)
		}
	})
	t.Run("for Tab the cards are one control, the one that had the focus", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyEnd)
		card := w.focused()
		w.viewport.ScrollBy(-8000)
		for _, next := range []string{"F1 Help", "Not you?", "Cancel sign-in"} {
			w.press(fyne.KeyTab)
			require.Equal(t, next, w.focused(), "round by the bars")
		}
		for range 3 {
			w.shiftTab()
		}
		require.Equal(t, card, w.focused())
		requireInView(t, w)
		w.shiftTab()
		require.Equal(t, "Search organisations and roles", w.focused())
		w.press(fyne.KeyTab)
		require.Equal(t, card, w.focused())
	})
	t.Run("Down goes to the end, and Enter takes what is named", func(t *testing.T) {
		w := start(t)
		for range 200 {
			w.press(fyne.KeyDown)
			requireInView(t, w)
		}
		w.press(fyne.KeyReturn)
		intents := w.took()
		require.Len(t, intents, 1)
		chosen, ok := intents[0].(signin.Choose)
		require.True(t, ok)
		require.Contains(t, w.focused(), RoleName(chosen.Permission.BusinessFunction))
		require.Equal(t, "Y00039", chosen.Permission.OrgIdentifier, "Northern Community Hospital No 40 is the last by name")
	})
	t.Run("the card with the focus stays itself when it is scrolled away", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyDown)
		said, choice := w.focused(), focusedChoice(t, w)
		w.viewport.ScrollBy(8000)
		w.win.Resize(fyne.NewSize(minWidth, minHeight)) // every card gets another place
		require.Less(t, cards(w), 40)
		require.Equal(t, strings.TrimRight(said, ", 0123456789"), w.focused())
		w.press(fyne.KeyReturn, fyne.KeyReturn) // the first one shows it
		screen, ok := w.screen.(*choosing)
		require.True(t, ok)
		requireIntents(t, w, signin.Choose{Permission: screen.permissions[choice]})
	})
}

// TestFocusOrder: Tab goes round as the eye does, and begins at the page's ways out (WCAG 2.4.3).
func TestFocusOrder(t *testing.T) {
	for _, size := range []fyne.Size{initial, least} {
		w := newWorld(t, Settings{Preferences: preferencesOf(nil), Diagnostics: &chain{findings: goodChain()}})
		w.win.Resize(size)
		w.Show(choosingState(manyRoles(40, 3), nil))
		w.press(fyne.KeyF1)
		w.win.Canvas().Unfocus()
		var order []string
		above := float32(0)
		for range 20 {
			w.press(fyne.KeyTab)
			if len(order) > 0 && w.focused() == order[0] {
				break
			}
			order = append(order, w.focused())
			at := requireFocusedObject(t, w).at.Y
			if w.focused() == "Not you?" { // round to the top of the window
				require.Less(t, at, w.header.box.Size().Height)
				above = 0
				continue
			}
			at += w.viewport.Offset()
			require.GreaterOrEqual(t, at, above, order)
			above = at
		}
		require.Len(t, order, 9, order)
		require.Equal(t, "Cancel sign-in", order[0])
		require.Equal(t, "Search organisations and roles", order[3])
		require.Contains(t, order[4], "Referring clinician, ", "the cards are one stop")
		require.Equal(t, []string{"F1 Help", "F2 Settings", "F9 Check computer", "Not you?"}, order[5:])
	}
}

// TestTheWayOutIsInView: on a small screen too, the buttons are not below a hundred cards.
func TestTheWayOutIsInView(t *testing.T) {
	for _, scale := range []float32{0.8, 1} {
		w := newWorld(t, Settings{TextScale: scale, Diagnostics: &chain{findings: goodChain()}})
		w.win.Resize(least)
		w.Show(choosingState(manyRoles(40, 10), &manyRoles(1, 1)[0]))
		require.Zero(t, w.viewport.Offset(), "at %v", scale)
		field := objectOf(t, w, func(*widgets.SearchField) bool { return true })
		for _, name := range []string{"Cancel sign-in", "Help (F1)"} {
			button := objectOf(t, w, func(b *widgets.Button) bool { return b.AccessibilityLabel() == name })
			require.Less(t, button.at.Y+button.Size().Height, field.at.Y)
			require.Less(t, button.at.Y+button.Size().Height, w.status.box.Position().Y)
		}
	}
}

// TestAClickForTheBrowser: the window comes to the front when a sign-in in the browser has ended, and
// the second click of a double click there must not choose a role that its user has not seen.
func TestAClickForTheBrowser(t *testing.T) {
	w := newWorld(t, Settings{})
	lifecycle, is := w.app.Lifecycle().(foreground)
	require.True(t, is)
	front := lifecycle.OnEnteredForeground()
	front()
	w.Show(onFHIR(waitingState(fhir.MissingBrowser, signin.NotEnded)))
	pressButton(t, w, "Sign in with NHS Care Identity")
	requireIntents(t, w, signin.SignIn{})
	w.Show(onFHIR(workingState(signin.SigningIn, signin.NotEnded)))
	lifecycle.OnExitedForeground()()
	front()
	w.now = w.now.Add(impatience / 4)
	w.Show(onFHIR(choosingState(fiveRoles(), &triage)))
	card := requireFocusedObject(t, w)
	middle := card.at.AddXY(card.Size().Width/2, card.Size().Height/2)
	for range 8 { // of a series
		test.TapCanvas(w.win.Canvas(), middle)
		requireIntents(t, w)
		w.now = w.now.Add(doubleClick / 2)
	}
	w.now = w.now.Add(doubleClick)
	test.TapCanvas(w.win.Canvas(), middle)
	requireIntents(t, w, signin.Choose{Permission: triage})

	w.Show(onFHIR(signedInState()))
	w.now = w.now.Add(time.Hour)
	front() // by this click
	pressButton(t, w, "Sign out")
	require.True(t, w.seen("Sign out of e-RS?"))
}

// TestMouse: a card scrolled behind the header must not be pressed there.
func TestMouse(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(choosingState(manyRoles(40, 10), nil))
	w.press(fyne.KeyDown)
	card := requireFocusedObject(t, w)
	middle := card.at.AddXY(card.Size().Width/2, card.Size().Height/2)
	test.TapCanvas(w.win.Canvas(), middle)
	require.Len(t, w.took(), 1, "a click on a card")

	w.viewport.ScrollBy(card.at.Y - 20) // its upper half is behind the header now
	test.TapCanvas(w.win.Canvas(), fyne.NewPos(middle.X, 40))
	requireIntents(t, w)
	test.TapCanvas(w.win.Canvas(), fyne.NewPos(middle.X, w.header.box.Size().Height+10))
	requireIntents(t, w) // there is the heading now
	test.TapCanvas(w.win.Canvas(), fyne.NewPos(middle.X, w.header.box.Size().Height+50))
	require.Len(t, w.took(), 1, "the lower half can be pressed")

	hovered := func() (found bool) {
		for _, object := range w.objects() {
			if card, is := object.CanvasObject.(*widgets.RoleCard); is {
				found = found || card.Hovered()
			}
		}
		return found
	}
	var on *widgets.RoleCard
	for _, object := range w.objects() {
		if card, is := object.CanvasObject.(*widgets.RoleCard); is {
			on = card
		}
	}
	on.MouseIn(&desktop.MouseEvent{})
	require.True(t, hovered())
	w.viewport.ScrollBy(30)
	require.False(t, hovered(), "the mouse is on another card now, perhaps")
	on.MouseMoved(&desktop.MouseEvent{})
	require.True(t, hovered())

	before := w.viewport.Offset()
	test.Scroll(w.win.Canvas(), middle, 0, -100)
	require.Greater(t, w.viewport.Offset(), before, "the wheel scrolls")
	test.Scroll(w.win.Canvas(), middle, 0, 1e6)
	require.Zero(t, w.viewport.Offset())
}

// TestADoubleClickIsOneClick: its second half must not press what the first has brought under the
// mouse. If this fails, a double click chooses for whom its user works, or signs them out.
func TestADoubleClickIsOneClick(t *testing.T) {
	roles := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, nil))
	card := func(title string) func(fyne.CanvasObject) bool {
		return func(object fyne.CanvasObject) bool {
			c, is := object.(*widgets.RoleCard)
			return is && strings.HasPrefix(c.AccessibilityLabel(), title)
		}
	}
	button := func(name string) func(fyne.CanvasObject) bool {
		return func(object fyne.CanvasObject) bool {
			b, is := object.(*widgets.Button)
			return is && b.AccessibilityLabel() == name
		}
	}
	acting := clinicianAdmin
	acting.OnBehalfOf = clinicianState(1, "").Clinicians[0]
	for name, c := range map[string]struct {
		before, after signin.State
		first, second func(fyne.CanvasObject) bool
		// takes is what the first click does, and wrong what another one on the next page does.
		takes, wrong signin.Intent
	}{
		"a role": {roles, clinicianState(3, ""), card("Service provider clinician admin"), card("Clinician 5550 3199 9105"),
			signin.Choose{Permission: clinicianAdmin}, signin.Choose{Permission: acting}},
		"Back to roles": {clinicianState(3, ""), roles, button("Back to roles"), button("Cancel sign-in"), signin.Cancel{}, signin.SignOut{}},
		"Switch role": {onFHIR(signedInState()), switchingState(), button("Switch role"), card("Service provider clinician, NHST_X3"),
			signin.SwitchRole{}, signin.Cancel{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.after)
			second := objectOf(t, w, c.second)
			w.Window.Show(c.before)
			first := objectOf(t, w, c.first)
			// What both have in common.
			from := fyne.NewPos(max(first.at.X, second.at.X), max(first.at.Y, second.at.Y))
			to := fyne.NewPos(min(first.at.X+first.Size().Width, second.at.X+second.Size().Width),
				min(first.at.Y+first.Size().Height, second.at.Y+second.Size().Height))
			require.Greater(t, to.X, from.X)
			require.Greater(t, to.Y, from.Y)
			spot := fyne.NewPos((from.X+to.X)/2, (from.Y+to.Y)/2)
			click := func(at fyne.Position) { test.TapCanvas(w.win.Canvas(), at) }
			click(spot)
			requireIntents(t, w, c.takes)
			w.Window.Show(c.after)
			click(spot)
			w.now = w.now.Add(doubleClick - time.Millisecond)
			click(spot.AddXY(1, -1))
			requireIntents(t, w)
			w.now = w.now.Add(impatience - doubleClick)
			click(spot)
			requireIntents(t, w) // clicked again while waiting
			w.now = w.now.Add(time.Millisecond)
			click(spot)
			requireIntents(t, w, c.wrong)
			click(spot)
			requireIntents(t, w, c.wrong) // two clicks on a page that stays are two
		})
	}
	t.Run("neither a key nor a click elsewhere is its second half", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(clinicianState(3, ""))
		test.TapCanvas(w.win.Canvas(), middleOf(objectOf(t, w, button("Back to roles"))))
		requireIntents(t, w, signin.Cancel{})
		w.Show(roles)
		w.press(fyne.KeyDown, fyne.KeyReturn)
		require.Len(t, w.took(), 1)
		test.TapCanvas(w.win.Canvas(), middleOf(objectOf(t, w, card("Service provider clinician admin"))))
		requireIntents(t, w, signin.Choose{Permission: clinicianAdmin})
	})
}

// TestADoublePressIsOnePress: a key pressed twice at once must not press what the first press has
// brought. If this fails, one Enter too many signs its user in as the role used last, chooses for whom
// they work, or answers a question that they have not read.
func TestADoublePressIsOnePress(t *testing.T) {
	key := func(name fyne.KeyName) func(*world) { return func(w *world) { w.strike(name, 0) } }
	char := func(r rune) func(*world) { return func(w *world) { w.strikeRune(r) } }
	tab := func(times int) func(*world) {
		return func(w *world) {
			for range times {
				w.press(fyne.KeyTab)
			}
		}
	}
	nothing := func(*world) {}
	signOut := func(w *world) {
		button, ok := objectOf(t, w, func(b *widgets.Button) bool { return b.AccessibilityLabel() == "Sign out" }).CanvasObject.(fyne.Focusable)
		require.True(t, ok)
		w.focus(button)
	}
	acting := clinicianState(3, "555031999105").LastUsed
	roles := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, &clinicianAdmin))
	again := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, &triage))
	choose := func(p ersclient.Permission) signin.Intent { return signin.Choose{Permission: p} }
	admin, asked := choose(clinicianAdmin), clinicianState(3, acting.OnBehalfOf)
	for name, c := range map[string]struct {
		before signin.State
		start  func(*world)
		// first is pressed twice, and other is another key that does the same.
		first, other func(*world)
		// takes is what the first press does, and wrong what another one does on what it has brought:
		// the state after it, unless it is a question in the same one.
		takes signin.Intent
		after *signin.State
		wrong signin.Intent
	}{
		"a refused role": {choiceFailedState(), nothing, key(fyne.KeyReturn), key(fyne.KeySpace), signin.TryAgain{}, &again, choose(triage)},
		"a refused role, by Space": {choiceFailedState(), nothing, key(fyne.KeySpace), key(fyne.KeyReturn), signin.TryAgain{}, &again,
			choose(triage)},
		"a role": {roles, nothing, key(fyne.KeyReturn), char('1'), admin, &asked, choose(*acting)},
		"a role, without a focus": {roles, func(w *world) { w.win.Canvas().Unfocus() }, key(fyne.KeyEnter), key(fyne.KeySpace), admin,
			&asked, choose(*acting)},
		"a role, by its digit": {roles, nothing, char('1'), key(fyne.KeyReturn), admin, &asked, choose(*acting)},
		"a role that a search has found": {roles, func(w *world) { w.typed("admin") }, key(fyne.KeyReturn), key(fyne.KeySpace), admin,
			&asked, choose(*acting)},
		"Sign out":           {signedInState(), tab(2), key(fyne.KeyReturn), key(fyne.KeySpace), nil, nil, signin.SignOut{}},
		"Sign out, by Space": {signedInState(), tab(2), key(fyne.KeySpace), key(fyne.KeyReturn), nil, nil, signin.SignOut{}},
		"Switch role":        {signedInState(), tab(1), key(fyne.KeyReturn), key(fyne.KeySpace), nil, nil, signin.SwitchRole{}},
		"Sign out while switching": {switchingState(), signOut, key(fyne.KeyReturn), key(fyne.KeySpace), nil, nil,
			signin.SignOut{}},
		"Back from Not you?": {roles, func(w *world) { w.openNotYou() }, key(fyne.KeyReturn), key(fyne.KeySpace), nil, nil, admin},
	} {
		t.Run(name, func(t *testing.T) {
			for how, second := range map[string]func(*world){"another key": c.other, "the key again, later": c.first} {
				w := newWorld(t, Settings{})
				w.Show(c.before)
				c.start(w)
				took := func(want signin.Intent, when string) {
					t.Helper()
					if want == nil {
						requireIntents(t, w)
						return
					}
					require.Equal(t, []signin.Intent{want}, w.took(), "%s, %s", how, when)
				}
				c.first(w)
				took(c.takes, "first")
				if c.after != nil {
					w.Window.Show(*c.after)
				}
				w.now = w.now.Add(doubleClick - time.Millisecond)
				c.first(w)
				took(nil, "second")
				switch {
				case c.after != nil: // a page of cards
					w.now = w.now.Add(typingPause)
				case how != "another key":
					w.now = w.now.Add(time.Millisecond)
				}
				second(w)
				took(c.wrong, "third")
			}
		})
	}
	t.Run("two presses on a page that stays are two", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(roles)
		w.strike(fyne.KeyReturn, 0)
		w.strike(fyne.KeyReturn, 0)
		requireIntents(t, w, admin, admin)
	})
}

// TestOldScreenIsDead: a button of a removed screen does nothing, whatever still reaches it.
func TestOldScreenIsDead(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.press(fyne.KeyTab)
	old := w.win.Canvas().Focused()
	require.Equal(t, "Switch role", w.focused())
	w.Show(workingState(signin.Ending, signin.SignedOut))
	w.press(fyne.KeyReturn)
	tappable, ok := old.(fyne.Tappable)
	require.True(t, ok)
	tappable.Tapped(&fyne.PointEvent{})
	requireIntents(t, w)

	w.Show(choosingState(fiveRoles(), nil))
	w.press(fyne.KeyDown)
	card, ok := w.win.Canvas().Focused().(fyne.Tappable)
	require.True(t, ok)
	w.Show(signedInState())
	w.now = w.now.Add(time.Second)
	card.Tapped(&fyne.PointEvent{})
	requireIntents(t, w)
}

// TestPageKeys: a Problem larger than the window can be read by keyboard.
func TestPageKeys(t *testing.T) {
	w := newWorld(t, Settings{TextScale: 2})
	w.win.Resize(fyne.NewSize(minWidth, minHeight))
	w.Show(failedState(notAccepted))
	require.Zero(t, w.viewport.Offset(), "what happened is shown first")
	w.press(fyne.KeyPageDown)
	paged := w.viewport.Offset()
	require.Positive(t, paged)
	w.press(fyne.KeyUp)
	require.Less(t, w.viewport.Offset(), paged)
	w.press(fyne.KeyPageUp, fyne.KeyPageUp)
	require.Zero(t, w.viewport.Offset())
	w.press(fyne.KeyTab)
	card := requireFocusedObject(t, w)
	require.Greater(t, card.at.Y, w.header.box.Size().Height, "Tab brings the button into view")
	require.LessOrEqual(t, card.at.Y+card.Size().Height, w.status.box.Position().Y)
}

// BenchmarkFirstFrame measures from a state to the drawn window, by software, with the roles of as many organisations.
func BenchmarkFirstFrame(b *testing.B) {
	for _, organisations := range []int{2, 200, 2000} {
		b.Run(fmt.Sprintf("%d roles", organisations*5), func(b *testing.B) {
			app := test.NewApp()
			w := newWindow(app, Settings{}, func(signin.Intent) {}, noTimers)
			state := choosingState(manyRoles(organisations, 5), nil)
			waiting := waitingState(hscn.MissingCard, signin.NotEnded)
			for b.Loop() {
				w.apply(waiting)
				w.apply(state)
				w.win.Canvas().Capture()
			}
		})
	}
}

// TestEscapeClosesTheHelp: it is a key that the help itself names.
func TestEscapeClosesTheHelp(t *testing.T) {
	w := newWorld(t, Settings{})
	for _, state := range []signin.State{choosingState(fiveRoles(), nil), signedInState()} {
		w.Show(state)
		w.press(fyne.KeyF1)
		require.True(t, w.screen.helps().box.Visible())
		w.press(fyne.KeyEscape)
		require.False(t, w.screen.helps().box.Visible())
		requireIntents(t, w)
	}
}
