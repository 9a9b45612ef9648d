package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// The Diagnostics screen shows, copies and saves the results of package diagnose.
func TestTheDiagnosticsOfTheWindow(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_DOWNLOAD_DIR", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(0)
	defer card.Close()
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	demo := NewDemonstration(p, testLog(t), signin.NewBoard(), ers, card, simulator.Persona{})
	looked := &windowDiagnostics{platform: ticketPlatform, open: demo.openChecks}
	require.Len(t, looked.Names(), len(diagnose.Checks(diagnose.Target{})))
	found := map[string]diagnose.Finding{}
	last := diagnose.Incident{Problem: problem.Unexpected, At: time.Now()}
	examination := looked.Run(t.Context(), last, func(row int, finding diagnose.Finding) { found[looked.Names()[row]] = finding })
	require.Len(t, found, len(looked.Names()), "each row is reported")
	assert.Equal(t, diagnose.OK, found["Secure storage (keyring)"].State)
	assert.Equal(t, diagnose.OK, found["e-RS response"].State)
	assert.Equal(t, diagnose.Attention, found["Smartcard"].State)
	assert.NotNil(t, found["Smartcard"].Problem, "with what to do")
	assert.Equal(t, diagnose.Skipped, found["Audit log"].State)
	assert.NotEqual(t, diagnose.Skipped, found["Locking, sleep and sign-out"].State, "which the demonstration sees as well")
	assert.Equal(t, diagnose.OK, found["Your organisation's certificate"].State, "a demonstration that warns of itself")
	assert.Contains(t, examination.Report, "There is no card in the reader.")
	assert.Contains(t, examination.Report, erstest.ASID, "the demonstration's number")

	bundle, err := examination.Bundle(t.Context())
	require.NoError(t, err)
	assert.Contains(t, examination.Report, "Last problem: Something went wrong, UNEXPECTED, ")
	var names []string
	for _, file := range bundle.Files {
		if file.Name == "about.txt" {
			assert.Contains(t, string(file.Content), "This is a demonstration: ")
		}
		if file.Name == "checks.txt" {
			assert.Contains(t, string(file.Content), "Last problem: Something went wrong, UNEXPECTED, ")
		}
		names = append(names, file.Name)
	}
	assert.Subset(t, names, []string{"about.txt", "settings.toml", "checks.txt", "checks.json"})
	assert.Equal(t, xdg.UserDirs.Download, filepath.Dir(bundle.Path))
	assert.NoFileExists(t, bundle.Path, "it is shown first")
	require.NoError(t, bundle.Save())
	assert.FileExists(t, bundle.Path)
}

// ticketPlatform is the platform of the Identity Agent.
func ticketPlatform() string { return config.PlatformHSCN }
