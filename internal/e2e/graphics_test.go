//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/e2e/stage"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

// Somebody on a desktop without OpenGL, as many remote ones are, is told so in a window of the desktop's own and not left waiting for one
// that never comes, and whoever has started the program can tell it by its exit status.
func TestWithoutOpenGLTheUserIsTold(t *testing.T) {
	s := open(t, keyringtest.Options{})
	folder, said := t.TempDir(), filepath.Join(t.TempDir(), "said")
	dialogue := "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '" + said + "'\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "zenity"), []byte(dialogue), 0o700))
	drivers, err := filepath.Glob("/usr/lib/*/dri")
	require.NoError(t, err)
	require.NotEmpty(t, drivers, "Mesa's drivers were not found (package libgl1-mesa-dri)")
	driver := filepath.Join(t.TempDir(), "dri")
	require.NoError(t, os.Symlink(drivers[0], driver))
	s.Extra = append(s.Extra, "PATH="+folder, "LIBGL_DRIVERS_PATH="+driver)

	// The window is drawn once, so that the next start does not look for OpenGL first.
	program := s.start()
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	remembered := filepath.Join(s.StateFolder(), "graphics")
	known, err := os.ReadFile(remembered)
	require.NoError(t, err)

	require.NoError(t, os.Remove(driver))
	s.endsWithoutAWindow(said)
	_, err = os.Stat(remembered)
	require.ErrorIs(t, err, os.ErrNotExist, "the next start looks again")
	s.endsWithoutAWindow(said)

	require.NoError(t, os.Symlink(drivers[0], driver))
	program = s.start()
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	again, err := os.ReadFile(remembered)
	require.NoError(t, err)
	assert.Equal(t, known, again)
}

// endsWithoutAWindow starts the program, which ends with 7 after a message.
func (s *scene) endsWithoutAWindow(said string) {
	s.t.Helper()
	require.NoError(s.t, os.RemoveAll(said))
	program, err := s.Run(s.ctx, programs.login)
	require.NoError(s.t, err)
	require.ErrorContains(s.t, program.Wait(s.ctx), "exit status 7")
	told, err := os.ReadFile(said)
	require.NoError(s.t, err, program.Output())
	assert.Contains(s.t, string(told), "WINDOW-NO_OPENGL")
}
