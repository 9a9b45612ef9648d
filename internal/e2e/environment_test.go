//go:build linux

package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// Leftovers of a terminal, a desktop or a user in the environment must not prevent a sign-in: the
// window opens, is drawn and takes keys.
func TestOddEnvironments(t *testing.T) {
	folder, err := os.MkdirTemp("/tmp", "odd")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	stale, hung, notAFont := filepath.Join(folder, "stale"), filepath.Join(folder, "hung"), filepath.Join(folder, "Regular.ttf")
	gone, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	require.NoError(t, err)
	gone.SetUnlinkOnClose(false)
	require.NoError(t, gone.Close())
	hangs, err := net.ListenUnix("unix", &net.UnixAddr{Name: hung, Net: "unix"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, hangs.Close()) })
	require.NoError(t, os.WriteFile(notAFont, []byte("\x00\x01\x00\x00 no font"), 0o600))
	shared := func(content string) func(*scene) {
		return func(s *scene) {
			file := filepath.Join(filepath.Dir(filepath.Dir(s.SettingsFile())), "fyne", "settings.json")
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		}
	}
	for _, odd := range []struct {
		variables string
		before    func(*scene)
	}{
		{"WAYLAND_DISPLAY=wayland-gone XDG_SESSION_TYPE=wayland", nil},
		{"WAYLAND_DISPLAY=" + stale + " XDG_SESSION_TYPE=wayland", nil},
		{"WAYLAND_DISPLAY=" + hung + " XDG_SESSION_TYPE=wayland", nil},
		{"WAYLAND_DISPLAY=wayland-gone FYNE_PLATFORM=wayland", nil},
		{"WAYLAND_DISPLAY= XDG_SESSION_TYPE=wayland", nil},
		{"FYNE_PLATFORM=wayland", nil},
		{"FYNE_FONT=" + notAFont, nil},
		{"FYNE_FONT=/dev/null FYNE_FONT_MONOSPACE=/etc/passwd FYNE_FONT_SYMBOL=/", nil},
		{"FYNE_SCALE=NaN", nil},
		{"FYNE_SCALE=+Inf", nil},
		{"FYNE_SCALE=1e9", nil},
		{"FYNE_SCALE=0.001", nil},
		{"FYNE_SCALE=auto FYNE_THEME=none FYNE_DISABLE_DPI_DETECTION=none FYNE_CACHE=-1h XCURSOR_SIZE=-1 XCURSOR_THEME=/ RESOURCE_NAME= " +
			"LC_ALL=none_NONE.none LANG=/ LANGUAGE=: XMODIFIERS=@im=none TZ=none", nil},
		{"", shared(`{"scale":1e9,"theme":"none","primary_color":"none"}`)},
		{"", shared(`no JSON`)},
	} {
		t.Run(odd.variables, func(t *testing.T) {
			s := open(t, keyringtest.Options{})
			s.Extra = append(s.Extra, strings.Fields(odd.variables)...)
			if odd.before != nil {
				odd.before(s)
			}
			program := s.launch("demo")
			s.see(program, "waiting")
			require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
			s.press("Return")
			s.see(program, "choosing")
			require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
			require.NoError(t, program.Wait(s.ctx))
			require.NotContains(t, program.Output(), "goroutine")
		})
	}
}

// If no display answers, the message must not blame the graphics driver.
func TestADeadDisplayIsNamed(t *testing.T) {
	for _, dead := range []string{
		"WAYLAND_DISPLAY=wayland-gone XDG_SESSION_TYPE=wayland DISPLAY=", "WAYLAND_DISPLAY=wayland-gone DISPLAY=:977", "DISPLAY=localhost:977.0",
	} {
		t.Run(dead, func(t *testing.T) {
			s := open(t, keyringtest.Options{})
			s.Extra = strings.Fields(dead)
			program := s.launch()
			require.ErrorContains(t, program.Wait(s.ctx), "exit status 7")
			require.Contains(t, program.Output(), "(WINDOW-DEAD_DISPLAY)")
			for _, variable := range strings.Fields(dead) {
				if name, value, _ := strings.Cut(variable, "="); value != "" && name != "XDG_SESSION_TYPE" {
					require.Contains(t, program.Output(), variable)
				}
			}
		})
	}
}
