package ui

import (
	"testing"

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

// A holder without a name is named by number: with the button for anybody, Enter would sign in as them.
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
