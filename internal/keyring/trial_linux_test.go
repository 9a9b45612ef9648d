package keyring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
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
	kept, ofHSCN := read.(handoff.Session)
	require.True(t, ofHSCN)
	assert.True(t, kept.SessionKey.Equal(handoff.NewSessionKey(madeUpKey).Text), "the session is as it was")
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

// Two checks at once, as F9 in the window while a service desk runs the doctor, would find each other's text, or none, and report a
// keyring as broken that works.
func TestTrialsWaitForOneAnother(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	var all sync.WaitGroup
	for i := range 3 {
		client := connect(t, settings(t, session))
		all.Go(func() {
			for round := range 3 {
				text := fmt.Sprintf("text %d of %d", round, i)
				assert.NoError(t, client.Try(t.Context(), text))
				assert.NoError(t, client.WriteTrial(t.Context(), text))
				read, err := client.ReadTrial(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, text, read)
				assert.NoError(t, client.RemoveTrial(t.Context()))
			}
		})
	}
	all.Wait()
}

// A check that does not end must neither block the others for ever, nor lose its text to them.
func TestATrialThatDoesNotEnd(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	first, second := connect(t, settings(t, session)), connect(t, settings(t, session))
	require.NoError(t, first.WriteTrial(t.Context(), "the first one's"))
	for name, try := range map[string]func(context.Context) error{
		"the keyring alone": func(ctx context.Context) error { return second.Try(ctx, "the second one's") },
		"the readers":       func(ctx context.Context) error { return second.WriteTrial(ctx, "the second one's") },
		"only removing":     second.RemoveTrial,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		require.ErrorIs(t, try(ctx), keyring.Checking, name)
		cancel()
	}
	read, err := first.ReadTrial(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "the first one's", read)
	require.NoError(t, second.Check(t.Context()), "other work goes on")
	require.NoError(t, first.Close(), "Close ends the check")
	require.NoError(t, second.Try(t.Context(), "the second one's"))
}

// Terminals of snaps have their own runtime folder, and cleaned environments none, on the same bus
// with the same keyring.
func TestTrialsWhereverTheEnvironmentPoints(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	first := connect(t, settings(t, session))
	require.NoError(t, first.WriteTrial(t.Context(), "the first one's"))
	for name, folder := range map[string]string{"another folder": t.TempDir(), "none": "", "no such folder": "/proc/none"} {
		with := settings(t, session)
		with.Env = append(with.Env, "XDG_RUNTIME_DIR="+folder)
		second := connect(t, with)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		require.ErrorIs(t, second.Try(ctx, "the second one's"), keyring.Checking, name)
		cancel()
	}
	read, err := first.ReadTrial(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "the first one's", read)
	require.NoError(t, first.RemoveTrial(t.Context()))
}

// Where there can be no lock, a check is worth more than none.
func TestATrialWithoutALock(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	with := settings(t, session)
	places := map[string]string{}
	for _, entry := range with.Env {
		name, value, _ := strings.Cut(entry, "=")
		places[name] = value
	}
	require.NoError(t, os.Mkdir(filepath.Join(places["XDG_RUNTIME_DIR"], "check-ers-login.lock"), 0o700))
	// Nor may the name be owned, as in a sandbox.
	config := filepath.Join(places["HOME"], "bus.conf")
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	denied := strings.Replace(string(text), "</busconfig>", `<policy context="mandatory">
<deny own_prefix="io.github.ers_login"/></policy></busconfig>`, 1)
	require.NoError(t, os.WriteFile(config, []byte(denied), 0o600))
	conn, err := dbus.Connect(places["DBUS_SESSION_BUS_ADDRESS"])
	require.NoError(t, err)
	require.NoError(t, conn.BusObject().Call("org.freedesktop.DBus.ReloadConfig", 0).Err)
	require.NoError(t, conn.Close())
	var log strings.Builder
	logger := logrus.New()
	logger.SetOutput(&log)
	with.Log = logger
	require.NoError(t, connect(t, with).Try(t.Context(), "a harmless text"))
	require.Contains(t, log.String(), "cannot be kept out")
}

// A text that stays where a check was given up would be found by programs as a session that means nothing.
func TestATrialThatIsGivenUpLeavesNothingBehind(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{Hang: "GetSecret", HangAt: 1}})
	client := connect(t, settings(t, session))
	require.NoError(t, client.Check(t.Context()), "the worker has started")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, client.Try(ctx, "a harmless text"), context.DeadlineExceeded)
	_, err := client.ReadTrial(t.Context())
	require.ErrorIs(t, err, keyring.NotFound)
}
