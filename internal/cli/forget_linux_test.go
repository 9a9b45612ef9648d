package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/adrg/xdg"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// storedAt is the keyring address of each stored secret.
var storedAt = [][2]string{
	{"ers-login-certificate", "passphrase"},
	{"ers-login-cis2", "client-secret"},
	{"ers-login-proxy", "password"},
	{handoff.Service, keyring.TrialAccount},
}

// inKeyring counts the secrets that another program finds.
func inKeyring(t *testing.T) (found int) {
	t.Helper()
	for _, place := range storedAt {
		if exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", place[0], "username", place[1]).Run() == nil {
			found++
		}
	}
	return found
}

// storeAll stores every secret, and the test entry that a killed check leaves behind.
func (w workplace) storeAll() {
	w.t.Helper()
	for _, command := range []string{"passphrase", "client-secret", "proxy-password"} {
		status, _, stderr := run(w.t, "a made-up secret\n", command)
		require.Equal(w.t, app.StatusDone, status, stderr)
	}
	ring := keyring.New(keyring.Settings{Command: []string{os.Args[0], app.WorkerCommand}})
	require.NoError(w.t, ring.WriteTrial(w.t.Context(), "harmless"))
	require.NoError(w.t, ring.Close())
	require.Equal(w.t, len(storedAt), inKeyring(w.t))
}

// autostarts creates the user's autostart entry in the test's folders.
func autostarts(t *testing.T) (entry string) {
	t.Helper()
	// This runs last, after the variable was restored.
	t.Cleanup(xdg.Reload)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	start := testProgram(t).Autostart(testLog(t))
	require.NoError(t, start.Set(true))
	entry = filepath.Join(xdg.ConfigHome, "autostart", "io.github.ers_login.ErsLogin.desktop")
	require.FileExists(t, entry)
	return entry
}

// If this fails, a computer handed on still has the key of the organisation's certificate. A
// signed-in user stays so.
func TestForget(t *testing.T) {
	for name, options := range map[string]keyringtest.Options{
		"unlocked": {},
		"locked":   {Prompts: keyringtest.Answered},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, dallies, options)
			entry := autostarts(t)
			w.storeAll()
			session := madeUpSession(7)
			w.publish(session)
			if name == "locked" {
				require.NoError(t, w.keyring.Lock())
			}
			status, stdout, stderr := run(t, "", "forget")
			assert.Equal(t, app.StatusDone, status, stderr)
			assert.Empty(t, stdout)
			assert.NotContains(t, stderr, "made-up")
			assert.Zero(t, inKeyring(t))
			assert.NoFileExists(t, entry)
			read, err := readSession(t.Context(), handoff.ReadAny)
			require.NoError(t, err)
			assert.Equal(t, session.Generation, read.Details().Generation, "it is not what was to be forgotten")

			status, _, stderr = run(t, "", "forget")
			assert.Equal(t, app.StatusDone, status, "nothing to forget is no error: %s", stderr)
		})
	}
}

// A script that returns a computer must learn if anything may be left behind.
func TestForgetWhatCannotBeReached(t *testing.T) {
	for name, test := range map[string]struct {
		options   keyringtest.Options
		arguments []string
		status    int
		says      string
	}{
		"no collection": {keyringtest.Options{State: keyringtest.NoCollection}, nil, app.StatusDone, ""},
		"a closed database": {
			keyringtest.Options{State: keyringtest.NoCollection, Daemon: keyringtest.KeePassXC}, nil, app.StatusKeyring, "KEYRING-NO_COLLECTION",
		},
		"no bus":     {keyringtest.Options{State: keyringtest.NoBus}, nil, app.StatusKeyring, "KEYRING-NO_BUS"},
		"no service": {keyringtest.Options{State: keyringtest.NoService}, nil, app.StatusKeyring, "KEYRING-NO_SERVICE"},
		"dismissed": {
			keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Dismissed}, nil, app.StatusKeyring, "KEYRING-DISMISSED",
		},
		"not answered": {
			keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered}, []string{"--timeout", "2s"}, app.StatusLate, "within 2s",
		},
		"no time at all": {keyringtest.Options{State: keyringtest.NoBus}, []string{"--timeout", "0s"}, app.StatusUsage, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			newWorkplace(t, dallies, test.options)
			entry := autostarts(t)
			status, stdout, stderr := run(t, "", append([]string{"forget"}, test.arguments...)...)
			assert.Equal(t, test.status, status, stderr)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			if test.status != app.StatusUsage {
				assert.NoFileExists(t, entry, "what can be removed is")
			}
		})
	}
}
