package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A user who has switched the start at log-in off must not be surprised by it, whoever has switched it on.
func TestAutostartIsSwitchedOnAndOff(t *testing.T) {
	dir := t.TempDir()
	entry := desktopEntry{name: "io.example.Login.desktop", folder: filepath.Join(dir, "own", "autostart"),
		everybody: []string{filepath.Join(dir, "none"), filepath.Join(dir, "all")}, program: `/opt/e-RS 100% "Login"/ers-login`}
	own := filepath.Join(entry.folder, entry.name)
	is := func(want bool) {
		t.Helper()
		on, err := entry.on()
		require.NoError(t, err)
		require.Equal(t, want, on)
	}
	is(false)
	require.NoError(t, entry.set(false), "it is off already")
	require.NoError(t, entry.set(true))
	is(true)
	content, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(content), `Exec="/opt/e-RS 100%% \\"Login\\"/ers-login" --background`+"\n")
	if validate, err := exec.LookPath("desktop-file-validate"); err == nil {
		said, err := exec.CommandContext(t.Context(), validate, own).CombinedOutput()
		assert.NoError(t, err, "%s", said)
	}
	require.NoError(t, entry.set(false))
	is(false)
	assert.NoFileExists(t, own)

	require.NoError(t, os.MkdirAll(entry.everybody[1], 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(entry.everybody[1], entry.name), []byte("[Desktop Entry]\nExec=ers-login\n"), 0o600))
	is(true)
	require.NoError(t, entry.set(false))
	is(false)
	assert.FileExists(t, own, "it hides that of the computer")
	require.NoError(t, entry.set(true))
	is(true)
}
