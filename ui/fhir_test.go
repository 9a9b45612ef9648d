package ui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// browser records what is opened in it.
type browser struct {
	opened []string
	err    error
	// bounded: each call had a deadline.
	bounded bool
}

func (b *browser) open(ctx context.Context, address string) error {
	_, b.bounded = ctx.Deadline()
	b.opened = append(b.opened, address)
	return b.err
}

// TestSigningInInTheBrowser: a user whose browser shows nothing, or something else, can go on without
// help, and does not wait for ever.
func TestSigningInInTheBrowser(t *testing.T) {
	const hint, failed = "No page, or one with an error?", "Your web browser did not open."
	opens := &browser{}
	w := newWorld(t, Settings{Browse: opens.open})
	begins := browserState()
	begins.Browser = nil
	w.Show(begins)
	require.True(t, w.seen("Finish signing in in your web browser"))
	require.False(t, w.seen("Copy the address"), "there is none yet")
	w.Show(browserState())
	require.True(t, w.seen("This window continues when you finish there. 4 min 32 s left."))
	require.True(t, w.seen("Choose how you sign in"))
	require.True(t, w.seen(hint))
	require.False(t, w.seen(failed))
	require.Empty(t, w.focused(), "an Enter too many cancels nothing")
	w.press(fyne.KeyReturn)
	require.Empty(t, w.took())

	for left, want := range map[time.Duration]string{
		61 * time.Second: "1 min 1 s left.", 59500 * time.Millisecond: "1 min 0 s left.", 59 * time.Second: "59 seconds left.",
		time.Second: "1 second left.", 0: "when you finish there.", -time.Hour: "when you finish there.",
	} {
		w.now = browserState().Browser.Until.Add(-left)
		w.tick()
		require.True(t, w.seen(want), "%v: %v", left, w.texts())
	}

	w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)
	require.Equal(t, []string{browserState().Browser.Address}, opens.opened)
	require.True(t, opens.bounded)
	require.False(t, w.seen(failed))
	opens.err = errors.New("no browser")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen(failed))
	require.False(t, w.seen(hint))
	opens.err = nil
	w.press(fyne.KeyReturn)
	require.True(t, w.seen(hint), "it has opened now")

	w.press(fyne.KeyTab, fyne.KeyReturn)
	require.Equal(t, browserState().Browser.Address, w.app.Clipboard().Content())
	require.True(t, w.seen("Address copied"))
	require.Empty(t, w.took())
	w.press(fyne.KeyEscape)
	requireIntents(t, w, signin.Cancel{})
	w.win.Canvas().Unfocus()
	w.press(fyne.KeyTab, fyne.KeyReturn)
	requireIntents(t, w, signin.Cancel{})

	t.Run("a browser that opens at the second try", func(t *testing.T) {
		w := newWorld(t, Settings{Browse: opens.open})
		state := browserState()
		state.Browser.NotOpened = true
		w.Show(state)
		require.True(t, w.seen(failed))
		pressButton(t, w, "Open the page again")
		require.True(t, w.seen(hint))
		require.False(t, w.seen(failed))
	})
	t.Run("no browser at all", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(browserState())
		require.False(t, w.seen("Open the page again"))
		w.Show(notOpenedState())
		require.True(t, w.seen(failed))
		require.Equal(t, "Copy the address", w.focused())
		w.press(fyne.KeyF1)
		require.True(t, w.seen("If you cannot sign in"))
	})
	t.Run("it is opened once at a time, and late answers change nothing", func(t *testing.T) {
		opens := &browser{err: errors.New("no browser")}
		w := newWorld(t, Settings{Browse: opens.open})
		var later []func()
		w.aside = func(run func()) { later = append(later, run) }
		w.Show(browserState())
		w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn, fyne.KeyReturn)
		require.Len(t, later, 1)
		w.Show(onFHIR(workingState(signin.SigningIn, signin.NotEnded)))
		later[0]()
		require.False(t, w.seen(failed))
	})
}

