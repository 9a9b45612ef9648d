package ui

import (
	"testing"
	"unicode/utf16"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
)

var _ desktop.App = (*quittable)(nil)

// press presses an entry of the tray's menu.
func (q *quittable) press(t *testing.T, name string) {
	t.Helper()
	for _, item := range q.menu.Items {
		if item.Label == name {
			require.False(t, item.Disabled, "%s can be pressed", name)
			item.Action()
			return
		}
	}
	require.Fail(t, "there is no such entry", name)
}

func (q *quittable) entries() (said []string, enabled map[string]bool) {
	enabled = map[string]bool{}
	for _, item := range q.menu.Items {
		if !item.IsSeparator {
			said = append(said, item.Label)
			enabled[item.Label] = !item.Disabled
		}
	}
	return said, enabled
}

// With the window hidden, the icon shows whether a clinician is signed in, and as what.
func TestTheTrayShowsTheState(t *testing.T) {
	commands := []string{"Open", "Switch role", "Sign out", "Quit"}
	for name, c := range map[string]struct {
		state    signin.State
		icon     fyne.Resource
		said     []string
		switches bool
		signOut  bool
	}{
		"waiting":   {waitingState(hscn.MissingCard, signin.NotEnded), assets.TrayOut, []string{"Not signed in to e-RS"}, false, false},
		"choosing":  {choosingState(fiveRoles(), nil), assets.TrayOut, []string{gpUser.Name, "Choose your organisation and role"}, false, true},
		"signed in": {signedInState(), assets.TraySignedIn, []string{gpUser.Name, "Service provider clinician at NHST_X3 (R01)"}, true, true},
		"problem":   {failedState(notAccepted), assets.TrayProblem, []string{notAccepted.Title}, false, false},
		"unknown":   {failedState(nil), assets.TrayProblem, []string{"Something went wrong in this program"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Tray: true})
			w.Show(c.state)
			said, enabled := w.app.entries()
			if name != "unknown" {
				require.Equal(t, append(c.said, commands...), said)
			}
			require.Same(t, c.icon, w.app.icon)
			require.Equal(t, c.switches, enabled["Switch role"])
			require.Equal(t, c.signOut, enabled["Sign out"])
			require.True(t, enabled["Open"] && enabled["Quit"])
			require.True(t, w.app.menu.Items[len(w.app.menu.Items)-1].IsQuit, "Fyne's own would leave without signing out")
			made := w.app.menus
			w.Show(c.state)
			require.Equal(t, made, w.app.menus, "nothing has changed")
		})
	}
}

func TestThereIsNoTrayWhereTheDesktopHasNone(t *testing.T) {
	w := newWorld(t, Settings{Preferences: preferencesOf(nil)})
	w.Show(signedInState())
	require.Nil(t, w.app.menu)
	w.closeTwice()
	requireIntents(t, w, signin.Quit{})
}

func TestTheTraysCommands(t *testing.T) {
	raised := 0
	w := newWorld(t, Settings{Tray: true, Raise: func() { raised++ }})
	w.Show(signedInState())
	w.app.press(t, "Open")
	require.Empty(t, w.took())
	w.app.press(t, "Switch role")
	require.Empty(t, w.took(), "it is asked first, as in the window")
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.SwitchRole{})
	w.app.press(t, "Sign out")
	require.Empty(t, w.took(), "it is asked first, as in the window")
	require.Equal(t, "Sign out", w.focused())
	require.Equal(t, 3, raised)
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.SignOut{})
	w.Show(choosingState(fiveRoles(), nil))
	w.app.press(t, "Sign out")
	requireIntents(t, w, signin.SignOut{})
	w.app.press(t, "Quit")
	requireIntents(t, w, signin.Quit{})
}

// The window is minimised only for users who want that. Closing it signs out, unless it can come
// back.
func TestTheWindowGetsOutOfTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		tray     bool
		prefers  string
		hides    bool
		minimise int
		quits    bool
	}{
		"a tray, and wanted":     {true, "true", true, 0, false},
		"a tray, not wanted":     {true, "false", false, 0, true},
		"no tray, and wanted":    {false, "true", false, 1, true},
		"no tray and not wanted": {false, "false", false, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			minimised := 0
			w := newWorld(t, Settings{Tray: c.tray, Minimise: func() { minimised++ },
				Preferences: preferencesOf(map[Preference]string{PreferMinimise: c.prefers})})
			hidden := &hiding{Window: w.win}
			w.win = hidden
			w.Show(workingState(signin.Selecting, signin.NotEnded))
			w.Show(signedInState())
			require.Equal(t, c.hides, hidden.hidden)
			require.Equal(t, c.minimise, minimised)
			hidden.hidden = false
			w.Show(noticed(signedInState(), true))
			require.False(t, hidden.hidden, "once only")
			w.closeTwice()
			require.Equal(t, c.hides, hidden.hidden)
			require.Equal(t, c.quits, len(w.took()) == 1)
		})
	}
}

