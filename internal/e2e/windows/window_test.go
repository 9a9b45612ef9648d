//go:build windowsrig && linux

package windows_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/testing/desktop"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// A user who wants the window out of the way finds it in the icon, and stays signed in. If this
// fails, closing a window signs a clinician out, or hides it for good.
func TestTheWindowGoesIntoTheIcon(t *testing.T) {
	c := newClinic(t)
	t.Setenv("ERS_LOGIN_MINIMISE_ON_SIGN_IN", "true")
	running := c.start()
	require.NoError(t, running.WaitScreen(c.ctx, "waiting"))
	require.NoError(t, c.screen.WaitWindow(c.ctx, stage.Title))
	c.signIn(running)
	c.awaitVisible(false)
	require.Len(t, c.ers.Sessions(), 1)

	c.raise()
	require.NoError(t, c.screen.CloseWindow(c.ctx, stage.Title))
	c.awaitVisible(false)
	require.Len(t, c.ers.Sessions(), 1, "closing it takes it out of the way, and no more")

	// The card ends the session, wherever the window is.
	c.behaves()
	require.NoError(t, running.WaitScreen(c.ctx, "waiting"))
	_, status := c.run(helperFolder+`\credread.exe`, "ers-login:session-key")
	require.Equal(t, 2, status, "the session key is still in the Credential Manager")
	require.Empty(t, c.ers.Sessions())
	// The icon shows a notification for that, without a script.
	eventually(t, func() bool { return strings.Contains(running.Log(), `"msg":"notified"`) })
	require.NotContains(t, running.Log(), `"msg":"notification"`)
}

// The start at log-in that is switched on in the window shows the program as an icon the next
// morning, and not once it is switched off.
func TestStartingWithTheComputer(t *testing.T) {
	c := newClinic(t)
	c.registry(64, userRunKey, "Another program", `C:\another.exe`)
	running := c.start()
	require.NoError(t, running.WaitScreen(c.ctx, "waiting"))
	require.NoError(t, c.screen.WaitWindow(c.ctx, stage.Title))
	entry := func() string {
		output, status := c.run("reg", "query", userRunKey, "/v", ownEntry, "/reg:64")
		if status != 0 {
			return ""
		}
		_, value, _ := strings.Cut(output, "REG_SZ")
		return strings.TrimSpace(value)
	}
	require.Empty(t, entry())
	require.NoError(t, c.screen.Press(c.ctx, append(stage.ToAutostart(), "space")...))
	const written = `"` + program + `" --background`
	eventually(t, func() bool { return entry() == written })
	require.NoError(t, c.screen.CloseWindow(c.ctx, stage.Title))
	require.NoError(t, running.Wait(c.ctx))

	// This is what Windows starts at the next log-on.
	running = c.start("--background")
	require.NoError(t, running.WaitScreen(c.ctx, "waiting"))
	c.awaitVisible(false)
	c.raise()
	require.NoError(t, c.screen.Press(c.ctx, append(stage.ToAutostart(), "Tab", "space")...))
	eventually(t, func() bool { return entry() == "" })
	output, status := c.run("reg", "query", userRunKey, "/v", "Another program", "/reg:64")
	require.Zero(t, status, output)
}

// awaitVisible waits until the window is visible, or hidden.
func (c clinic) awaitVisible(wanted bool) {
	c.t.Helper()
	eventually(c.t, func() bool {
		visible, err := c.screen.HasWindow(c.ctx, stage.Title)
		return err == nil && visible == wanted
	})
}

// raise starts the program again, which raises the window.
func (c clinic) raise() {
	c.t.Helper()
	output, status := c.run(program)
	require.Zero(c.t, status, output)
	require.NoError(c.t, c.screen.WaitWindow(c.ctx, stage.Title))
}

