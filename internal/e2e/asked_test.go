//go:build linux

package e2e_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// A vendor's program without a session has its user sign in, through a window that it need not know
// of: the first time that is opened, the next time raised. It gets the result, and can read the
// session.
func TestAnotherProgramHasItsUserSignIn(t *testing.T) {
	s := open(t, keyringtest.Options{})
	s.insertCard()
	asking := s.ask("--for", "Vendor App")
	require.NoError(t, asking.WaitScreen(s.ctx, "choosing"))
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	s.picture("asked")
	s.press("5")
	require.NoError(t, asking.Wait(s.ctx), "the program learns that its user is signed in")
	sessions := s.sessions()
	require.Len(t, sessions, 1)
	s.keyringHas(sessions[0])

	read := exec.CommandContext(s.ctx, programs.login, "session", "--header")
	// Reading needs neither a display nor OpenGL.
	read.Env = append(s.Env(), "DISPLAY=", "LIBGL_DRIVERS_PATH=/nowhere")
	headers, err := read.Output()
	require.NoError(t, err)
	assert.True(t, string(headers) == "HTTP_X_SESSION_KEY: "+sessions[0].Key+"\nXAPI_ASID: "+erstest.ASID+"\n",
		"other headers than those of the session")

	require.NoError(t, s.ask("sign-out").Wait(s.ctx))
	s.keyringEmpty()

	// A link only raises the window: any page in a browser can contain it.
	require.NoError(t, s.ask("ers-login://sign-in?for=Vendor%20App").Wait(s.ctx))
	require.Empty(t, s.sessions(), "a link alone has signed in")

	asking = s.ask("--for", "Vendor App")
	require.NoError(t, asking.WaitScreen(s.ctx, "choosing"))
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	var refused *exec.ExitError
	require.ErrorAs(t, asking.Wait(s.ctx), &refused)
	assert.Equal(t, 1, refused.ExitCode(), asking.Output())
	assert.Contains(t, asking.Output(), "ASKED-CLOSED")
	s.keyringEmpty()
	s.keepsSecrets(asking, sessions...)
}

// ask runs the program as another program would.
func (s *scene) ask(arguments ...string) *stage.Program {
	s.t.Helper()
	program, err := s.Run(s.ctx, programs.login, arguments...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, program.Kill()) })
	return program
}
