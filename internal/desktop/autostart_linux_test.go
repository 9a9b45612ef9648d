package desktop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A user who has switched off the start at log-in must not be surprised by it, even if an
// administrator switched it on.
func TestAutostartIsSwitchedOnAndOff(t *testing.T) {
	dir := t.TempDir()
	entry := desktopEntry{name: "io.example.Login.desktop", folder: filepath.Join(dir, "own", "autostart"),
		system: []string{filepath.Join(dir, "none"), filepath.Join(dir, "all")}, program: `/opt/e-RS 100% "Login"/ers-login`}
	own := filepath.Join(entry.folder, entry.name)
	is := func(want bool) {
		t.Helper()
		on, err := entry.On()
		require.NoError(t, err)
		require.Equal(t, want, on)
	}
	is(false)
	require.NoError(t, entry.Set(false), "it is off already")
	require.NoError(t, entry.Set(true))
	is(true)
	content, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(content), `Exec="/opt/e-RS 100%% \\"Login\\"/ers-login" --background`+"\n")
	if validate, err := exec.LookPath("desktop-file-validate"); err == nil {
		said, err := exec.CommandContext(t.Context(), validate, own).CombinedOutput()
		assert.NoError(t, err, "%s", said)
	}
	require.NoError(t, entry.Set(false))
	is(false)
	assert.NoFileExists(t, own)

	require.NoError(t, os.MkdirAll(entry.system[1], 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(entry.system[1], entry.name), []byte("[Desktop Entry]\nExec=ers-login\n"), 0o600))
	is(true)
	require.NoError(t, entry.Set(false))
	is(false)
	assert.FileExists(t, own, "it hides that of the computer")
	require.NoError(t, entry.Set(true))
	is(true)
}

// A terminal packaged as an AppImage passes its own file on to its child processes.
func TestAutostartStartsThisProgramWhateverIsInherited(t *testing.T) {
	other := filepath.Join(t.TempDir(), "Other.AppImage")
	require.NoError(t, os.WriteFile(other, nil, 0o700))
	for _, variable := range []string{"APPIMAGE", "ARGV0", "APPDIR", "OWD"} {
		t.Setenv(variable, other)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	own, err := OwnAutostart("io.example.Login")
	require.NoError(t, err)
	entry, is := own.(desktopEntry)
	require.True(t, is)
	assert.Equal(t, self, entry.program)
}

// Forgetting leaves nothing that starts a program which may be gone, and does not restore a
// system-wide start that the user switched off.
func TestAutostartIsForgotten(t *testing.T) {
	const starts, hides = "[Desktop Entry]\nExec=ers-login\n", "[Desktop Entry]\nExec=ers-login\nHidden=true\n"
	for name, test := range map[string]struct {
		own, system string
		left, on    bool
	}{
		"nothing":                      {},
		"the user's own":               {own: starts},
		"system-wide":                  {system: starts, on: true},
		"both":                         {own: starts, system: starts, on: true},
		"system-wide, which is hidden": {own: hides, system: starts, left: true},
		"one that hides nothing":       {own: hides},
		"system-wide is off":           {own: starts, system: hides},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			entry := desktopEntry{name: "io.example.Login.desktop", folder: filepath.Join(dir, "own"),
				system: []string{filepath.Join(dir, "all")}, program: "/usr/bin/ers-login"}
			for folder, content := range map[string]string{entry.folder: test.own, entry.system[0]: test.system} {
				require.NoError(t, os.Mkdir(folder, 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(folder, "another.desktop"), []byte(starts), 0o600))
				if content != "" {
					require.NoError(t, os.WriteFile(filepath.Join(folder, entry.name), []byte(content), 0o600))
				}
			}
			for range 2 {
				require.NoError(t, entry.Forget())
				_, err := os.Stat(filepath.Join(entry.folder, entry.name))
				assert.Equal(t, test.left, err == nil)
				on, err := entry.On()
				require.NoError(t, err)
				assert.Equal(t, test.on, on)
			}
			assert.FileExists(t, filepath.Join(entry.folder, "another.desktop"))
			_, err := os.Stat(filepath.Join(entry.system[0], entry.name))
			assert.Equal(t, test.system != "", err == nil)
		})
	}
}
