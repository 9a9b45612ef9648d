package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

const closeQuestion = "Close e-RS Login and sign out?"

// TestClosingAsks: a slip on the window's close button must not end the work in other applications.
func TestClosingAsks(t *testing.T) {
	again := func(wait time.Duration) func(*world) {
		return func(w *world) {
			w.now = w.now.Add(wait)
			w.closeWindow()
		}
	}
	press := func(keys ...fyne.KeyName) func(*world) { return func(w *world) { w.press(keys...) } }
	for _, c := range []struct {
		name   string
		answer []func(*world)
		want   []signin.Intent
		asking bool
	}{
		{"no answer yet", nil, nil, true},
		{"Escape keeps working", []func(*world){press(fyne.KeyEscape)}, nil, false},
		{"Enter keeps working, as it may be meant for another window", []func(*world){press(fyne.KeyReturn)}, nil, false},
		{"the button signs out", []func(*world){(*world).shiftTab, press(fyne.KeyReturn)}, []signin.Intent{signin.Quit{}}, false},
		{"closing again signs out", []func(*world){again(closeAgain)}, []signin.Intent{signin.Quit{}}, false},
		{"a double click is one answer less", []func(*world){again(closeAgain / 4)}, nil, true},
		{"a key held down is none", []func(*world){again(closeAgain / 2), again(closeAgain / 2), again(closeAgain / 2)}, nil, true},
		{"after a double click, closing again", []func(*world){again(0), again(closeAgain)}, []signin.Intent{signin.Quit{}}, false},
		{"after a minute it asks again", []func(*world){again(closeForgotten)}, nil, true},
		{"behind the help it asks again", []func(*world){func(w *world) { w.win.Resize(least) }, press(fyne.KeyF1), again(closeAgain)}, nil, true},
		{"asked again, closing again signs out", []func(*world){again(closeForgotten), again(closeAgain)}, []signin.Intent{signin.Quit{}}, false},
		{"after keeping working it asks again", []func(*world){press(fyne.KeyEscape), again(time.Hour)}, nil, true},
		{"the page over the question hides it", []func(*world){press(fyne.KeyF2), again(time.Hour)}, nil, true},
		{"the question to sign out is another one", []func(*world){press(fyne.KeyEscape), func(w *world) { w.askToSignOut() }, again(time.Hour)}, nil, true},
		{"the session ends", []func(*world){func(w *world) { w.Show(waitingState(hscn.MissingCard, signin.CardRemoved)) }}, nil, false},
		{"the session ends, and then it is closed",
			[]func(*world){func(w *world) { w.Show(waitingState(hscn.MissingCard, signin.CardRemoved)) }, again(0)}, []signin.Intent{signin.Quit{}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{Minimise: func() {}, Preferences: preferencesOf(nil)})
			w.Show(signedInState())
			require.NotContains(t, w.texts(), closeQuestion)
			w.closeWindow()
			requireIntents(t, w)
			require.Contains(t, w.texts(), closeQuestion)
			require.NotContains(t, w.texts(), "Sign out", "in its place")
			require.Equal(t, "Keep working", w.focused())
			for _, do := range c.answer {
				do(w)
			}
			requireIntents(t, w, c.want...)
			require.Equal(t, c.asking, contains(w.texts(), closeQuestion))
		})
	}
	t.Run("out of view it asks again", func(t *testing.T) {
		w := newWorld(t, Settings{TextScale: 2})
		w.win.Resize(least)
		w.Show(signedInState())
		w.closeWindow()
		w.viewport.ScrollToTop()
		again(closeAgain)(w)
		requireIntents(t, w)
		again(closeAgain)(w)
		requireIntents(t, w, signin.Quit{})
	})
}

// TestAQuestionGivesTheFocusBack: one Enter too many after "Keep working" must not ask to sign out.
func TestAQuestionGivesTheFocusBack(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.closeWindow()
	w.press(fyne.KeyReturn, fyne.KeyReturn)
	require.Empty(t, w.focused())
	require.NotContains(t, w.texts(), "Sign out of e-RS?")
	for _, button := range []string{"Switch role", "Sign out"} {
		w.tabTo(button)
		w.press(fyne.KeyReturn)
		require.Equal(t, button, w.focused(), "of the question")
		w.press(fyne.KeyEscape)
		require.Equal(t, button, w.focused())
		require.NotContains(t, w.texts(), "Cancel")
	}
	requireIntents(t, w)
}

