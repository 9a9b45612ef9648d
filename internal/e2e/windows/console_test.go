//go:build windowsrig && linux

package windows_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newConsole returns a rig with the program, for typing command lines.
func newConsole(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.copy("console.exe", helperFolder, "console.exe")
	r.copy("credread.exe", helperFolder, "credread.exe")
	r.screened()
	return r
}

// typed types a command of the program into a console, and returns the exit status and the
// console's content: see console/main.go.
func (r *rig) typed(command string, options ...string) string {
	r.t.Helper()
	const result = helperFolder + `\console.txt`
	defer func() { _ = os.Remove(r.at(result)) }()
	output, status := r.run(helperFolder+`\console.exe`, append(options, result, `"`+program+`"`, command)...)
	require.Zero(r.t, status, output)
	shown, err := os.ReadFile(r.at(result))
	require.NoError(r.t, err)
	return string(shown)
}

// handedOn is a shell that starts every program with its own handles.
const handedOn = "-hands"

// A command typed into a console prints there.
func TestCommandsPrintToTheConsole(t *testing.T) {
	r := newConsole(t)
	for arguments, want := range map[string][]string{
		"session":              {"status 1\n", "no user is signed in to e-RS"},
		"version":              {"status 0\n", "ers-login "},
		"session --json --key": {"status 2\n", "cannot be given together"},
	} {
		for _, options := range [][]string{nil, {handedOn}} {
			shown := r.typed(arguments, options...)
			for _, part := range want {
				assert.Contains(t, shown, part, "%s %v", arguments, options)
			}
		}
	}
}

// The command for a secret asks in the console, without echo. If this fails, storing the passphrase
// on Windows requires a pipe.
func TestCommandsAskInTheConsole(t *testing.T) {
	r := newConsole(t)
	t.Cleanup(func() { r.run(program, "forget") })
	for _, c := range []struct {
		name, command, prompt, says, secret string
		options                             []string
	}{
		{"passphrase", "passphrase", "Passphrase:", "The passphrase is stored in the keyring.", "made up, wédi'i greu", nil},
		{"proxy", "proxy-password", "Password:", "The password of the proxy is stored in the keyring.", "made up, too", nil},
		{"client secret", "client-secret", "Client secret:", "The client secret is stored in the keyring.", "made up, as well", nil},
		{"handles", "passphrase", "Passphrase:", "The passphrase is stored in the keyring.", "made up again", []string{handedOn}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			shown := r.typed(c.command, append(c.options, "-at", c.prompt, "-type", c.secret)...)
			assert.Contains(t, shown, "status 0\n")
			assert.Contains(t, shown, c.prompt)
			assert.Contains(t, shown, c.says)
			assert.NotContains(t, shown, "made", "it is shown")
			stored, status := r.run(helperFolder+`\credread.exe`, storedSecrets[c.command])
			require.Zero(t, status, stored)
			assert.Contains(t, stored, "blob "+hexOf(c.secret)+"\n")
		})
	}
}

// cmd.exe and PowerShell do not wait for a window program, and read on. If this fails, a passphrase
// is typed into the shell, which echoes it, keeps it in its history, and runs it.
func TestNothingIsAskedWhereTheShellReads(t *testing.T) {
	r := newConsole(t)
	for command, target := range storedSecrets {
		shown := r.typed(command, "-reads", "-at", "assphrase:", "-type", "made up")
		assert.Contains(t, shown, "status 1\n")
		assert.Contains(t, shown, "start /wait")
		_, status := r.run(helperFolder+`\credread.exe`, target)
		assert.Equal(t, notFound, status, target)
	}
	// Nor without a console.
	output, status := r.run(program, "passphrase")
	assert.Equal(t, 1, status, output)
}
