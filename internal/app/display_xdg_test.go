//go:build !windows && !darwin

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/sessionbus"
	"github.com/ers-login/ers-login/internal/signin"
)

// A start over SSH reports what is missing, before Fyne panics over it.
func TestWithoutADisplay(t *testing.T) {
	var complaints strings.Builder
	p := testProgram(t, "HOME=/nowhere", "DISPLAY=", "XDG_SESSION_TYPE=tty")
	p.Stderr = &complaints
	err := p.openWindow(t.Context(), testLog(t), signin.NewBoard(), windowOptions{})
	require.ErrorIs(t, err, noDisplay)
	assert.Equal(t, StatusFailed, p.Report(err))
	assert.Contains(t, complaints.String(), "(WINDOW-NO_DISPLAY)")
	for _, display := range []string{"DISPLAY=:0", "WAYLAND_DISPLAY=wayland-0"} {
		assert.True(t, desktop.HasDisplay([]string{"HOME=/nowhere", display}), display)
	}
}

// If Fyne starts its own bus, every start leaves a daemon behind, and the user reads of a broken
// keyring where there is no desktop session.
func TestNoBusIsStarted(t *testing.T) {
	folder := t.TempDir()
	launched := filepath.Join(folder, "launched")
	script := "#!/bin/sh\n: >'" + launched + "'\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "dbus-launch"), []byte(script), 0o700))
	t.Setenv("PATH", folder)
	for name, variable := range map[string]string{"not set": "", "to be launched": "autolaunch:"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", folder)
			t.Setenv(sessionbus.Variable, variable)
			p := testProgram(t, os.Environ()...)

			require.NoError(t, desktop.SettleSessionBus())
			_, err := dbus.SessionBusPrivate()
			require.Error(t, err)
			assert.NoFileExists(t, launched)

			assert.Contains(t, p.Environ, sessionbus.Variable+"="+variable, "the worker's environment is the one that the program found")
			defaults, err := config.Load(config.Sources{})
			require.NoError(t, err)
			ring := p.OpenKeyring(defaults, testLog(t))
			defer func() { assert.NoError(t, ring.Close()) }()
			require.ErrorIs(t, ring.Check(t.Context()), keyring.NoBus)
			assert.NoFileExists(t, launched)
		})
	}
}