// TestClosingFromElsewhere: the question is of no use to a user who does not see it.
func TestClosingFromElsewhere(t *testing.T) {
	for name, settings := range map[string]Settings{
		"from the icon's menu":                         {Tray: true},
		"from the icon's menu, with settings over it":  {Tray: true, Preferences: preferencesOf(nil)},
		"from the taskbar, where the window minimises": {Minimise: func() {}, Preferences: preferencesOf(map[Preference]string{PreferMinimise: "true"})},
	} {
		t.Run(name, func(t *testing.T) {
			raised := 0
			settings.Raise = func() { raised++ }
			w := newWorld(t, settings)
			w.Show(signedInState())
			w.press(fyne.KeyF2)
			quit := w.closeWindow
			if settings.Tray {
				quit = func() { w.app.press(t, "Quit") }
			}
			quit()
			require.Equal(t, 1, raised)
			require.Contains(t, w.texts(), closeQuestion)
			requireIntents(t, w)
			w.now = w.now.Add(closeAgain)
			quit()
			requireIntents(t, w, signin.Quit{})
		})
	}
}

// TestMinimiseInsteadOfClosing: what a user who closes the window often wants. It is offered only
// where the window comes back, and the screen says beforehand what closing does.
func TestMinimiseInsteadOfClosing(t *testing.T) {
	minimised := 0
	minimise := func() { minimised++ }
	const signsOut, back = "Closing this window signs you out.", " You can minimise it."
	for name, c := range map[string]struct {
		settings Settings
		effect   string
		offered  bool
		hides    bool
	}{
		"a window that can be minimised": {Settings{Minimise: minimise}, signsOut + back, true, false},
		"with an icon too":               {Settings{Minimise: minimise, Tray: true}, signsOut + back, true, false},
		"an icon alone, as on Wayland": {Settings{Minimise: minimise, CanMinimise: func() bool { return false }, Tray: true},
			signsOut + back, true, true},
		"neither": {Settings{Minimise: minimise, CanMinimise: func() bool { return false }}, signsOut, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			minimised = 0
			w := newWorld(t, c.settings)
			hidden := &hiding{Window: w.win}
			w.win = hidden
			w.Show(signedInState())
			require.Contains(t, w.texts(), c.effect)
			w.closeWindow()
			require.Equal(t, c.offered, contains(w.texts(), "Minimise"))
			if !c.offered {
				return
			}
			w.press(fyne.KeyTab, fyne.KeyReturn)
			requireIntents(t, w)
			require.NotContains(t, w.texts(), closeQuestion)
			require.Equal(t, c.hides, hidden.hidden)
			require.Equal(t, !c.hides, minimised == 1)
		})
	}
	t.Run("closing hides it", func(t *testing.T) {
		w := newWorld(t, Settings{Tray: true, Preferences: preferencesOf(map[Preference]string{PreferMinimise: "false"})})
		w.Show(signedInState())
		require.Contains(t, w.texts(), signsOut+back)
		w.press(fyne.KeyF2)
		w.setPreference(PreferMinimise, "true")
		w.press(fyne.KeyEscape)
		require.Contains(t, w.texts(), "Closing this window keeps you signed in. Open it again from the icon next to the clock.")
	})
}

// TestTestEnvironment: a clinician in a test environment must not take it for the live e-RS, on any
// screen, nor the other way round.
func TestTestEnvironment(t *testing.T) {
	dev1 := signin.Environment{Name: "dev1", Host: "api.dev1.ers.ncrs.nhs.uk"}
	const badge = "TEST: dev1"
	tooltip := ""
	w := newWorld(t, Settings{Environment: dev1, Tray: true, Tooltip: func(text string) { tooltip = text }, Preferences: preferencesOf(nil)})
	require.Contains(t, w.texts(), badge, "from the first picture")
	for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), choosingState(fiveRoles(), nil), signedInState(),
		workingState(signin.Ending, signin.SignedOut), failedState(notAccepted)} {
		state.Environment = dev1
		w.Show(state)
		require.Contains(t, w.texts(), badge, state.Phase)
		require.Equal(t, "e-RS Login (TEST: dev1)", w.win.Title())
		require.Equal(t, "e-RS Login (TEST: dev1)", tooltip)
		said, _ := w.app.entries()
		require.Equal(t, badge, said[0])
		require.Equal(t, state.Phase == signin.SignedIn, contains(w.texts(), "e-RS platform"), state.Phase)
		w.press(fyne.KeyF2)
		require.Contains(t, w.texts(), badge, "over %s", state.Phase)
		w.press(fyne.KeyEscape)
	}
	pressButton(t, w, "Copy details")
	require.Contains(t, w.app.Clipboard().Content(), "\ne-RS platform: api.dev1.ers.ncrs.nhs.uk (TEST: dev1)\n")
	require.NotContains(t, w.app.Clipboard().Content(), "Platform: ")

	// The settings were corrected.
	live := failedState(notAccepted)
	live.Environment = signin.Environment{Host: "api.ebs.ncrs.nhs.uk", Platform: "hscn", ASID: "200000000042"}
	live.ProblemAt = live.ProblemAt.Add(time.Minute)
	w.Show(live)
	require.NotContains(t, w.texts(), badge)
	require.Equal(t, "e-RS Login", w.win.Title())
	require.Equal(t, "e-RS Login", tooltip)
	w.now = w.now.Add(doubleClick)
	pressButton(t, w, "Copy details")
	require.Contains(t, w.app.Clipboard().Content(),
		"e-RS Login 1.0.0\ne-RS platform: api.ebs.ncrs.nhs.uk\nPlatform: HSCN\nAccredited system ID (ASID): 200000000042\nReference: ")
	signedIn := signedInState()
	signedIn.Environment = live.Environment
	w.Show(signedIn)
	require.NotContains(t, w.texts(), "e-RS platform")

	w = newWorld(t, Settings{Demonstration: true})
	w.Show(signedInState())
	require.Contains(t, w.texts(), "DEMONSTRATION")
	require.Equal(t, "e-RS Login (demonstration)", w.win.Title())
	w.Show(failedState(notAccepted))
	pressButton(t, w, "Copy details")
	require.Contains(t, w.app.Clipboard().Content(), "e-RS Login (demonstration) 1.0.0\n")
}

