//go:build windowsrig && linux

package windows_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/desktop"
)

const program = helperFolder + `\ers-login.exe`

// Windows gives a window program no console. If this fails, a script on Windows gets no output.
func TestCommandsPrintIntoPipes(t *testing.T) {
	r := newRig(t)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	output, status := r.run(program, "version", "--json")
	require.Zero(t, status, output)
	var version struct{ Version, OS string }
	require.NoError(t, json.Unmarshal([]byte(output), &version))
	assert.Equal(t, "windows", version.OS)

	for name, test := range map[string]struct {
		arguments []string
		status    int
		says      string
	}{
		"no user":           {[]string{"session"}, 1, "no user is signed in"},
		"usage":             {[]string{"session", "--json", "--key"}, 2, "cannot be given together"},
		"no session to end": {[]string{"sign-out"}, 0, "No user was signed in."},
		"a link":            {[]string{`ers-login://sign-in" --config x`}, 2, "not a link of e-RS Login"},
		"PowerShell":        {[]string{"session", "--env"}, 1, "$env:ERS_SESSION_KEY = $null;"},
	} {
		t.Run(name, func(t *testing.T) {
			r.t = t
			output, status := r.run(program, test.arguments...)
			assert.Equal(t, test.status, status, output)
			assert.Contains(t, output, test.says)
		})
	}
}

// A window that another program has opened stays when that program's command has ended, and can be
// requested again.
func TestAWindowForAnotherProgram(t *testing.T) {
	r := newRig(t)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.screened()
	t.Cleanup(func() { r.end("ers-login.exe") })
	output, status := r.run(program, "ers-login://open")
	require.Zero(t, status, output)
	// Without settings sign-in is impossible from that window, so the other program does not wait
	// for it.
	output, status = r.run(program, "sign-in", "--for", "Vendor App", "--timeout", "1m")
	assert.Equal(t, 1, status, output)
	assert.Contains(t, output, "SETTING-SEVERAL")
	output, status = r.run(program, "sign-out")
	assert.Zero(t, status, output)
}

// screened gives the test's programs a screen.
func (r *rig) screened() *desktop.Desktop {
	r.t.Helper()
	return r.screenedBy(desktop.Start)
}

// screenedBy does that with a given kind of screen. Wine's desktop stays on its first screen, so
// Wine is started anew.
func (r *rig) screenedBy(start func(ctx context.Context, width, height int) (*desktop.Desktop, error)) *desktop.Desktop {
	r.t.Helper()
	t := r.t
	// Longer than any test: a wait for a hanging display sees its end.
	ctx, cancel := context.WithTimeout(context.Background(), 5*guard)
	screen, err := start(ctx, 1000, 760)
	require.NoError(t, err)
	r.end("explorer.exe")
	t.Cleanup(func() {
		r.end("explorer.exe")
		assert.NoError(t, screen.Close())
		cancel()
	})
	for _, entry := range screen.Env() {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	return screen
}

// end ends all programs of a name.
func (r *rig) end(name string) {
	_ = r.process(r.command("taskkill", "/f", "/im", name)...).Run() // it complains if there is none
}