// TestWordsOfAPlatform: a user without a smartcard is asked for none, and one with a smartcard reads of no
// browser.
func TestWordsOfAPlatform(t *testing.T) {
	states := map[string]func() signin.State{
		"waiting":    func() signin.State { return signin.State{Phase: signin.Waiting, Since: morning} },
		"signing in": func() signin.State { return workingState(signin.SigningIn, signin.NotEnded) },
		"selecting":  func() signin.State { return workingState(signin.Selecting, signin.NotEnded) },
		"choosing":   func() signin.State { return choosingState(fiveRoles(), nil) },
		"signed in":  signedInState,
		"ends soon": func() signin.State {
			state := endsSoonState()
			state.RenewAsks = true
			return state
		},
		"idle": func() signin.State { return workingState(signin.Ending, signin.Idle) },
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				words   signin.Words
				missing signin.Missing
				never   []string
			}{
				{fhir.Words, fhir.MissingBrowser, []string{"card", "passcode", "identity agent"}},
				{hscn.Words, hscn.MissingCard, []string{"browser", "nhs care identity"}},
				{signin.Words{}, signin.Missing{}, []string{"card", "passcode", "identity agent", "browser", "nhs care identity"}},
			} {
				w := newWorld(t, Settings{})
				shown := state()
				shown.Words, shown.Missing, shown.Links = &c.words, c.missing, unchecked
				if shown.User != (signin.User{}) {
					shown.User.Name = "Ann Example"
				}
				w.Show(shown)
				look := func(where string) {
					for _, text := range w.texts() {
						if slices.Contains([]string{c.missing.Title, c.missing.Text}, text) {
							continue // what can be used in the browser is said once
						}
						for _, word := range c.never {
							assert.NotContains(t, strings.ToLower(text), word, where)
						}
					}
				}
				look("the page")
				if name != "waiting" { // that helps users with any kind of key
					w.press(fyne.KeyF1)
					look("its help")
				}
				if shown.User != (signin.User{}) && shown.Phase != signin.Selecting && shown.Phase != signin.Ending {
					w.openNotYou()
					look("not you")
				}
			}
		})
	}
	t.Run("the label and the picture", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(fhirWaiting(signin.NotEnded))
		require.Equal(t, "Sign in with NHS Care Identity", w.focused())
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.SignIn{})
		require.Same(t, assets.Browser, waitingFor(fhirWaiting(signin.NotEnded)).picture)
		w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
		require.Equal(t, "Sign in", w.focused())
	})
	t.Run("the settings name it", func(t *testing.T) {
		w := newWorld(t, Settings{Preferences: preferencesOf(nil)})
		w.Show(fhirWaiting(signin.NotEnded))
		w.press(fyne.KeyF2)
		require.True(t, w.seen("Platform  NHS Care Identity (CIS2)"))
	})
}

// TestWhyItEnded: a user who comes back to a computer reads why they are signed out.
func TestWhyItEnded(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(onFHIR(workingState(signin.Ending, signin.Idle)))
	require.True(t, w.seen("This computer was not used for a while. Signing out…"))
	w.Show(fhirWaiting(signin.Idle))
	require.True(t, w.seen("You were signed out because this computer was not used for a while"))
	w.Show(fhirWaiting(signin.SignedOut))
	require.True(t, w.seen(closeBrowser))
	ended := onFHIR(workingState(signin.Ending, signin.Idle))
	for name, before := range map[string]signin.State{"signed in": fhirSignedIn(), "choosing another role": switchingState()} {
		require.Equal(t, "This computer was not used for a while, so your e-RS session has ended.", announcement(before, ended), name)
	}
	require.Empty(t, announcement(onFHIR(choosingState(fiveRoles(), nil)), ended), "there was no session")
	removed := signedInState()
	removed.Notices = []signin.Notice{{Problem: notAccepted, Session: true}}
	require.Equal(t, "Your other e-RS applications cannot use your session. Open e-RS Login to see why.", announcement(signedInState(), removed))
	require.Empty(t, announcement(removed, removed), "it was said")
}

