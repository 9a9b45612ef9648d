package keyring_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

// A check that touches the session, leaves something behind or asks for a password does more harm than what it looks for.
func TestATrialLeavesNothingBehind(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	client := connect(t, settings(t, session))
	require.NoError(t, client.Publish(t.Context(), madeUp()))

	require.NoError(t, client.Try(t.Context(), "a harmless text"))
	_, err := client.ReadTrial(t.Context())
	require.ErrorIs(t, err, keyring.NotFound)

	require.NoError(t, client.WriteTrial(t.Context(), "another"))
	text, err := client.ReadTrial(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "another", text)
	require.NoError(t, client.RemoveTrial(t.Context()))
	require.NoError(t, client.RemoveTrial(t.Context()), "nothing to remove")

	read, err := client.Read(t.Context())
	require.NoError(t, err)
	assert.True(t, read.SessionKey.Equal(handoff.NewSessionKey(madeUpKey).Text), "the session is as it was")
}

func TestATrialDoesNotPrompt(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Answered})
	client := connect(t, settings(t, session))
	require.ErrorIs(t, client.Try(t.Context(), "a harmless text"), keyring.Locked)
	assert.Empty(t, session.Prompted())
}

// A keyring that garbles what it is given would hand a broken key to other programs.
func TestATrialFindsAKeyringThatGarbles(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{Garble: true}})
	require.ErrorIs(t, connect(t, settings(t, session)).Try(t.Context(), "a harmless text"), keyring.ReadBack)
}