// TestClosingKeepsTheBadge: the last screen, too, says where it is.
func TestClosingKeepsTheBadge(t *testing.T) {
	w := newWorld(t, Settings{})
	state := signedInState()
	state.Environment.Name = "Training"
	w.Show(state)
	w.closeTwice()
	require.Contains(t, w.texts(), "TEST: Training")
	require.Equal(t, "e-RS Login (TEST: Training)", w.win.Title())
}

// TestSignedInAs: a user whose window is minimised when they have signed in sees as what. The names
// come from e-RS, and some desktops read markup in them, or run a script.
func TestSignedInAs(t *testing.T) {
	minimising := Settings{Minimise: func() {}, Preferences: preferencesOf(map[Preference]string{PreferMinimise: "true"})}
	for name, c := range map[string]struct {
		settings Settings
		change   func(*signin.State)
		message  string
	}{
		"minimised": {minimising, func(*signin.State) {}, "Signed in as Service provider clinician at NHST_X3 (R01) until 18:42."},
		"hostile names": {minimising, func(s *signin.State) { s.Chosen.OrgName = "<b>\"$(calc)\"; `x` & St Mary's, Môn" },
			"Signed in as Service provider clinician at b(calc) x St Marys, Môn (R01) until 18:42."},
		"not minimised": {Settings{}, func(*signin.State) {}, ""},
		"no way to minimise": {Settings{CanMinimise: func() bool { return false }, Minimise: func() {}, Preferences: minimising.Preferences},
			func(*signin.State) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.settings)
			w.Show(workingState(signin.Selecting, signin.NotEnded))
			state := signedInState()
			c.change(&state)
			w.Show(state)
			w.Show(noticed(state, true))
			var said []string
			for _, sent := range w.app.sent {
				said = append(said, sent.Content)
			}
			if c.message == "" {
				require.Empty(t, said)
				return
			}
			require.Equal(t, []string{c.message}, said)
			assert.NotContains(t, said[0], gpUser.Name, "a locked screen may show it")
		})
	}
}

// pressButton presses the button with this name.
func pressButton(t *testing.T, w *world, name string) {
	t.Helper()
	w.now = w.now.Add(impatience) // all of these clicks are in one spot
	objectOf(t, w, func(b *widgets.Button) bool {
		if b.AccessibilityLabel() != name {
			return false
		}
		b.Tapped(&fyne.PointEvent{})
		return true
	})
}

// TestNotYou: a user who sees a colleague's name finds out what to do about it.
func TestNotYou(t *testing.T) {
	const page = "If this is not you"
	for name, c := range map[string]struct {
		state signin.State
		first string
	}{
		"choosing":  {choosingState(fiveRoles(), nil), "1.\u00a0Press Sign out."},
		"signed in": {signedInState(), "1.\u00a0Save your work in other e-RS applications, then press Sign out."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.state)
			require.True(t, w.header.notYou.Visible())
			w.header.notYou.Tapped(&fyne.PointEvent{})
			require.Contains(t, w.texts(), page)
			require.Contains(t, w.texts(), c.first)
			require.Equal(t, "Back", w.focused())
			w.press(fyne.KeyEscape)
			require.NotContains(t, w.texts(), page)
			requireIntents(t, w)

			w.focus(w.header.notYou)
			w.press(fyne.KeyReturn, fyne.KeyTab)
			require.Contains(t, w.texts(), page)
			other := c.state
			other.User.Name = "Somebody Else"
			w.Show(other)
			require.NotContains(t, w.texts(), page, "another person has signed in")

			w.header.notYou.Tapped(&fyne.PointEvent{})
			pressButton(t, w, "Sign out")
			requireIntents(t, w, signin.SignOut{})
		})
	}
	w := newWorld(t, Settings{})
	for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), workingState(signin.Selecting, signin.NotEnded),
		workingState(signin.Ending, signin.SignedOut), failedState(notAccepted)} {
		w.Show(state)
		require.False(t, w.header.notYou.Visible(), state.Phase)
	}
}