// TestWhenASessionEnds: what ends a session is said, and nothing else.
func TestWhenASessionEnds(t *testing.T) {
	for _, c := range []struct {
		card bool
		idle time.Duration
		want string
	}{
		{false, 0, "20:42, in 12 hours"},
		{true, 0, "20:42, in 12 hours, or when you remove your smartcard"},
		{false, 15 * time.Minute, "20:42, in 12 hours, or after 15 minutes away"},
		{true, time.Hour, "20:42, in 12 hours, after 1 hour away, or when you remove your smartcard"},
	} {
		w := newWorld(t, Settings{})
		state := fhirSignedIn()
		words := *state.Words
		words.CardEnds, state.Words, state.IdleAfter = c.card, &words, c.idle
		w.Show(state)
		require.Contains(t, w.texts(), c.want)
		require.True(t, contains(w.texts(), "Clinician 5550 3199 9105"))
	}
}

// places returns where each card of the page is, with its text.
func places(w *world) (at []fyne.Position, texts []string) {
	for _, object := range w.heard() {
		if card, ok := object.CanvasObject.(*widgets.RoleCard); ok {
			at, texts = append(at, object.at), append(texts, card.AccessibilityLabel())
		}
	}
	return at, texts
}

// TestNamesFillIn: a name that arrives must not move a card under the mouse or the finger, nor take
// the search or the focus.
func TestNamesFillIn(t *testing.T) {
	bare := append(unnamed(manyRoles(3, 2)), unnamed(fiveRoles())...)
	last := bare[3]
	named := append(manyRoles(3, 2), fiveRoles()...)
	for i := range 6 {
		named[i].OrgName = "Zeta " + named[i].OrgName // it would be sorted behind the others
	}
	ready := named[3]
	w := newWorld(t, Settings{Favourites: favouritesOf(bare[7])})
	w.win.Resize(fyne.NewSize(960, 2000))
	w.Show(onFHIR(choosingState(bare, &last)))
	w.press(fyne.KeyDown, fyne.KeyRight)
	focused := w.win.Canvas().Focused()
	at, texts := places(w)
	require.Contains(t, texts[0], ", Y00001, Last used")
	shown := w.shown

	some := slices.Clone(bare)
	some[0].OrgName = named[0].OrgName
	some[1].OrgName = named[1].OrgName
	for _, permissions := range [][]ersclient.Permission{some, named} {
		used := last
		if permissions[3].OrgName != "" {
			used = ready
		}
		w.Show(onFHIR(choosingState(permissions, &used)))
		moved, _ := places(w)
		require.Equal(t, at, moved)
		require.Same(t, focused, w.win.Canvas().Focused())
		require.Equal(t, shown, w.shown)
	}
	_, after := places(w)
	require.Contains(t, after[0], "Zeta Northern Community Hospital No 2 (Y00001)")
	require.True(t, w.seen("Zeta Northern Community Hospital No 1  Y00000"))
	for i := range texts {
		name := func(text string) string { return text[strings.LastIndex(text, ", "):] }
		require.Equal(t, name(texts[i]), name(after[i]), "the digit is the same")
	}
	w.char('1')
	requireIntents(t, w, signin.Choose{Permission: ready})
	w.typed("zeta 2")
	require.True(t, w.seen("2 roles"), "it is found by its name now")
	w.press(fyne.KeyEscape)

	t.Run("while searching", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(onFHIR(choosingState(bare, nil)))
		w.typed("hospital")
		require.True(t, w.seen("No organisations or roles match"))
		w.Show(onFHIR(choosingState(some, nil)))
		_, texts := places(w)
		require.Len(t, texts, 2, "what was searched is there now")
		page, is := w.screen.(*choosing)
		require.True(t, is)
		require.Equal(t, "hospital", page.search.Text)
		require.True(t, page.searching())
		w.Show(onFHIR(choosingState(named, nil)))
		_, texts = places(w)
		require.Len(t, texts, 2, "but none comes between those that are")
		w.typed(" ")
		w.typed("n")
		_, texts = places(w)
		require.Len(t, texts, 6)
	})
	t.Run("another list is another page", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(onFHIR(choosingState(bare, nil)))
		shown := w.shown
		w.Show(onFHIR(choosingState(bare[1:], nil)))
		require.NotEqual(t, shown, w.shown)
	})
	t.Run("a name too long for its card", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(onFHIR(choosingState(bare, &last)))
		long := slices.Clone(named)
		for i := range long {
			long[i].OrgName = strings.Repeat("A very long name of a trust ", 4)
		}
		w.Show(onFHIR(choosingState(long, &long[3])))
		card, is := requireFocusedObject(t, w).CanvasObject.(*widgets.RoleCard)
		require.True(t, is)
		require.False(t, card.Cut(card.Size().Width), "names that differ at their ends can be distinguished")
		requireNothingOverlaps(t, w)
	})
}

