package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	ring "github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// A script that reads only the key would go on with it after a sign-out reported as successful.
func TestSignOutLooksForAKeyThatStayed(t *testing.T) {
	newWorkplace(t, dallies, keyringtest.Options{})
	require.NoError(t, checkSignedOut(t.Context()))
	for name, left := range map[string]string{"a key": "made-up", "no key": "two\nlines"} {
		for _, account := range []string{handoff.AccountSessionKey, handoff.AccountAccessToken} {
			require.NoError(t, keyring.Set(handoff.Service, account, left))
			require.ErrorIs(t, checkSignedOut(t.Context()), ring.Leftover, "%s: %s", account, name)
			require.NoError(t, handoff.Clear(t.Context()))
		}
	}
	require.NoError(t, handoff.Write(t.Context(), madeUpFHIRSession(0)))
	require.ErrorIs(t, checkSignedOut(t.Context()), ring.Leftover)
	require.NoError(t, handoff.Clear(t.Context()))
	require.NoError(t, checkSignedOut(t.Context()))
}

// The window has ended its session where this process reaches no keyring: in a terminal of another
// desktop, or next to a demonstration with its own keyring.
func TestSignOutTrustsTheWindowWhereThereIsNoKeyring(t *testing.T) {
	for name, options := range map[string]keyringtest.Options{
		"no bus":        {State: keyringtest.NoBus},
		"no service":    {State: keyringtest.NoService},
		"no collection": {State: keyringtest.NoCollection},
		"locked":        {State: keyringtest.Locked},
	} {
		t.Run(name, func(t *testing.T) {
			newWorkplace(t, dallies, options)
			require.NoError(t, checkSignedOut(t.Context()))
		})
	}
}
