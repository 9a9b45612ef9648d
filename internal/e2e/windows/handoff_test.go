//go:build windowsrig

package windows_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The numbers of CREDENTIALW.Persist.
const (
	persistSession      = 1
	persistLocalMachine = 2
)

// notFound is the exit status of our programs for an entry that is not there.
const notFound = 2

// keyring are the programs that write and read Wine's Credential Manager.
type keyring struct {
	*rig
	writer, reader string
}

func newKeyring(t *testing.T) keyring {
	t.Helper()
	r := newRig(t)
	r.copy("handoff.exe", helperFolder, "handoff.exe")
	r.copy("credread.exe", helperFolder, "credread.exe")
	return keyring{r, helperFolder + `\handoff.exe`, helperFolder + `\credread.exe`}
}

// does runs the program that uses the handoff, and returns the lines that it prints.
func (k keyring) does(args ...string) []string {
	k.t.Helper()
	output, status := k.run(k.writer, args...)
	require.Zero(k.t, status, output)
	return strings.Fields(output)
}

// holds asserts what any other program sees: the bytes of a credential, its user and for how long it lives.
func (k keyring) holds(account, blob string, persist int) {
	k.t.Helper()
	output, status := k.run(k.reader, "ers-login:"+account)
	require.Zero(k.t, status, output)
	assert.Equal(k.t, fmt.Sprintf("target ers-login:%s\nuser %s\npersist %d\nsize %d\nblob %s\n",
		account, account, persist, len(blob)/2, blob), output)
}

func (k keyring) lacks(account string) {
	k.t.Helper()
	output, status := k.run(k.reader, "ers-login:"+account)
	assert.Equal(k.t, notFound, status, output)
}

// If this fails, other applications on Windows do not find the session, find another, or find one that has ended.
func TestTheHandoffInTheCredentialManager(t *testing.T) {
	k := newKeyring(t)
	k.lacks("session")
	for generation := 1; generation <= 2; generation++ { // the second replaces the first
		written := k.does("write", fmt.Sprint(generation))
		require.Len(t, written, 2)
		k.holds("session", written[0], persistSession)
		k.holds("session-key", written[1], persistSession)
		assert.Equal(t, written, k.does("read"), "go-keyring reads the same bytes")
	}
	k.does("clear")
	k.lacks("session")
	k.lacks("session-key")
	_, status := k.run(k.writer, "read")
	assert.Equal(t, notFound, status)
	k.does("clear") // nothing to clear is no error
}

// If this fails, the next person who logs on with the same Windows account finds the session of the one before, or the
// organisation has to enter the certificate's passphrase every day.
func TestTheHandoffEndsWithTheLogOn(t *testing.T) {
	k := newKeyring(t)
	k.does("write", "1")
	passphrase := k.does("lasting")
	k.holds("passphrase-of-a-test", passphrase[0], persistLocalMachine)
	k.logOffAndOn()
	k.lacks("session")
	k.lacks("session-key")
	k.holds("passphrase-of-a-test", passphrase[0], persistLocalMachine)
}

// logOffAndOn ends all of Wine and starts it again. The commands have no pipes: what they leave behind would keep them open.
func (k keyring) logOffAndOn() {
	k.t.Helper()
	server := func(option string) error {
		return exec.CommandContext(k.t.Context(), "chroot", k.root, "env", "WINEPREFIX=/prefix", "wineserver", option).Run()
	}
	require.NoError(k.t, server("-k"))
	require.NoError(k.t, server("-w"))
	require.NoError(k.t, server("-p"))
	line := k.command("wineboot")
	require.NoError(k.t, exec.CommandContext(k.t.Context(), line[0], line[1:]...).Run())
}
