package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run carries out a command line that opens no window.
func run(t *testing.T, stdin string, arguments ...string) (status int, stdout, stderr string) {
	t.Helper()
	toml, err := os.ReadFile(filepath.Join("..", "..", "FyneApp.toml"))
	require.NoError(t, err)
	metadata, err := readMetadata(toml)
	require.NoError(t, err)
	var out, complaints strings.Builder
	noApp := func(fyne.AppMetadata) fyne.App {
		require.FailNow(t, "a window was opened")
		return nil
	}
	p := program{metadata, noApp, strings.NewReader(stdin), &out, &complaints}
	root := p.root()
	root.SetArgs(arguments)
	return p.report(root.ExecuteContext(t.Context())), out.String(), complaints.String()
}

// The version has one home. A program that shows another one misleads the service desk.
func TestVersion(t *testing.T) {
	toml, err := os.ReadFile(filepath.Join("..", "..", "FyneApp.toml"))
	require.NoError(t, err)
	metadata, err := readMetadata(toml)
	require.NoError(t, err)
	assert.Equal(t, "io.github.ers_login.ErsLogin", metadata.ID)
	assert.Equal(t, "e-RS Login", metadata.Name)
	assert.True(t, metadata.Migrations["fyneDo"], "Fyne would log a complaint for each change from a goroutine")

	status, stdout, stderr := run(t, "", "version")
	assert.Equal(t, statusDone, status)
	assert.Equal(t, "ers-login "+metadata.Version+"\n", stdout)
	assert.Empty(t, stderr)
}

// A command line that cannot be meant is refused with a hint, and without repeating what may be a secret.
func TestUsage(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"unknown command":    {[]string{"sign-inn"}, "See ers-login --help"},
		"unknown flag":       {[]string{"--asidd", "200000000205"}, "--asid"},
		"a secret in a flag": {[]string{"--passphrase=hunter2hunter2"}, "ers-login passphrase"},
		"unknown persona":    {[]string{"demo", "--persona", "nobody"}, "consultant"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", test.arguments...)
			assert.Equal(t, statusUsage, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			assert.NotContains(t, stderr, "hunter2")
		})
	}
}

// An empty passphrase would replace the stored one by nothing.
func TestAnEmptyPassphraseIsRefused(t *testing.T) {
	status, _, stderr := run(t, "\n", "passphrase")
	assert.NotEqual(t, statusDone, status)
	assert.Contains(t, stderr, "no passphrase")
}
