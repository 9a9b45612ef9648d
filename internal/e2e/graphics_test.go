//go:build linux

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// A user on a desktop without OpenGL, like many remote ones, gets a message box instead of waiting
// for a window that never comes, and a script gets it from the exit status.
func TestWithoutOpenGLTheUserIsInformed(t *testing.T) {
	s := open(t, keyringtest.Options{})
	said := s.withDialogues()
	takeOut, putBack := s.withDriver()

	// The window is drawn once, so that the next start skips the probe.
	program := s.start()
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	remembered := filepath.Join(s.StateFolder(), "graphics")
	known, err := os.ReadFile(remembered)
	require.NoError(t, err)

	takeOut()
	s.endsWithoutAWindow(said, "WINDOW-NO_OPENGL")
	_, err = os.Stat(remembered)
	require.ErrorIs(t, err, os.ErrNotExist, "the next start looks again")

	// A user signed in when the program was killed must not stay so for want of a window.
	plant := exec.CommandContext(s.ctx, "secret-tool", "store", "--label=left", "service", handoff.Service, "username", handoff.AccountSessionKey)
	plant.Env, plant.Stdin = s.Env(), strings.NewReader("pro-xapi-session_left-behind")
	require.NoError(t, plant.Run())
	s.endsWithoutAWindow(said, "WINDOW-NO_OPENGL")
	_, left, err := s.SecretTool(s.ctx, handoff.AccountSessionKey)
	require.NoError(t, err)
	require.False(t, left)

	// Settings that prevent a sign-in are reported as well, and first.
	settings, err := os.ReadFile(s.SettingsFile())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.SettingsFile(), []byte("base_url = \"http://ers.example\"\n"), 0o600))
	s.endsWithoutAWindow(said, "SETTING-SEVERAL", "WINDOW-NO_OPENGL")
	require.NoError(t, os.WriteFile(s.SettingsFile(), settings, 0o600))

	putBack()
	program = s.start()
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	again, err := os.ReadFile(remembered)
	require.NoError(t, err)
	assert.Equal(t, known, again)
}

// A stuck process would prevent a sign-in with OpenGL too, and is reported first.
func TestAStuckProgramAndNoOpenGL(t *testing.T) {
	s := open(t, keyringtest.Options{})
	said := s.withDialogues()
	takeOut, _ := s.withDriver()
	stuck := s.start()
	require.NoError(t, syscall.Kill(stuck.PID(), syscall.SIGSTOP))
	takeOut()
	s.endsWithoutAWindow(said, "INSTANCE-UNREACHABLE", "WINDOW-NO_OPENGL")
}

// A hanging driver must not leave a user with nothing at all who opens the window at noon, when the
// program has been an icon since the morning.
func TestAWindowThatIsOpenedLaterAndNotDrawn(t *testing.T) {
	s := open(t, keyringtest.Options{})
	said := s.withDialogues()
	icons := s.withPanel()
	program, err := s.Run(s.ctx, programs.login, "--background")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Kill()) })
	s.see(program, "waiting")
	require.Eventually(t, func() bool { return icons.registered() == 1 }, time.Minute, 20*time.Millisecond, "no icon: %s", program.Output())

	require.NoError(t, s.Desktop.Freeze())
	t.Cleanup(func() { assert.NoError(t, s.Desktop.Thaw()) })
	second, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx))
	s.hasEnded(program, said, "WINDOW-NO_PICTURE")
}

// withDriver gives the scene's desktop an OpenGL driver that can be removed and restored.
func (s *scene) withDriver() (takeOut, putBack func()) {
	s.t.Helper()
	drivers, err := filepath.Glob("/usr/lib/*/dri")
	require.NoError(s.t, err)
	require.NotEmpty(s.t, drivers, "Mesa's drivers were not found (package libgl1-mesa-dri)")
	driver := filepath.Join(s.t.TempDir(), "dri")
	putBack = func() { require.NoError(s.t, os.Symlink(drivers[0], driver)) }
	putBack()
	s.Extra = append(s.Extra, "LIBGL_DRIVERS_PATH="+driver)
	return func() { require.NoError(s.t, os.Remove(driver)) }, putBack
}

// withDialogues gives the scene's desktop a program for messages, and returns the file with what it
// was to show.
func (s *scene) withDialogues() (said string) {
	s.t.Helper()
	folder, said := s.t.TempDir(), filepath.Join(s.t.TempDir(), "said")
	dialogue := "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '" + said + "'\n"
	require.NoError(s.t, os.WriteFile(filepath.Join(folder, "zenity"), []byte(dialogue), 0o700))
	s.Extra = append(s.Extra, "PATH="+folder)
	return said
}

// endsWithoutAWindow starts the program, which ends with 7 after a message with these codes in this order.
func (s *scene) endsWithoutAWindow(said string, codes ...string) {
	s.t.Helper()
	require.NoError(s.t, os.RemoveAll(said))
	program, err := s.Run(s.ctx, programs.login)
	require.NoError(s.t, err)
	s.hasEnded(program, said, codes...)
}

func (s *scene) hasEnded(program *stage.Program, said string, codes ...string) {
	s.t.Helper()
	require.ErrorContains(s.t, program.Wait(s.ctx), "exit status 7")
	content, err := os.ReadFile(said)
	require.NoError(s.t, err, program.Output())
	message := string(content)
	for _, code := range codes {
		_, rest, found := strings.Cut(message, "\n"+code+"\n")
		require.True(s.t, found, "%s, in this order: %s", codes, content)
		assert.Contains(s.t, program.Output(), "("+code+")")
		message = rest
	}
}
