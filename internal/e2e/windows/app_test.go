//go:build windowsrig && linux

package windows_test

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/testing/desktop"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// TestTheWholeProgram signs in as a clinician on Windows does: the real windows/amd64 program in
// its window, the real windows/386 bridge next to it, the stand-in for the Identity Agent's
// library, e-RS behind mutual TLS, and the session in the Credential Manager, read by a program in
// C. If it fails, sign-in on Windows is broken.
func TestTheWholeProgram(t *testing.T) {
	c := newClinic(t)
	ctx, screen := c.ctx, c.screen
	program := c.start()

	require.NoError(t, program.WaitScreen(ctx, "waiting"))
	require.NoError(t, screen.WaitWindow(ctx, stage.Title))
	c.signIn(program)
	require.NoError(t, screen.Picture(ctx, filepath.Join(c.build, "signed-in.png")))

	sessions := c.ers.Sessions()
	require.Len(t, sessions, 1)
	output, status := c.run(helperFolder+`\credread.exe`, "ers-login:session-key")
	require.Zero(t, status)
	require.True(t, strings.Contains(output, hexOf(sessions[0].Key)), "the Credential Manager has another session key")
	require.Contains(t, output, "persist 1\n", "the entry would survive the log-off")

	// The card is pulled: the Identity Agent's ticket is gone.
	c.behaves()
	require.NoError(t, program.WaitScreen(ctx, "waiting"))
	_, status = c.run(helperFolder+`\credread.exe`, "ers-login:session-key")
	require.Equal(t, 2, status, "the session key is still in the Credential Manager")
	require.Empty(t, c.ers.Sessions())

	require.NoError(t, screen.CloseWindow(ctx, stage.Title))
	require.NoError(t, program.Wait(ctx))
	require.NotContains(t, program.Log(), made)
}

// clinic is a Windows computer set up for signing in: all programs installed, e-RS, and no card in.
type clinic struct {
	*rig
	ctx    context.Context
	ers    *erstest.Server
	screen *desktop.Desktop
}

func newClinic(t *testing.T) clinic {
	t.Helper()
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.copy("credread.exe", helperFolder, "credread.exe")
	ctx, cancel := context.WithTimeout(context.Background(), 2*guard)
	t.Cleanup(cancel)
	ers := erstest.NewUnstartedServer(erstest.WithUser(made, erstest.GP()))
	require.NoError(t, ers.Start())
	t.Cleanup(ers.Close)
	r.organisation(ers)
	return clinic{r, ctx, ers, r.screened()}
}

// organisation installs an organisation's certificate, and puts its settings into the environment
// of programs run there.
func (r *rig) organisation(ers *erstest.Server) {
	r.t.Helper()
	files := r.t.TempDir()
	_, err := ers.WriteFiles(files)
	require.NoError(r.t, err)
	for _, name := range []string{"client.pem", "client-key.pem", "ca.pem"} {
		content, err := os.ReadFile(filepath.Join(files, name))
		require.NoError(r.t, err)
		r.put(helperFolder, name, content)
	}
	for name, value := range map[string]string{
		"BASE_URL": ers.URL, "ASID": erstest.ASID, "LOG_LEVEL": "debug",
		"CERTIFICATE": helperFolder + `\client.pem`, "KEY": helperFolder + `\client-key.pem`, "CA_BUNDLE": helperFolder + `\ca.pem`,
	} {
		r.t.Setenv("ERS_LOGIN_"+name, value)
	}
}

// start starts the program, and ends it with the test.
func (c clinic) start(arguments ...string) *stage.Program {
	c.t.Helper()
	return c.starts(c.ctx, program, arguments...)
}

// starts starts a program as a process followed by our program's log, and ends it with the test.
func (r *rig) starts(ctx context.Context, program string, arguments ...string) *stage.Program {
	r.t.Helper()
	line := r.command(program, arguments...)
	running, err := stage.Run(ctx, line[0], line[1:], os.Environ(), r.at(`C:\users\root\AppData\Local\ers-login\log\ers-login.log`))
	require.NoError(r.t, err)
	r.t.Cleanup(func() { assert.NoError(r.t, running.Kill()) })
	return running
}

// signIn goes from the card to a selected role.
func (c clinic) signIn(running *stage.Program) {
	c.t.Helper()
	c.behaves("getTicketNoAuth ticket "+made, "getTicket ticket "+made)
	require.NoError(c.t, running.WaitScreen(c.ctx, "choosing"))
	require.NoError(c.t, c.screen.Press(c.ctx, "5"))
	require.NoError(c.t, running.WaitScreen(c.ctx, "signed-in"))
}

func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }
