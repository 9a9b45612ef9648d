package ui

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
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
		{"waiting: Space signs in", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){press(fyne.KeySpace)}, []signin.Intent{signin.SignIn{}}},
		{"waiting: the second button asks for nothing", waitingState(hscn.MissingCard, signin.NotEnded),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, nil},
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
			[]func(*world){char('3')}, []signin.Intent{permission(ersclient.ServiceDefiner)}},
		{"choosing: a digit takes its card while nothing has the focus", choosingState(fiveRoles(), &last),
			[]func(*world){unfocus, char('4')}, []signin.Intent{permission(ersclient.ServiceProviderClinician)}},
		{"choosing: digits without a card, and letters", choosingState(fiveRoles(), &last),
			[]func(*world){char('6'), char('0'), char('9'), char('a'), char(' ')}, nil},
		{"choosing: Escape gives nothing up", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyEscape)}, nil},
		{"choosing: down and right, then Space", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyDown, fyne.KeyRight, fyne.KeySpace)},
			[]signin.Intent{permission(ersclient.ReferringClinicianAdmin)}},
		{"choosing: arrows after a click beside the cards", choosingState(fiveRoles(), &last),
			[]func(*world){unfocus, press(fyne.KeyDown, fyne.KeyReturn)}, []signin.Intent{permission(ersclient.ReferringClinician)}},
		{"choosing: Tab goes to the next card", choosingState(fiveRoles(), &last),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)},
			[]signin.Intent{permission(ersclient.ReferringClinicianAdmin)}},
		{"signed in: an Enter too many does nothing", signedInState(),
			[]func(*world){press(fyne.KeyReturn, fyne.KeySpace, fyne.KeyEscape)}, nil},
		{"signed in: Tab and Enter switch the role", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyReturn)}, []signin.Intent{signin.SwitchRole{}}},
		{"signed in: signing out asks", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)}, nil},
		{"signed in: Enter answers yes", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyReturn)}, []signin.Intent{signin.SignOut{}}},
		{"signed in: Escape answers no, and Enter asks again", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyEscape, fyne.KeyReturn)}, nil},
		{"signed in: Stay signed in answers no", signedInState(),
			[]func(*world){press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyTab, fyne.KeyReturn)}, nil},
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
	require.Equal(t, "Yes, sign out", w.focused(), "the question is asked")
	requireIntents(t, w)

	w.Show(waitingState(signin.MissingIntent, signin.SignedOut))
	w.hold(fyne.KeyReturn, 20)
	requireIntents(t, w, signin.SignIn{})

	w.Show(failedState(notAccepted))
	// A repeat of a key that went down before.
	w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	requireIntents(t, w)
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.TryAgain{})
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
		{"signing in", workingState(signin.SigningIn, signin.NotEnded), ""},
		{"choosing", choosingState(fiveRoles(), &last),
			"Service provider clinician admin, NHST_X3 (R01), Act on behalf of a provider clinician, Enter"},
		{"choosing for the first time", choosingState(fiveRoles(), nil),
			"Referring clinician, Refer patients and book appointments, 1"},
		{"one role", choosingState(fiveRoles()[2:3], nil), "Service definer, Maintain the directory of services, Enter"},
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
		"on a button":        func(w *world) { w.shiftTab(); w.shiftTab(); w.shiftTab() },
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
		})
	}
}

// TestDigitsOfWhatIsSeen: fully visible cards have digits, counted from the first; a card that
// Enter takes needs none.
func TestDigitsOfWhatIsSeen(t *testing.T) {
	w := newWorld(t, Settings{Favourites: favouritesOf(manyRoles(40, 10)[31])})
	w.Show(choosingState(manyRoles(40, 10), &manyRoles(1, 1)[0]))
	digits := func() []string {
		var found []string
		for _, object := range w.heard() {
			if card, ok := object.CanvasObject.(*widgets.RoleCard); ok {
				said := strings.Split(card.AccessibilityLabel(), ", ")
				if key := said[len(said)-1]; len(key) == 1 {
					found = append(found, key)
					require.GreaterOrEqual(t, object.at.Y, w.header.box.Size().Height)
					require.LessOrEqual(t, object.at.Y+object.Size().Height, w.status.box.Position().Y)
				}
			}
		}
		return found
	}
	require.Equal(t, []string{"1"}, digits()[:1], "the favourite, and not the last used")
	w.win.Resize(fyne.NewSize(1900, 1200))
	require.Equal(t, strings.Split("123456789", ""), digits(), "no more than nine")
	w.press(fyne.KeyEnd)
	require.Equal(t, strings.Split("123456789", ""), digits(), "those that are seen now")
	w.char('9')
	ninth := w.took()
	require.Len(t, ninth, 1)
	require.NotEqual(t, signin.Choose{Permission: manyRoles(1, 9)[8]}, ninth[0])
}

// TestNoDigitIsDead: a digit visible on a card chooses it, wherever the focus is. In the search
// field a digit is text.
func TestNoDigitIsDead(t *testing.T) {
	w := newWorld(t, Settings{Preferences: preferencesOf(nil), Diagnostics: &chain{findings: goodChain()}, Favourites: favouritesOf()})
	w.Show(choosingState(fiveRoles(), &triage))
	bearers := func() map[rune]*widgets.RoleCard {
		found := map[rune]*widgets.RoleCard{}
		for _, object := range w.heard() {
			if card, ok := object.CanvasObject.(*widgets.RoleCard); ok {
				said := strings.Split(card.AccessibilityLabel(), ", ")
				if key := said[len(said)-1]; len(key) == 1 {
					found[rune(key[0])] = card
				}
			}
		}
		return found
	}
	requireAlive := func() {
		t.Helper()
		for digit, card := range bearers() {
			w.char(digit)
			byKey := w.took()
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
			require.Empty(t, bearers())
		} else {
			require.Len(t, bearers(), 5, "with the focus on %q", w.focused())
		}
		w.press(fyne.KeyTab)
	}
	require.Greater(t, len(seen), 9, "every control had the focus")
	require.Contains(t, seen, "Search organisations and roles")

	w.find(nil)
	w.typed("r01")
	require.Empty(t, bearers())
	w.press(fyne.KeyDown)
	require.NotEmpty(t, bearers(), "back on the cards")
	requireAlive()
	w.find(nil)
	w.press(fyne.KeyEscape)
	requireAlive()
	require.Len(t, bearers(), 5)
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
	permissions := fiveRoles()
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
	requireInView := func(t *testing.T, w *world) {
		t.Helper()
		card := requireFocusedObject(t, w)
		top := w.header.box.Size().Height
		require.GreaterOrEqual(t, card.at.Y, top)
		require.LessOrEqual(t, card.at.Y+card.Size().Height, w.status.box.Position().Y)
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
	t.Run("Tab reaches every card once", func(t *testing.T) {
		w := start(t)
		for want := range permissions {
			require.Equal(t, want, focusedChoice(t, w))
			requireInView(t, w)
			require.Less(t, cards(w), 40)
			w.press(fyne.KeyTab)
		}
	})
	t.Run("Shift and Tab goes back", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown)
		for want := focusedChoice(t, w); want > 0; want-- {
			require.Equal(t, want, focusedChoice(t, w))
			requireInView(t, w)
			w.shiftTab()
		}
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
		require.Contains(t, w.focused(), roleName(chosen.Permission.BusinessFunction))
		require.Equal(t, "Y00008", chosen.Permission.OrgIdentifier, "Northern Community Hospital No 9 is the last by name")
	})
	t.Run("the card with the focus stays itself when it is scrolled away", func(t *testing.T) {
		w := start(t)
		w.press(fyne.KeyDown)
		said, choice := w.focused(), focusedChoice(t, w)
		w.viewport.ScrollBy(8000)
		w.win.Resize(fyne.NewSize(minWidth, minHeight)) // every card gets another place
		require.Less(t, cards(w), 40)
		require.Equal(t, strings.TrimRight(said, ", 0123456789"), w.focused())
		w.press(fyne.KeyReturn)
		screen, ok := w.screen.(*choosing)
		require.True(t, ok)
		requireIntents(t, w, signin.Choose{Permission: screen.permissions[choice]})
	})
	t.Run("digits are those of the cards in view", func(t *testing.T) {
		w := start(t)
		w.viewport.ScrollBy(8000)
		var labelled *widgets.RoleCard
		for _, object := range w.heard() {
			if card, ok := object.CanvasObject.(*widgets.RoleCard); ok && strings.HasSuffix(card.AccessibilityLabel(), ", 1") {
				require.Nil(t, labelled, "two cards bear the digit 1")
				labelled = card
				require.GreaterOrEqual(t, object.at.Y, w.header.box.Size().Height)
			}
		}
		require.NotNil(t, labelled)
		labelled.Tapped(&fyne.PointEvent{})
		tapped := w.took()
		w.char('1')
		require.Equal(t, tapped, w.took())
		require.Len(t, tapped, 1)
	})
}

// TestMouse: a card scrolled behind the header must not be pressed there.
func TestMouse(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(choosingState(manyRoles(40, 10), nil))
	card := requireFocusedObject(t, w)
	middle := card.at.AddXY(card.Size().Width/2, card.Size().Height/2)
	test.TapCanvas(w.win.Canvas(), middle)
	require.Len(t, w.took(), 1, "a click on a card")

	w.viewport.ScrollBy(card.at.Y - 20) // its upper half is behind the header now
	test.TapCanvas(w.win.Canvas(), fyne.NewPos(middle.X, 40))
	requireIntents(t, w)
	test.TapCanvas(w.win.Canvas(), fyne.NewPos(middle.X, w.header.box.Size().Height+10))
	require.Len(t, w.took(), 1, "the lower half can be pressed")

	before := w.viewport.Offset()
	test.Scroll(w.win.Canvas(), middle, 0, -100)
	require.Greater(t, w.viewport.Offset(), before, "the wheel scrolls")
	test.Scroll(w.win.Canvas(), middle, 0, 1e6)
	require.Zero(t, w.viewport.Offset())
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
	card, ok := w.win.Canvas().Focused().(fyne.Tappable)
	require.True(t, ok)
	w.Show(signedInState())
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
			w := newWindow(app, Settings{}, func(signin.Intent) {}, &handTicker{})
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
