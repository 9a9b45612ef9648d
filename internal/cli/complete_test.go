package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// The manual page has what a user has to type: a link that is written otherwise is refused.
func TestTheManualPage(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join("..", "..", "assets", "packaging", "share", "man", "man1", name))
		require.NoError(t, err)
		return strings.NewReplacer(`\-`, "-", `\(ti`, "~", `\fB`, "", `\fP`, "", `\_`, "_").Replace(string(content))
	}
	page := read("ers-login.1")
	for _, section := range []string{"NAME", "SYNOPSIS", "LINKS", "ENVIRONMENT", "EXIT STATUS", "FILES", "OPTIONS", "SEE ALSO"} {
		assert.Contains(t, page, "\n.SH "+section+"\n")
	}
	for _, part := range slices.Concat(variableNames(), []string{
		"ers-login://sign-in?for=NAME", "ers-login://open", fmt.Sprintf("1 to %d printable", maxLinkName),
		fmt.Sprintf("1 to %d, of ers-login doctor", statusMostFailures), fmt.Sprintf("%d, of ers-login doctor", statusNotDone),
		"ERS_LOGIN_*", "/etc/ers-login/policy.toml", "--asid",
	}) {
		assert.Contains(t, page, part)
	}
	assert.NotContains(t, page, config.DefaultFile(), "the home of the packager")
	assert.NotContains(t, page, app.WorkerCommand, "it is hidden")
	assert.Contains(t, read("ers-login-session.1"), "--without-key")
}

// A shell completes commands and the values of flags.
func TestCompletion(t *testing.T) {
	for line, test := range map[string]struct{ offered, hidden []string }{
		"":                        {[]string{"session", "sign-in", "sign-out", "config", "version"}, []string{app.WorkerCommand}},
		"session --":              {[]string{"--json", "--follow", "--wait"}, nil},
		"session --env --shell ":  {shellNames(), []string{"cmd"}},
		"sign-in --":              {[]string{"--for", "--timeout"}, nil},
		"completion ":             {[]string{"bash", "zsh", "fish", "powershell"}, nil},
		"session --json --follow": {[]string{"--follow"}, nil},

		"demo --persona ":           {app.PersonaKeys(), []string{"session"}},
		"--theme ":                  {[]string{"system", "light", "dark"}, []string{"session"}},
		"doctor --agent ":           {[]string{"auto", "command"}, nil},
		"config show --log-level ":  {[]string{"debug", "info"}, nil},
		"doctor --windows-aliases=": {[]string{"true", "false"}, nil},
		"session --shell=po":        {[]string{"powershell", "pwsh"}, []string{"cmd"}},
	} {
		t.Run(line, func(t *testing.T) {
			status, stdout, _ := run(t, "", append([]string{"__complete"}, strings.Split(line, " ")...)...)
			assert.Equal(t, app.StatusDone, status)
			for _, offered := range test.offered {
				assert.Contains(t, stdout, offered)
			}
			for _, hidden := range test.hidden {
				assert.NotContains(t, stdout, hidden)
			}
		})
	}
}

// Shells offer files only where a file is meant: Tab would otherwise insert one for a program or a
// role.
func TestCompletionOfFiles(t *testing.T) {
	const (
		files   = ":0\n" // the shell's own completion: files
		nothing = ":4\n"
		like    = ":8\n"
		folder  = ":16\n"
	)
	for line, want := range map[string]string{
		"session ": nothing, "sign-out ": nothing, "sign-in ": nothing, "doctor ": nothing, "version ": nothing, "config show ": nothing,
		"demo ": nothing, "passphrase ": nothing, "proxy-password ": nothing, "client-secret ": nothing, "--for x ": nothing,
		"sign-in --for ": nothing, "sign-in --timeout ": nothing, "--for ": nothing, "--asid ": nothing, "session --timeout ": nothing,
		"--request-timeout ": nothing,
		"doctor --bundle ":   "zip\n" + like, "session --config ": "toml\n" + like,
		"--certificate ": files, "doctor --ca-bundle ": files, "config show --agent-command ": files,
		"--audit-dir ": folder,
	} {
		t.Run(line, func(t *testing.T) {
			status, stdout, _ := run(t, "", append([]string{"__complete"}, strings.Split(line, " ")...)...)
			assert.Equal(t, app.StatusDone, status)
			assert.Equal(t, want, stdout)
		})
	}
}

// A service desk, or an installer, reads the version from a program.
func TestVersionAsJSON(t *testing.T) {
	status, stdout, stderr := run(t, "", "version", "--json")
	assert.Equal(t, app.StatusDone, status)
	assert.Empty(t, stderr)
	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &shown))
	assert.Equal(t, testProgram(t).Metadata.Version, shown["version"])
	assert.EqualValues(t, 1, shown["handoff"])
}
