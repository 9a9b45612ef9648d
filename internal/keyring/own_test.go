//go:build ownkeyring && (windows || darwin)

package keyring_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gokeyring "github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/races"
)

const workerVariable = "ERS_LOGIN_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		goleak.VerifyTestMain(races.Watch(m))
		return
	}
	if err := keyring.Serve(context.Background(), os.Stdin, os.Stdout, "1.0"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestTheKeyringOfThisComputer writes to the user's own keyring: the Credential Manager or the
// keychain. If it fails, other applications find no session there, or one that has ended.
func TestTheKeyringOfThisComputer(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	client := keyring.New(keyring.Settings{
		Command: []string{program}, Version: "1.0", Timeout: time.Minute,
		Env: append(os.Environ(), workerVariable+"=serve"),
	})
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	found := func(account, want string) {
		t.Helper()
		got, err := gokeyring.Get(handoff.Service, account)
		if want == "" {
			require.ErrorIs(t, err, gokeyring.ErrNotFound)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	require.NoError(t, client.Check(t.Context()))
	require.NoError(t, client.Clear(t.Context()))
	for generation := int64(1); generation <= 2; generation++ { // the second replaces the first
		now := time.Now().UTC().Truncate(time.Second)
		key := fmt.Sprintf("pro-xapi-session_made-up-%d", generation)
		session := handoff.Session{
			Version: handoff.Version, Generation: generation, SessionKey: handoff.NewSessionKey(key),
			BaseURL: "https://ers.example/ers-api", ASID: "000000000000",
			UserIdentifier: "000000000001", UserName: "Llŷr Made-Up", OrgIdentifier: "R01",
			OrgName: "Ysbyty “Prawf” €", BusinessFunction: "REFERRING_CLINICIAN",
			IssuedAt: now, ExpiresAt: now.Add(10 * time.Hour), Publisher: "e-RS Login 1.0",
		}
		encoded, err := handoff.Encode(session)
		require.NoError(t, err)
		require.NoError(t, client.Publish(t.Context(), session))
		found(handoff.AccountSession, string(encoded))
		found(handoff.AccountSessionKey, key)
	}
	require.NoError(t, client.Clear(t.Context()))
	found(handoff.AccountSession, "")
	found(handoff.AccountSessionKey, "")

	passphrase := secret.New("made up, with an é and a \"")
	require.NoError(t, client.SetSecret(t.Context(), keyring.Passphrase, passphrase))
	read, err := client.Secret(t.Context(), keyring.Passphrase)
	require.NoError(t, err)
	assert.True(t, read.Equal(passphrase))
	require.NoError(t, client.SetSecret(t.Context(), keyring.Passphrase, secret.Text{}))
}
