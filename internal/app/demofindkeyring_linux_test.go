package app

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// The demonstration works on every desktop, uses the desktop's keyring where possible, and reports
// which one it uses.
func TestTheDemonstrationFindsAKeyring(t *testing.T) {
	for name, test := range map[string]struct {
		options keyringtest.Options
		// reference is the Problem that makes the desktop's unusable; empty if it is used.
		reference string
	}{
		"unlocked":              {keyringtest.Options{}, ""},
		"locked, then unlocked": {keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Answered}, ""},
		"locked and dismissed":  {keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Dismissed}, keyring.Dismissed.Code},
		"locked, no prompter":   {keyringtest.Options{State: keyringtest.Locked}, keyring.Locked.Code},
		"no collection":         {keyringtest.Options{State: keyringtest.NoCollection}, keyring.NoCollection.Code},
		"no collection yet":     {keyringtest.Options{State: keyringtest.NotStarted}, keyring.NoCollection.Code},
		"no service":            {keyringtest.Options{State: keyringtest.NoService}, keyring.NoService.Code},
		"no bus":                {keyringtest.Options{State: keyringtest.NoBus}, keyring.NoBus.Code},
	} {
		t.Run(name, func(t *testing.T) {
			desktop := keyringtest.ForTest(t, test.options)
			ers := erstest.NewServer()
			defer ers.Close()
			card := simulator.New(0)
			defer card.Close()
			var printed strings.Builder
			p := testProgram(t, append(os.Environ(), desktop.Env()...)...)
			p.Stderr = &printed
			board := signin.NewBoard()
			demo := NewDemonstration(p, testLog(t), board, ers, card, simulator.Persona{})
			defer demo.ring.close()
			found, err := demo.Prepare(t.Context())
			require.NoError(t, err)
			require.NoError(t, found.keyring.Publish(t.Context(), sessionAt(ers.URL)))
			notices := <-board.Changes()
			require.Len(t, notices, 1)
			assert.Contains(t, notices[0].Problem.Args["Command"], " session")
			if test.reference == "" {
				assert.Equal(t, demoDesktopRing.Code, notices[0].Problem.Code)
				assert.Empty(t, printed.String())
				_, err := ringOn(t, desktop).Read(t.Context())
				require.NoError(t, err, "other applications find it")
				require.NoError(t, found.keyring.Clear(t.Context()))
				found.close()
				return
			}
			assert.Equal(t, demoOwnRing.Code, notices[0].Problem.Code)
			assert.Equal(t, test.reference, notices[0].Problem.Args["Reference"])
			assert.Contains(t, printed.String(), notices[0].Problem.Args["Command"])
			_, err = ringOn(t, desktop).Read(t.Context())
			require.Error(t, err, "the desktop's keyring has nothing of it")
			examination, _, end := demo.openChecks()
			require.NoError(t, examination.Ring.Check(t.Context()), "the diagnostics look at the same keyring")
			require.NoError(t, end())
			found.close()
			again, err := demo.Prepare(t.Context())
			require.NoError(t, err, "the user tries again")
			again.close()
		})
	}
}

// If the demonstration cannot have its own keyring, the user reads what to install.
func TestTheDemonstrationSaysWhatToInstall(t *testing.T) {
	desktop := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.NoBus})
	p := testProgram(t, append(os.Environ(), desktop.Env()...)...)
	demo := NewDemonstration(p, testLog(t), signin.NewBoard(), nil, nil, simulator.Persona{})
	t.Setenv("PATH", t.TempDir())
	_, err := demo.Prepare(t.Context())
	require.ErrorIs(t, err, demoNoRing)
	found := problem.Of(err)
	assert.Equal(t, keyring.NoBus.Code, found.Args["Reference"])
	assert.Contains(t, strings.Join(found.ServiceDesk, " "), "gnome-keyring")
	assert.True(t, found.Retry)
}

// A displayed command must work in a shell when copied.
func TestWordsAreQuotedForAShell(t *testing.T) {
	for word, want := range map[string]string{
		"/opt/ers-login": "/opt/ers-login", "unix:path=/tmp/a/bus": "unix:path=/tmp/a/bus", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'",
	} {
		assert.Equal(t, want, quoted(word))
	}
	assert.Regexp(t, `^A='b c' \S+ session$`, readingCommand("A", "b c"))
}
