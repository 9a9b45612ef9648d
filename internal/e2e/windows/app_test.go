//go:build windowsrig

package windows_test

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/e2e/desktop"
	"github.com/ers-login/ers-login/internal/e2e/stage"
)

// TestTheWholeProgram signs in as a clinician on Windows does: the real windows/amd64 program in its window, the real windows/386
// bridge beside it, the stand-in's library where the Identity Agent's would be, e-RS behind mutual TLS, and the session in the
// Credential Manager, read by a program in C. If it fails, nobody on Windows can sign in.
func TestTheWholeProgram(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.copy("credread.exe", helperFolder, "credread.exe")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()

	ers := erstest.NewUnstartedServer(erstest.WithUser(made, erstest.GP()))
	require.NoError(t, ers.Start())
	t.Cleanup(ers.Close)
	files := t.TempDir()
	_, err := ers.WriteFiles(files)
	require.NoError(t, err)
	for _, name := range []string{"client.pem", "client-key.pem", "ca.pem"} {
		content, err := os.ReadFile(filepath.Join(files, name))
		require.NoError(t, err)
		r.put(helperFolder, name, content)
	}

	screen, err := desktop.Start(ctx, 1000, 760)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, screen.Close()) })
	environ := append(os.Environ(), screen.Env()...)
	for name, value := range map[string]string{
		"BASE_URL": ers.URL, "ASID": erstest.ASID, "LOG_LEVEL": "debug",
		"CERTIFICATE": helperFolder + `\client.pem`, "KEY": helperFolder + `\client-key.pem`, "CA_BUNDLE": helperFolder + `\ca.pem`,
	} {
		environ = append(environ, "ERS_LOGIN_"+name+"="+value)
	}
	line := r.command(helperFolder + `\ers-login.exe`)
	program, err := stage.Run(ctx, line[0], line[1:], environ, r.at(`C:\users\root\AppData\Local\ers-login\log\ers-login.log`))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, program.Kill()) })

	require.NoError(t, program.WaitScreen(ctx, "waiting"))
	require.NoError(t, screen.WaitWindow(ctx, stage.Title))
	r.behaves("getTicketNoAuth ticket "+made, "getTicket ticket "+made)
	require.NoError(t, program.WaitScreen(ctx, "choosing"))
	require.NoError(t, screen.Press(ctx, "4"))
	require.NoError(t, program.WaitScreen(ctx, "signed-in"))
	require.NoError(t, screen.Picture(ctx, filepath.Join(r.build, "signed-in.png")))

	sessions := ers.Sessions()
	require.Len(t, sessions, 1)
	output, status := r.run(helperFolder+`\credread.exe`, "ers-login:session-key")
	require.Zero(t, status)
	require.True(t, strings.Contains(output, hexOf(sessions[0].Key.Reveal())), "the Credential Manager has another session key")
	require.Contains(t, output, "persist 1\n", "the entry would survive the log-off")

	// Pulling the card: the Identity Agent's ticket is gone.
	r.behaves()
	require.NoError(t, program.WaitScreen(ctx, "waiting"))
	_, status = r.run(helperFolder+`\credread.exe`, "ers-login:session-key")
	require.Equal(t, 2, status, "the session key is still in the Credential Manager")
	require.Empty(t, ers.Sessions())

	require.NoError(t, screen.CloseWindow(ctx, stage.Title))
	require.NoError(t, program.Wait(ctx))
	require.NotContains(t, program.Log(), made)
}

func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }
