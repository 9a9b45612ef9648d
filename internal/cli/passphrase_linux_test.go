package cli

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// newTerminal returns both ends of a terminal: the user's and the program's.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, person.Close()) })
	require.NoError(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Close()) })
	return person, program
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return state.Lflag&unix.ECHO != 0
}

// A user who does not know the passphrase interrupts with Ctrl+C, and the terminal echoes again.
func TestAPassphraseIsAskedFor(t *testing.T) {
	t.Run("and given", func(t *testing.T) {
		person, terminal := newTerminal(t)
		p := app.Host{Stdin: terminal, Stderr: io.Discard}
		_, err := person.WriteString("made up\n")
		require.NoError(t, err)
		entered, err := readSecret(t.Context(), p, storedSecret{what: "passphrase"})
		require.NoError(t, err)
		require.Equal(t, "made up", entered.Reveal())
		require.True(t, echoes(t, terminal))
	})
	t.Run("and refused", func(t *testing.T) {
		_, terminal := newTerminal(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			p := app.Host{Stdin: terminal, Stderr: io.Discard}
			_, err := readSecret(ctx, p, storedSecret{what: "passphrase"})
			ended <- err
		}()
		require.Eventually(t, func() bool { return !echoes(t, terminal) }, time.Minute, time.Millisecond)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.True(t, echoes(t, terminal))
	})
	t.Run("from a pipe that stays silent", func(t *testing.T) {
		silent, writer := io.Pipe()
		defer func() { assert.NoError(t, writer.Close()) }()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := app.Host{Stdin: silent, Stderr: io.Discard}
		_, err := readSecret(ctx, p, storedSecret{what: "passphrase"})
		require.ErrorIs(t, err, context.Canceled)
	})
}

// Storing the passphrase may be a part of repairing the settings, and must not wait for the rest.
func TestThePassphraseIsStoredWhileSettingsAreBroken(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	t.Setenv("ERS_LOGIN_ASID", "broken")
	t.Setenv("ERS_LOGIN_CONFIG_OF_ANOTHER_VERSION", "1")
	var complaints strings.Builder
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	p.Stdin, p.Stderr = strings.NewReader("a made-up passphrase\n"), &complaints
	require.Equal(t, app.StatusDone, p.Report(execute(t.Context(), p, []string{"passphrase"})), complaints.String())
	assert.Contains(t, complaints.String(), "asid", "and is reported")
	assert.NotContains(t, complaints.String(), "made-up")

	stored, err := ringOn(t, session).Secret(t.Context(), keyring.Passphrase)
	require.NoError(t, err)
	require.True(t, stored.Reveal() == "a made-up passphrase")
}

// What a client secret could do, a whole organisation's application can: it is asked for like a
// passphrase, and shown nowhere.
func TestTheClientSecretIsStored(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	var said strings.Builder
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader("planted-client-secret\n"), &said, &said
	require.Equal(t, app.StatusDone, p.Report(execute(t.Context(), p, []string{"client-secret"})), said.String())
	assert.Contains(t, said.String(), "The client secret is stored in the keyring.")
	assert.NotContains(t, said.String(), "planted")

	stored, err := ringOn(t, session).Secret(t.Context(), keyring.ClientSecret)
	require.NoError(t, err)
	require.True(t, stored.Reveal() == "planted-client-secret")
}

// ringOn is a keyring client of this process, on a private session.
func ringOn(t *testing.T, session *keyringtest.Session) *keyring.Client {
	t.Helper()
	defaults, err := config.Load(config.Sources{})
	require.NoError(t, err)
	ring := testProgram(t, append(os.Environ(), session.Env()...)...).OpenKeyring(defaults, testLog(t))
	t.Cleanup(func() { assert.NoError(t, ring.Close()) })
	return ring
}