const closeBrowser = "Before you leave, close your web browser. For about five minutes the next person could sign in as you."

// TestSwitchingInPlace: other applications go on while their user looks for another role, and nothing
// ends that by accident.
func TestSwitchingInPlace(t *testing.T) {
	show := func(t *testing.T, settings Settings) *world {
		t.Helper()
		w := newWorld(t, settings)
		w.Show(switchingState())
		return w
	}
	for name, do := range map[string]func(*world){
		"Escape":              func(w *world) { w.press(fyne.KeyEscape) },
		"the button":          func(w *world) { w.win.Canvas().Unfocus(); w.press(fyne.KeyTab, fyne.KeyReturn) },
		"Enter":               func(w *world) { w.press(fyne.KeyReturn) },
		"its digit":           func(w *world) { w.char('1') },
		"closing, and Escape": func(w *world) { w.closeWindow(); w.press(fyne.KeyEscape, fyne.KeyEscape) },
	} {
		t.Run(name+" keeps the role", func(t *testing.T) {
			w := show(t, Settings{})
			require.True(t, w.seen("Choose another role"))
			require.True(t, w.seen("Your current role"))
			do(w)
			requireIntents(t, w, signin.Cancel{})
		})
	}
	t.Run("another role", func(t *testing.T) {
		w := show(t, Settings{})
		w.char('2')
		requireIntents(t, w, signin.Choose{Permission: fiveRoles()[1]})
	})
	t.Run("the same role for another clinician", func(t *testing.T) {
		w := newWorld(t, Settings{})
		state := switchingState()
		state.Permissions = []ersclient.Permission{clinicianAdmin, triage}
		state.Chosen = clinicianAdmin
		state.Chosen.OnBehalfOf = "555031999105"
		state.LastUsed = &clinicianAdmin
		w.Show(state)
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: clinicianAdmin})
	})
	t.Run("signing out asks", func(t *testing.T) {
		w := show(t, Settings{})
		w.win.Canvas().Unfocus()
		w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)
		require.Empty(t, w.took())
		require.True(t, w.seen("Sign out of e-RS?"))
		w.press(fyne.KeyEscape)
		require.True(t, w.seen("Choose another role"))
		w.askToSignOut()
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.SignOut{})
	})
	t.Run("closing asks, and closing again answers", func(t *testing.T) {
		w := show(t, Settings{})
		w.closeWindow()
		require.Empty(t, w.took())
		require.Equal(t, "Keep working", w.focused())
		w.closeWindow()
		require.Empty(t, w.took(), "a double click")
		w.now = w.now.Add(closeAgain)
		w.closeWindow()
		requireIntents(t, w, signin.Quit{})
	})
	t.Run("the question goes with the session", func(t *testing.T) {
		w := show(t, Settings{})
		w.closeWindow()
		w.Show(onFHIR(workingState(signin.Ending, signin.CardRemoved)))
		require.False(t, w.seen("Close e-RS Login"))
	})
	t.Run("closing at a first choice says what is left of the browser", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(onFHIR(choosingState(fiveRoles(), nil)))
		w.press(fyne.KeyEscape)
		require.Empty(t, w.took())
		w.closeWindow()
		require.Empty(t, w.took())
		require.True(t, w.seen(closeBrowser))
		require.False(t, w.seen("Save your work"), "there is none yet")
		w.press(fyne.KeyReturn)
		require.True(t, w.seen("Choose your organisation and role"))
		w.closeWindow()
		w.now = w.now.Add(closeAgain)
		w.closeWindow()
		requireIntents(t, w, signin.Quit{})
	})
	t.Run("closing a session says so too, and so does a failure", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(onFHIR(signedInState()))
		w.closeWindow()
		require.True(t, w.seen(closeBrowser))
		require.True(t, w.seen("Save your work"))
		failed := onFHIR(failedState(notAccepted))
		w.Show(failed)
		require.False(t, w.seen(closeBrowser), "there was no sign-in")
		failed.Proven, failed.ProblemAt = true, failed.ProblemAt.Add(time.Second)
		w.Show(failed)
		require.True(t, w.seen(closeBrowser))
	})
	t.Run("a role that is refused leaves the one of before", func(t *testing.T) {
		const still = "You are still signed in."
		w := newWorld(t, Settings{})
		state := onFHIR(switchingState())
		state.Problem, state.ProblemAt = notAccepted, morning
		w.Show(state)
		require.True(t, w.seen(still))
		first := onFHIR(choosingState(fiveRoles(), nil))
		first.Problem, first.ProblemAt = notAccepted, morning.Add(time.Second)
		w.Show(first)
		require.False(t, w.seen(still))
	})
	t.Run("the same role, after its session was removed", func(t *testing.T) {
		w := newWorld(t, Settings{})
		state := switchingState()
		state.EntryGone = true
		w.Show(state)
		require.True(t, w.seen("Save your work in other e-RS applications first."))
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: triage})
	})
	t.Run("the icon", func(t *testing.T) {
		w := show(t, Settings{Tray: true})
		require.Same(t, assets.TraySignedIn, w.app.icon)
		w.Show(onFHIR(choosingState(fiveRoles(), nil)))
		require.Same(t, assets.TrayOut, w.app.icon)
		w.Show(clinicianState(3, ""))
		said, enabled := w.app.entries()
		require.Equal(t, "Who are you working for?", said[1])
		require.True(t, enabled["Sign out"])
	})
}

