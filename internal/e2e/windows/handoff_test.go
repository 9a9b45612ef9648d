//go:build windowsrig

package windows_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Values of CREDENTIALW.Persist.
const (
	persistSession      = 1
	persistLocalMachine = 2
)

// notFound is our programs' exit status for a missing entry.
const notFound = 2

// keyring has the programs that write and read Wine's Credential Manager.
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

// does runs the program that uses the handoff, and returns the lines of its output.
func (k keyring) does(args ...string) []string {
	k.t.Helper()
	output, status := k.run(k.writer, args...)
	require.Zero(k.t, status, output)
	return strings.Fields(output)
}

// holds asserts what any other program sees: a credential's bytes, user and lifetime.
func (k keyring) holds(account, blob string, persist int) {
	k.t.Helper()
	k.holdsTarget("ers-login:"+account, account, blob, persist)
}

func (k keyring) holdsTarget(target, user, blob string, persist int) {
	k.t.Helper()
	output, status := k.run(k.reader, target)
	require.Zero(k.t, status, output)
	assert.Equal(k.t, fmt.Sprintf("target %s\nuser %s\npersist %d\nsize %d\nblob %s\n",
		target, user, persist, len(blob)/2, blob), output)
}

func (k keyring) lacks(account string) {
	k.t.Helper()
	k.lacksTarget("ers-login:" + account)
}

func (k keyring) lacksTarget(target string) {
	k.t.Helper()
	output, status := k.run(k.reader, target)
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

// If this fails, the next user of the same Windows account finds the previous session, or the
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

// The names used by Python's keyring and by keyring-rs.
var aliases = []string{"session@ers-login", "session.ers-login"}

// utf16 converts ASCII to UTF-16LE, both in hexadecimal.
func utf16(t *testing.T, ascii string) string {
	t.Helper()
	text, err := hex.DecodeString(ascii)
	require.NoError(t, err)
	wide := make([]byte, 0, 2*len(text))
	for _, letter := range text {
		require.Less(t, letter, byte(0x80), "the entry is ASCII")
		wide = append(wide, letter, 0)
	}
	return hex.EncodeToString(wide)
}

// If this fails, programs in Python, Node and .NET on Windows find no session, or nonsense in its place.
func TestTheAliasesInTheCredentialManager(t *testing.T) {
	k := newKeyring(t)
	for generation := 1; generation <= 2; generation++ {
		written := k.does("write-aliases", fmt.Sprint(generation))
		k.holds("session", written[0], persistSession)
		for _, alias := range aliases {
			k.holdsTarget(alias, "session", utf16(t, written[0]), persistSession)
		}
	}
	k.does("clear")
	k.lacks("session")
	for _, alias := range aliases {
		k.lacksTarget(alias)
	}

	long := k.does("write-long")
	assert.Greater(t, len(long[0])/2, 1190, "it is as long as can be")
	for _, alias := range aliases {
		k.holdsTarget(alias, "session", utf16(t, long[0]), persistSession)
	}
	// Switched off between two sessions: the first one's aliases must not be found with the second.
	written := k.does("write", "3")
	k.holds("session", written[0], persistSession)
	for _, alias := range aliases {
		k.lacksTarget(alias)
	}
	k.does("publish", "4") // through the worker, as the program does
	for _, alias := range aliases {
		_, status := k.run(k.reader, alias)
		assert.Zero(t, status, "the setting does not reach the worker")
	}
	k.does("clear") // without knowing of the aliases
	for _, alias := range aliases {
		k.lacksTarget(alias)
	}
}

// The same of the FHIR platform's entries: renewed in place, beside nothing of the other platform.
func TestTheTokenInTheCredentialManager(t *testing.T) {
	k := newKeyring(t)
	k.does("write-aliases", "1")
	fhirAliases := []string{"fhir-session@ers-login", "fhir-session.ers-login"}
	for revision := 1; revision <= 2; revision++ {
		written := k.does("write-aliases", fmt.Sprint(revision), "fhir")
		require.Len(t, written, 2)
		k.holds("fhir-session", written[0], persistSession)
		k.holds("access-token", written[1], persistSession)
		for _, alias := range fhirAliases {
			k.holdsTarget(alias, "fhir-session", utf16(t, written[0]), persistSession)
		}
		assert.Equal(t, written, k.does("read", "fhir"), "go-keyring reads the same bytes")
		k.lacks("session")
		k.lacks("session-key")
		for _, alias := range aliases {
			k.lacksTarget(alias)
		}
	}
	long := k.does("write-long", "fhir")
	assert.Greater(t, len(long[0])/2, 1190, "it is as long as can be")
	for _, alias := range fhirAliases {
		k.holdsTarget(alias, "fhir-session", utf16(t, long[0]), persistSession)
	}
	k.does("publish", "3", "fhir") // through the worker, as the program does
	for _, alias := range fhirAliases {
		_, status := k.run(k.reader, alias)
		assert.Zero(t, status, "the setting does not reach the worker")
	}
	k.does("write", "4", "fhir")
	for _, alias := range fhirAliases {
		k.lacksTarget(alias)
	}
	k.logOffAndOn()
	k.lacks("fhir-session")
	k.lacks("access-token")
	k.does("write-aliases", "5", "fhir")
	k.does("clear")
	for _, account := range []string{"fhir-session", "access-token"} {
		k.lacks(account)
	}
	for _, alias := range fhirAliases {
		k.lacksTarget(alias)
	}
}

// The readers for integrators, unchanged.
func TestTheReadersUnderWine(t *testing.T) {
	k := newKeyring(t)
	var readers []string
	for _, built := range []string{"reader-c.exe", "reader-go.exe"} {
		k.copy(built, helperFolder, built)
		readers = append(readers, helperFolder+`\`+built)
	}
	for _, reader := range readers {
		output, status := k.run(reader)
		require.Equal(t, 1, status, output)
	}
	k.does("write", "1")
	for _, reader := range readers {
		output, status := k.run(reader)
		require.Zero(t, status, output)
		for _, part := range []string{"000000000001", "REFERRING_CLINICIAN", "R01", "e-RS (HSCN)"} {
			assert.Contains(t, output, part)
		}
		assert.NotContains(t, output, "pro-xapi-session")
	}
	k.does("write", "1", "fhir")
	for _, reader := range readers {
		output, status := k.run(reader)
		require.Zero(t, status, output)
		for _, part := range []string{"000000000001", "SERVICE_PROVIDER_CLINICIAN_ADMIN", "R01", "e-RS (FHIR)"} {
			assert.Contains(t, output, part)
		}
		assert.NotContains(t, output, "token-made-up")
	}
	k.does("clear")
	for _, reader := range readers {
		output, status := k.run(reader)
		require.Equal(t, 1, status, output)
	}
}

// logOffAndOn ends all of Wine and starts it again. The commands have no pipes: processes left
// behind would keep them open.
func (k keyring) logOffAndOn() {
	k.t.Helper()
	server := func(option string) error {
		return k.process("chroot", k.root, "env", "WINEPREFIX=/prefix", "wineserver", option).Run()
	}
	require.NoError(k.t, server("-k"))
	require.NoError(k.t, server("-w"))
	require.NoError(k.t, server("-p"))
	require.NoError(k.t, k.process(k.command("wineboot")...).Run())
}
