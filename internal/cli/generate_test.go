package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// Packages install what generate writes. Missing completions or pages would go unnoticed for
// months.
func TestGenerate(t *testing.T) {
	folder := t.TempDir()
	status, stdout, stderr := run(t, "", "generate", folder)
	require.Equal(t, app.StatusDone, status, stderr)
	assert.Empty(t, stdout)
	for path, says := range map[string]string{
		"man/man1/ers-login.1":                     ".SH \"EXIT STATUS\"",
		"bash-completion/completions/ers-login":    "__start_ers-login",
		"zsh/site-functions/_ers-login":            "#compdef ers-login",
		"fish/vendor_completions.d/ers-login.fish": "complete -c ers-login",
		"powershell/ers-login.ps1":                 "Register-ArgumentCompleter",
	} {
		content, err := os.ReadFile(filepath.Join(folder, path))
		require.NoError(t, err)
		assert.Contains(t, string(content), says)
	}
	again := t.TempDir()
	status, _, _ = run(t, "", "generate", again)
	require.Equal(t, app.StatusDone, status)
	first, err := os.ReadFile(filepath.Join(folder, "man/man1/ers-login.1"))
	require.NoError(t, err)
	second, err := os.ReadFile(filepath.Join(again, "man/man1/ers-login.1"))
	require.NoError(t, err)
	assert.Equal(t, string(first), string(second), "two builds of one version differ")
}

// man accepts the page: every line is a known request or text, and no character of a command is
// lost.
func TestTheManualPage(t *testing.T) {
	status, page, stderr := run(t, "", "man")
	require.Equal(t, app.StatusDone, status, stderr)
	request := regexp.MustCompile(`^\.(TH|SH|SS|B|br|PP|TP|EX|EE)( ".*")?$`)
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			assert.Regexp(t, request, line)
			continue
		}
		assert.NotRegexp(t, `[^\x20-\x7e]`, strings.ReplaceAll(line, "ŷ", ""), "not ASCII")
		assert.NotEmpty(t, line)
		for _, hyphen := range regexp.MustCompile(`.?-`).FindAllString(line, -1) {
			assert.Equal(t, `\-`, hyphen, "a hyphen that cannot be copied: %s", line)
		}
	}
	for _, part := range []string{`.SS "session [flags]"`, `\fB\-\-without\-key\fR`, `\fB\-\-asid\fR`, `\fB\-\-for\fR=\fIname\fR`} {
		assert.Contains(t, page, part)
	}
	for _, section := range []string{"NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "LINKS", "ENVIRONMENT", "EXIT STATUS", "FILES", "SEE ALSO"} {
		assert.Contains(t, page, "\n.SH \""+section+"\"\n")
	}
	for _, part := range []string{
		`.SS "completion bash|fish|powershell|zsh [flags]"`, `ers\-login completion fish | source`,
		`.B "ers\-login://sign\-in?for=NAME"`, `.B "ERS_LOGIN_*"`, `.B "DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR"`,
		`.B "126, of ers\-login doctor"`, `.B "\(ti/.config/ers\-login/config.toml"`, `.B "/etc/ers\-login/policy.toml"`,
	} {
		assert.Contains(t, page, part)
	}
	assert.NotContains(t, page, roff(config.DefaultFile()), "the home of the packager")
	for _, hidden := range []string{"generate", app.WorkerCommand} {
		assert.NotContains(t, page, ".SS \""+roff(hidden))
	}
	assert.Equal(t, 1, strings.Count(page, `\fB\-\-asid\fR`), "the settings are described once")
}

// A shell completes commands and the values of flags.
func TestCompletion(t *testing.T) {
	for line, test := range map[string]struct{ offered, hidden []string }{
		"":                        {[]string{"session", "sign-in", "sign-out", "config", "version"}, []string{app.WorkerCommand, "generate", "man\t"}},
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
		"demo ": nothing, "passphrase ": nothing, "proxy-password ": nothing, "client-secret ": nothing, "man ": nothing, "--for x ": nothing,
		"sign-in --for ": nothing, "sign-in --timeout ": nothing, "--for ": nothing, "--asid ": nothing, "session --timeout ": nothing,
		"--request-timeout ": nothing,
		"doctor --bundle ":   "zip\n" + like, "session --config ": "toml\n" + like,
		"--certificate ": files, "doctor --ca-bundle ": files, "config show --agent-command ": files,
		"--audit-dir ": folder, "generate ": folder,
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