// A user on a remote desktop without OpenGL gets a message box, rather than a wait for a window
// that never comes; other obstacles to signing in come first. If this fails, they press the icon
// again and again, for no visible reason.
func TestTheMessageWithoutOpenGL(t *testing.T) {
	const policyKey = `HKLM\Software\Policies\ers-login`
	const noOpenGL = "\nWINDOW-NO_OPENGL"
	cases := map[string]struct {
		also func(*rig)
		says []string
		logs string
	}{
		"as such": {says: []string{"The window cannot be drawn on this computer\n", "1. Contact your local service desk", noOpenGL}},
		"and a policy that is broken": {
			also: func(r *rig) { r.registry(64, policyKey, "request_timeout", "soon") },
			says: []string{policyKey, "\nSETTING-REQUEST_TIMEOUT", "The window cannot be drawn", noOpenGL},
			logs: "SETTING-REQUEST_TIMEOUT",
		},
		// In Wine every file belongs to an ordinary user: so this proves that such a library is
		// refused, and TestDrawingInSoftware that another is used.
		"and a library that an ordinary user could have put there": {
			also: func(r *rig) { r.copy("opengl32.dll", mesaFolder, "opengl32.dll") },
			says: []string{"The window cannot be drawn", noOpenGL},
			logs: "is not used",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.copy("ers-login.exe", helperFolder, "ers-login.exe")
			r.copy("dialogue.exe", toolsFolder, "dialogue.exe")
			ers := erstest.NewUnstartedServer()
			require.NoError(t, ers.Start())
			t.Cleanup(ers.Close)
			r.organisation(ers)
			if c.also != nil {
				c.also(r)
			}
			ctx, cancel := context.WithTimeout(context.Background(), guard)
			t.Cleanup(cancel)
			screen := r.screenedBy(desktop.StartWithoutOpenGL)
			running := r.starts(ctx, program)
			require.NoError(t, screen.WaitWindow(ctx, "^e-RS Login$"))
			said, status := r.run(toolsFolder+`\dialogue.exe`, "e-RS Login")
			require.Zero(t, status, said)
			rest := said
			for _, part := range c.says {
				_, after, found := strings.Cut(rest, part)
				require.True(t, found, "%q, in this order: %s", c.says, said)
				rest = after
			}
			require.NoError(t, screen.Press(ctx, "Return"))
			require.ErrorContains(t, running.Wait(ctx), "exit status 7")
			assert.Contains(t, running.Log(), c.logs)
			assert.Empty(t, r.loaded(mesaFolder), "a library was loaded that an ordinary user could have put there")
		})
	}
}

// mesaFolder is the documented folder of a software OpenGL.
const mesaFolder = helperFolder + `\mesa`

// loaded returns what the stand-in for Mesa has recorded since the last call each time it was
// loaded from a folder.
func (r *rig) loaded(folder string) []string {
	r.t.Helper()
	file := r.at(folder + `\opengl32.log`)
	log, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(r.t, err)
	require.NoError(r.t, os.Remove(file))
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(log), "\r\n", "\n")), "\n")
}

// On a computer without OpenGL, Mesa's library in the documented folder suffices: the program draws
// with it, the next time too. Wine supports that only in part: see the test of internal/app
// that is run here.
func TestDrawingInSoftware(t *testing.T) {
	r := newRig(t)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.copy("opengl32.dll", mesaFolder, "opengl32.dll")
	r.copy("app.test.exe", toolsFolder, "app.test.exe")
	// By default Wine prefers its own libraries to others of the same name, wherever they are.
	// Windows does not.
	for _, name := range []string{"ers-login.exe", "app.test.exe"} {
		r.registry(64, `HKCU\Software\Wine\AppDefaults\`+name+`\DllOverrides`, "opengl32", "native,builtin")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*guard)
	t.Cleanup(cancel)
	screen := r.screenedBy(desktop.StartWithoutOpenGL)
	t.Setenv("ERS_LOGIN_TEST_PROGRAM", program)
	remembered := r.at(`C:\users\root\AppData\Local\ers-login\graphics`)
	_ = os.Remove(remembered) // of an earlier test, which had OpenGL
	for _, start := range []string{"the first", "the next"} {
		running := r.starts(ctx, toolsFolder+`\app.test.exe`, "-test.v", "-test.run", "^TestDrawingInSoftware$")
		require.NoError(t, running.WaitScreen(ctx, "waiting"), start)
		require.NoError(t, screen.WaitWindow(ctx, stage.Title), start)
		require.NoError(t, screen.CloseWindow(ctx, stage.Title), start)
		require.NoError(t, running.Wait(ctx), "%s: %s", start, running.Output())
		require.NoFileExists(t, remembered, "the system's own OpenGL would be relied upon at the next start")
		drawn := 0
		for _, line := range r.loaded(helperFolder) {
			require.Equal(t, r.lower(helperFolder+`\opengl32.dll in `+program), r.lower(line))
			drawn++
		}
		assert.GreaterOrEqual(t, drawn, 2, "the probe and the window, at %s start", start)
		require.Equal(t, []string{mesaFolder + `\opengl32.dll in ` + toolsFolder + `\app.test.exe`}, r.loaded(mesaFolder))
	}
}
