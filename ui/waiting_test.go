package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
)

// If this fails, the status bar of some screen reports no card while one is in the reader.
func TestTheStatusBarKnowsOfTheCard(t *testing.T) {
	const in, none = "Card in, not signed in", "No smartcard"
	for _, c := range []struct {
		name      string
		want, not string
	}{
		{"in", in, none},
		{"out", none, in},
	} {
		for name, state := range map[string]signin.State{
			"waiting":   {Phase: signin.Waiting, Since: morning, Missing: hscn.MissingCard},
			"prompting": workingState(signin.Prompting, signin.NotEnded),
			"a problem": failedState(notAccepted),
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				w := newWorld(t, Settings{})
				state.Links.Proof = signin.Link{Health: signin.HealthAttention, Text: c.want}
				w.Show(state)
				require.Contains(t, w.texts(), c.want)
				require.NotContains(t, w.texts(), c.not)
			})
		}
	}
}

// A user whose sign-in another program requests sees its name, and can decline.
func TestAnotherProgramAsksForASignIn(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	require.False(t, w.seen("asks you to sign in"))
	require.False(t, w.seen("Not now"))
	w.Show(askedState("Referral\nManager"))
	require.True(t, w.seen("“Referral Manager” asks you to sign in to e-RS."))
	require.Equal(t, "Sign in", w.focused(), "Enter signs in, as ever")
	w.press(fyne.KeyTab)
	require.Equal(t, "Not now", w.focused())
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.Cancel{})
	w.Show(waitingState(hscn.MissingCard, signin.Cancelled))
	require.False(t, w.seen("asks you to sign in"))
}

// The next person at a computer with the card of the one before sees whose it is, and signs in as
// them on purpose only.
func TestTheNextPersonSeesWhoseCardItIs(t *testing.T) {
	const again = "Sign in again as SA Assurance GP-Card"
	w := newWorld(t, Settings{})
	w.Show(waitingState(hscn.MissingIntent, signin.SignedOut))
	require.True(t, w.seen(again))
	require.NotContains(t, w.texts(), "Sign in")
	require.Equal(t, "", w.focused())

	w.press(fyne.KeyTab)
	require.Equal(t, again, w.focused())
	w.Show(waitingState(hscn.MissingCard, signin.SignedOut))
	require.False(t, w.seen(again))
	require.Equal(t, "Sign in", w.focused(), "the button that had the focus is gone")

	w.Show(waitingState(hscn.MissingIntent, signin.SignedOut))
	require.Equal(t, "", w.focused(), "nor does it come by the focus that another one had")
	w.Show(waitingState(hscn.MissingCard, signin.SignedOut))
	require.Equal(t, "Sign in", w.focused())
}

// A holder without a name is named by number: with the button for any user, Enter would sign in as them.
func TestAHolderWithoutANameIsNamedByNumber(t *testing.T) {
	w := newWorld(t, Settings{})
	state := waitingState(hscn.MissingIntent, signin.SignedOut)
	state.Holder.Name = ""
	w.Show(state)
	require.True(t, w.seen("Sign in again as User 5550 2096 4101"))
	require.Equal(t, "", w.focused())
}

// A tick says that something was done: none is shown to a user who is not signed in.
func TestAWaitingUserSeesNoTick(t *testing.T) {
	for _, missing := range []signin.Missing{hscn.MissingIntent, hscn.MissingCard, hscn.MissingReader, hscn.MissingPasscode} {
		for _, reason := range []signin.Reason{signin.NotEnded, signin.SignedOut, signin.Cancelled, signin.Expired, signin.TicketChanged} {
			want := assets.Smartcard
			if missing == hscn.MissingReader {
				want = assets.Reader
			}
			require.Same(t, want, waitingFor(waitingState(missing, reason)).picture, "%v after %v", missing, reason)
		}
	}
}

// TestHelpWhileThePasscodeIsAskedFor: the window that asks may be behind another one, and the user
// waits for it until the agent gives up.
func TestHelpWhileThePasscodeIsAskedFor(t *testing.T) {
	const hint = "Cannot see the passcode window? Look behind this one, or press Alt+Tab."
	w := newWorld(t, Settings{Diagnostics: &chain{findings: goodChain()}})
	w.Show(workingState(signin.Prompting, signin.NotEnded))
	require.Empty(t, w.focused(), "an Enter too many cancels nothing")
	require.True(t, w.seen("F1 Help"))
	require.False(t, w.seen("seconds"))
	w.now = morning.Add(19 * time.Second)
	w.tick()
	require.True(t, w.seen("19 seconds"))
	require.False(t, w.seen(hint))
	w.now = morning.Add(20 * time.Second)
	w.tick()
	require.True(t, w.seen(hint))
	w.press(fyne.KeyF1)
	require.True(t, w.seen("If you cannot sign in"))
	require.True(t, w.seen("Check this computer (F9)"))
	w.Show(noticed(workingState(signin.Prompting, signin.NotEnded), false))
	require.True(t, w.seen(noReaders.Title), "what is known meanwhile")
	w.press(fyne.KeyF1)
	require.False(t, w.seen("If you cannot sign in"))
	require.Empty(t, w.took())
	w.Show(workingState(signin.SigningIn, signin.NotEnded))
	require.False(t, w.seen(hint))
}

// TestHelpAnswers: a signed-in user, or one who chooses, who presses F1 gets an answer and not only a
// button.
func TestHelpAnswers(t *testing.T) {
	const keys = "Keys: 1–9 choose, letters search, * favourite"
	hides := preferencesOf(map[Preference]string{PreferMinimise: "true"})
	for name, c := range map[string]struct {
		state     signin.State
		settings  Settings
		sees, not []string
	}{
		"choosing":         {choosingState(fiveRoles(), &triage), Settings{}, []string{"My organisation or role is missing", keys}, []string{"Esc back"}},
		"choosing another": {switchingState(), Settings{}, []string{keys + ", Esc back"}, nil},
		"one role":         {choosingState(fiveRoles()[:1], nil), Settings{}, []string{"The name at the top is not mine"}, []string{keys}},
		"signed in": {signedInState(), Settings{}, []string{"How do I change my role?", "You are signed out of e-RS. To stay signed in",
			"Another application does not see that I am signed in", "My organisation or role is missing"}, []string{keys}},
		"the window is only hidden": {signedInState(), Settings{Tray: true, Preferences: hides},
			[]string{"e-RS Login stays open as an icon"}, []string{"To stay signed in, minimise"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.settings)
			w.Show(c.state)
			w.press(fyne.KeyF1)
			for _, text := range c.sees {
				require.True(t, w.seen(text), text)
			}
			for _, text := range c.not {
				require.False(t, w.seen(text), text)
			}
		})
	}
}
