package commands

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/adrg/xdg"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

// storedAt is where other programs see what is kept for the program itself.
var storedAt = [][2]string{
	{"ers-login-certificate", "passphrase"},
	{"ers-login-proxy", "password"},
	{handoff.Service, keyring.TrialAccount},
}

// inKeyring counts what another program finds of it.
func inKeyring(t *testing.T) (found int) {
	t.Helper()
	for _, place := range storedAt {
		if exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", place[0], "username", place[1]).Run() == nil {
			found++
		}
	}
	return found
}

// storeAll stores all that can be stored, and what a check that was killed leaves behind.
func (w workplace) storeAll() {
	w.t.Helper()
	for _, command := range []string{"passphrase", "proxy-password"} {
		status, _, stderr := run(w.t, "a made-up secret\n", command)
		require.Equal(w.t, statusDone, status, stderr)
	}
	ring := keyring.New(keyring.Settings{Command: []string{runningFile, workerCommand}})
	require.NoError(w.t, ring.WriteTrial(w.t.Context(), "harmless"))
	require.NoError(w.t, ring.Close())
	require.Equal(w.t, len(storedAt), inKeyring(w.t))
}

// autostarts gives the user of a test an autostart entry, in folders that are the test's.
func autostarts(t *testing.T) (entry string) {
	t.Helper()
	// The last to be cleaned up: when the variable is what it was.
	t.Cleanup(xdg.Reload)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	start := testProgram(t).autostart(testLog(t))
	require.NoError(t, start.set(true))
	entry = filepath.Join(xdg.ConfigHome, "autostart", "io.github.ers_login.ErsLogin.desktop")
	require.FileExists(t, entry)
	return entry
}

// Whoever hands a computer on leaves the key to the organisation's certificate behind if this fails. And whoever is signed in stays so.
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
			assert.Equal(t, statusDone, status, stderr)
			assert.Empty(t, stdout)
			assert.NotContains(t, stderr, "made-up")
			assert.Zero(t, inKeyring(t))
			assert.NoFileExists(t, entry)
			read, err := readSession(t.Context())
			require.NoError(t, err)
			assert.Equal(t, session.Generation, read.Generation, "it is not what was to be forgotten")

			status, _, stderr = run(t, "", "forget")
			assert.Equal(t, statusDone, status, "nothing to forget is no error: %s", stderr)
		})
	}
}

// A script that gives a computer back has to know whether anything may have stayed behind.
func TestForgetWhatCannotBeReached(t *testing.T) {
	for name, test := range map[string]struct {
		options   keyringtest.Options
		arguments []string
		status    int
		says      string
	}{
		"no collection": {keyringtest.Options{State: keyringtest.NoCollection}, nil, statusDone, ""},
		"a closed database": {
			keyringtest.Options{State: keyringtest.NoCollection, Daemon: keyringtest.KeePassXC}, nil, statusKeyring, "KEYRING-NO_COLLECTION",
		},
		"no bus":     {keyringtest.Options{State: keyringtest.NoBus}, nil, statusKeyring, "KEYRING-NO_BUS"},
		"no service": {keyringtest.Options{State: keyringtest.NoService}, nil, statusKeyring, "KEYRING-NO_SERVICE"},
		"dismissed": {
			keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Dismissed}, nil, statusKeyring, "KEYRING-DISMISSED",
		},
		"not answered": {
			keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered}, []string{"--timeout", "2s"}, statusLate, "within 2s",
		},
		"no time at all": {keyringtest.Options{State: keyringtest.NoBus}, []string{"--timeout", "0s"}, statusUsage, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			newWorkplace(t, dallies, test.options)
			entry := autostarts(t)
			status, stdout, stderr := run(t, "", append([]string{"forget"}, test.arguments...)...)
			assert.Equal(t, test.status, status, stderr)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			if test.status != statusUsage {
				assert.NoFileExists(t, entry, "what can be removed is")
			}
		})
	}
}