// TestAChoiceThatFailed: the user reads why, and chooses again in the same sign-in.
func TestAChoiceThatFailed(t *testing.T) {
	for name, do := range map[string]func(*world){
		"Enter":  func(w *world) { w.press(fyne.KeyReturn) },
		"Escape": func(w *world) { w.press(fyne.KeyEscape) },
	} {
		w := newWorld(t, Settings{})
		w.Show(choiceFailedState())
		require.True(t, w.seen(noneToWorkFor.Title))
		require.Equal(t, "Choose another role", w.focused())
		require.True(t, w.seen("Not you?"))
		require.Equal(t, noneToWorkFor.Code, w.problem.Problem.Code, "Diagnostics reports it")
		do(w)
		requireIntents(t, w, signin.TryAgain{})
		w.Show(onFHIR(choosingState(fiveRoles(), nil)))
		require.True(t, w.seen("Choose your organisation and role"), name)
	}
	w := newWorld(t, Settings{})
	state := choiceFailedState()
	state.Problem = notAccepted
	w.Show(state)
	for _, step := range notAccepted.WhatToDo() {
		if strings.Contains(step, "**Try again**") {
			require.Equal(t, "Try again", w.focused(), "a step names the button")
		}
	}
	w.Show(failedState(notAccepted))
	w.press(fyne.KeyEscape)
	require.Empty(t, w.took(), "a sign-in that has failed begins anew by its button alone")
}