// hiding is a window that records whether it is hidden.
type hiding struct {
	fyne.Window
	hidden bool
}

func (h *hiding) Hide() { h.hidden = true }

// A clinician looking at another window learns that their session ends, in our own words only.
func TestWhatTheDesktopTells(t *testing.T) {
	named := func(state signin.State) signin.State {
		state.User.Name = `"; Remove-Item -Recurse C:\ ; "`
		state.Chosen.OrgName = "$(calc)"
		return state
	}
	signedIn := named(signedInState())
	for name, c := range map[string]struct {
		before, after signin.State
		message       string
	}{
		"card removed":     {signedIn, named(workingState(signin.Ending, signin.CardRemoved)), "Your smartcard was removed, so your e-RS session has ended."},
		"and gone already": {signedIn, waitingState(hscn.MissingCard, signin.CardRemoved), "Your smartcard was removed, so your e-RS session has ended."},
		"five minutes":     {signedIn, named(endsSoonState()), "Your e-RS session ends in five minutes. Open e-RS Login to stay signed in."},
		"time limit":       {signedIn, workingState(signin.Ending, signin.Expired), "Your e-RS session has reached its time limit and has ended."},
		"another card":     {signedIn, workingState(signin.Ending, signin.TicketChanged), "Your e-RS session has ended. Open e-RS Login to see why."},
		"locked":           {signedIn, workingState(signin.Ending, signin.ScreenLocked), "Your e-RS session has ended. Open e-RS Login to see why."},
		"a problem":        {signedIn, failedState(notAccepted), "Your e-RS session has ended. Open e-RS Login to see why."},
		"their own wish":   {signedIn, workingState(signin.Ending, signin.SignedOut), ""},
		"another role":     {signedIn, workingState(signin.Ending, signin.RoleSwitched), ""},
		"renewed":          {signedIn, workingState(signin.Ending, signin.Renewed), ""},
		"five minutes on":  {named(endsSoonState()), named(endsSoonState()), ""},
		"never signed in":  {waitingState(hscn.MissingCard, signin.NotEnded), waitingState(hscn.MissingReader, signin.NotEnded), ""},
		"before a role":    {choosingState(fiveRoles(), nil), workingState(signin.Ending, signin.CardRemoved), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.before)
			w.app.sent = nil
			w.Show(c.after)
			if c.message == "" {
				require.Empty(t, w.app.sent)
				return
			}
			require.Len(t, w.app.sent, 1)
			require.Equal(t, "e-RS Login", w.app.sent[0].Title)
			require.Equal(t, c.message, w.app.sent[0].Content)

			// A Windows balloon holds 255 characters, its title 63.
			require.LessOrEqual(t, len(utf16.Encode([]rune(c.message))), 255)
			type notification struct{ title, text string }
			var shown []notification
			own := newWorld(t, Settings{Notify: func(title, text string) { shown = append(shown, notification{title, text}) }})
			own.Show(c.before)
			shown = nil
			own.Show(c.after)
			require.Equal(t, []notification{{"e-RS Login", c.message}}, shown)
			require.Empty(t, own.app.sent, "on Windows, Fyne's way is a script for PowerShell")
		})
	}
}

// The first picture is reported once: a program without one is of no use.
func TestTheFirstPictureIsReported(t *testing.T) {
	drawn := 0
	w := newWorld(t, Settings{Drawn: func() { drawn++ }, Preferences: preferencesOf(nil), Environment: signin.Environment{Name: "dev1"}})
	require.Zero(t, drawn)
	require.Equal(t, "e-RS Login", w.win.Title(), "the desktop knows the program by it")
	w.win.Canvas().Capture()
	require.Equal(t, 1, drawn)
	require.Equal(t, "e-RS Login (TEST: dev1)", w.win.Title())
	w.press(fyne.KeyF2)
	w.setPreference(PreferAppearance, "dark")
	w.win.Canvas().Capture()
	require.Equal(t, 1, drawn)
}
