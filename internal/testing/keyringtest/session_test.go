//go:build linux

package keyringtest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs a program as one of the session's user.
func run(t *testing.T, session *keyringtest.Session, stdin, name string, arguments ...string) (string, error) {
	t.Helper()
	for again := 1; ; again++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		command := exec.CommandContext(ctx, name, arguments...)
		command.Env = append(os.Environ(), session.Env()...)
		command.Stdin = strings.NewReader(stdin)
		var complaint strings.Builder
		command.Stderr = &complaint
		output, err := command.Output()
		cancel()
		if err != nil && again < session.Tries() {
			continue
		}
		if err != nil {
			err = fmt.Errorf("%w: %s", err, complaint.String())
		}
		return string(output), err
	}
}

// If the stand-ins were not what they say, the keyring's tests would prove nothing. secret-tool is the witness: it is not ours.
func TestARealKeyring(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Prompts: keyringtest.Dismissed})
	_, err := run(t, session, "made up", "secret-tool", "store", "--label=x", "service", "s", "username", "u")
	require.NoError(t, err)
	output, err := run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
	require.NoError(t, err)
	require.Equal(t, "made up", output)

	require.NoError(t, session.Lock())
	locked, err := session.Locked()
	require.NoError(t, err)
	require.True(t, locked)
	_, err = run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
	require.Error(t, err, "the prompt was dismissed")
	<-session.Prompted()

	require.NoError(t, session.Unlock())
	output, err = run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
	require.NoError(t, err)
	require.Equal(t, "made up", output)

	require.NoError(t, session.Lock())
	require.NoError(t, session.SetPrompts(keyringtest.Answered))
	output, err = run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
	require.NoError(t, err)
	require.Equal(t, "made up", output, "the password was typed")
	<-session.Prompted()
}

func TestTheOtherStates(t *testing.T) {
	store := []string{"store", "--label=x", "service", "s", "username", "u"}
	for name, options := range map[string]keyringtest.Options{
		"locked":        {State: keyringtest.Locked},
		"no collection": {State: keyringtest.NoCollection},
		"no service":    {State: keyringtest.NoService},
		"no bus":        {State: keyringtest.NoBus},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, options)
			_, err := run(t, session, "made up", "secret-tool", store...)
			require.Error(t, err)
		})
	}
}

// The user's own keyring must never be the one that a test writes to.
func TestNothingOfTheUserIsUsed(t *testing.T) {
	for _, state := range []keyringtest.State{keyringtest.Unlocked, keyringtest.NoBus} {
		dir := t.TempDir()
		session, err := keyringtest.Start(context.Background(), dir, keyringtest.Options{State: state})
		require.NoError(t, err)
		set := map[string]string{}
		for _, pair := range session.Env() {
			name, value, _ := strings.Cut(pair, "=")
			set[name] = value
		}
		require.True(t, strings.HasPrefix(set["HOME"], dir))
		require.NotEqual(t, os.Getenv("XDG_RUNTIME_DIR"), set["XDG_RUNTIME_DIR"])
		require.Contains(t, set, "DBUS_SESSION_BUS_ADDRESS")
		require.NoError(t, session.Close())
		require.NoError(t, session.Close(), "twice is fine")
	}
}

// The keyrings of other desktops than GNOME's are what their users have, and they differ in all that the specification leaves open.
func TestOtherKeyrings(t *testing.T) {
	for name, options := range map[string]keyringtest.Options{
		"KWallet":                    {Daemon: keyringtest.KWallet},
		"KeePassXC":                  {Daemon: keyringtest.KeePassXC},
		"another default collection": {OtherDefault: true},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, options)
			// What a lost connection stores cannot be read.
			for again := 1; ; again++ {
				_, err := run(t, session, "made up", "secret-tool", "store", "--label=x", "service", "s", "username", "u")
				require.NoError(t, err)
				output, err := run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
				if err == nil && output == "made up" || again >= session.Tries() {
					break
				}
			}
			for range 2 {
				output, err := run(t, session, "", "secret-tool", "lookup", "service", "s", "username", "u")
				require.NoError(t, err)
				require.Equal(t, "made up", output)
				require.NoError(t, session.Lock())
				locked, err := session.Locked()
				require.NoError(t, err)
				require.True(t, locked)
				require.NoError(t, session.Unlock())
				locked, err = session.Locked()
				require.NoError(t, err)
				require.False(t, locked)
			}
		})
	}
}