// TestWhoToWorkFor: a service provider clinician admin acts for the person whose number they chose.
func TestWhoToWorkFor(t *testing.T) {
	ids := clinicianState(40, "").Clinicians
	chosen := func(id string) signin.Intent {
		p := clinicianAdmin
		p.OnBehalfOf = id
		return signin.Choose{Permission: p}
	}
	press := func(keys ...fyne.KeyName) func(*world) { return func(w *world) { w.press(keys...) } }
	typed := func(text string) func(*world) { return func(w *world) { w.typed(text) } }
	for name, c := range map[string]struct {
		count int
		last  string
		do    func(*world)
		want  []signin.Intent
	}{
		"Enter takes the one of last time":       {3, ids[2], press(fyne.KeyReturn), []signin.Intent{chosen(ids[2])}},
		"1 is the one of last time":              {3, ids[2], typed("1"), []signin.Intent{chosen(ids[2])}},
		"2 is another":                           {3, ids[2], typed("2"), []signin.Intent{chosen(ids[0])}},
		"the arrows":                             {3, ids[2], press(fyne.KeyDown, fyne.KeyRight, fyne.KeySpace), []signin.Intent{chosen(ids[1])}},
		"Enter takes the only one":               {1, "", press(fyne.KeyReturn), []signin.Intent{chosen(ids[0])}},
		"1 is the only one":                      {1, "", typed("1"), []signin.Intent{chosen(ids[0])}},
		"1 is no one without a last time":        {3, "", typed("1"), nil},
		"no one is ready without a last time":    {3, "", func(w *world) { w.win.Canvas().Unfocus(); w.press(fyne.KeyReturn) }, nil},
		"digits of all":                          {8, "", typed("9"), []signin.Intent{chosen(ids[7])}},
		"the one of last time is not there":      {3, "999999999999", typed("1"), nil},
		"letters search nothing among few":       {9, "", typed("abc"), nil},
		"Escape goes back":                       {3, "", press(fyne.KeyEscape), []signin.Intent{signin.Cancel{}}},
		"the button goes back":                   {3, "", func(w *world) { w.win.Canvas().Unfocus(); w.press(fyne.KeyTab, fyne.KeyReturn) }, []signin.Intent{signin.Cancel{}}},
		"a star does nothing":                    {3, ids[0], typed("*"), nil},
		"a digit searches among many":            {40, ids[2], typed("1"), nil},
		"Enter takes none of several":            {40, ids[2], func(w *world) { w.typed("5550"); w.press(fyne.KeyReturn) }, nil},
		"Enter takes the only one that is found": {40, ids[2], func(w *world) { w.typed("5550 3200 1"); w.press(fyne.KeyReturn) }, []signin.Intent{chosen(ids[2])}},
		"a search without a result takes none":   {40, ids[2], func(w *world) { w.typed("999999"); w.press(fyne.KeyReturn) }, nil},
		"Escape ends a search, then goes back":   {40, ids[2], func(w *world) { w.typed("5"); w.press(fyne.KeyEscape, fyne.KeyEscape) }, []signin.Intent{signin.Cancel{}}},
		"the search ends at the one of last":     {40, ids[2], func(w *world) { w.typed("5"); w.press(fyne.KeyEscape, fyne.KeyReturn) }, []signin.Intent{chosen(ids[2])}},
		"Ctrl+F searches among many, not a few":  {9, "", func(w *world) { w.find(nil); w.typed("2") }, []signin.Intent{chosen(ids[0])}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Favourites: favouritesOf()})
			w.Show(clinicianState(c.count, c.last))
			c.do(w)
			requireIntents(t, w, c.want...)
		})
	}
	t.Run("an Enter too many chooses no clinician", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(clinicianState(3, ""))
		require.Empty(t, w.focused())
	})
	t.Run("Enter twice takes the role and the clinician of last time", func(t *testing.T) {
		w := newWorld(t, Settings{})
		roles := onFHIR(choosingState([]ersclient.Permission{clinicianAdmin, triage}, &clinicianAdmin))
		w.Show(roles)
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: clinicianAdmin})
		w.Show(clinicianState(3, ids[2]))
		w.press(fyne.KeyReturn)
		requireIntents(t, w, chosen(ids[2]))
	})
	t.Run("what is read", func(t *testing.T) {
		w := newWorld(t, Settings{})
		state := clinicianState(3, ids[1])
		slices.Reverse(state.Clinicians)
		state.Clinicians = append(state.Clinicians, state.Clinicians[0])
		w.Show(state)
		require.True(t, w.seen("Not you?"))
		require.Equal(t, []string{
			"Who are you working for?",
			"Service provider clinician admin · R69 · Kingsmere Integrated Care NHS Trust",
			"Back to roles",
			"Help (F1)",
			"Last used  press Enter to continue",
			"Clinician 5550 3200 0114, Service provider clinician, Enter, 1",
			"Clinicians  2 more you can work for",
			"Clinician 5550 3199 9105, Service provider clinician, 2",
			"Clinician 5550 3200 1123, Service provider clinician, 3",
		}, w.texts()[:9])
		shown := w.shown
		state = noticed(state, true)
		state.Chosen.OrgName = "Kingsmere"
		w.Show(state)
		require.Equal(t, shown, w.shown, "a notice takes nothing")
		require.True(t, w.seen("Service provider clinician admin · R69 · Kingsmere"))
	})
}
