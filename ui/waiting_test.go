package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/login"
)

// A user who is asked to sign in by another program sees which, and can decline.
func TestAnotherProgramAsksForASignIn(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(waitingState(login.MissingCard, login.NotEnded))
	require.False(t, w.seen("asks you to sign in"))
	require.False(t, w.seen("Not now"))
	w.Show(askedState("Referral\nManager"))
	require.True(t, w.seen("Referral Manager asks you to sign in to e-RS."))
	require.Equal(t, "Sign in", w.focused(), "Enter signs in, as ever")
	w.press(fyne.KeyTab)
	require.Equal(t, "Not now", w.focused())
	w.press(fyne.KeyReturn)
	requireIntents(t, w, login.Cancel{})
	w.Show(waitingState(login.MissingCard, login.Cancelled))
	require.False(t, w.seen("asks you to sign in"))
}
