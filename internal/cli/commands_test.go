package cli

import (
	"errors"
	"fmt"
	"io"
	standard "log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/testing/races"
)

// userVariable makes this test program run as e-RS Login, and names the played user's behaviour:
// see playProgram.
const userVariable = "ERS_LOGIN_TEST_USER"

// TestMain also makes this test program the keyring worker, when it starts itself again as that.
func TestMain(m *testing.M) {
	if user := os.Getenv(userVariable); user != "" && !slices.Equal(os.Args[1:], []string{app.WorkerCommand}) {
		os.Exit(playProgram(user, os.Args[1:]))
	}
	if slices.Equal(os.Args[1:], []string{app.WorkerCommand}) {
		toml, err := os.ReadFile(fyneAppFile)
		if err != nil {
			panic(err)
		}
		os.Exit(Run(os.Args[1:], toml, nil))
	}
	// Tests that need a bus start one: this computer's may have a real window on it.
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:"); err != nil {
		panic(err)
	}
	os.Exit(races.Watch(m).Run())
}

var fyneAppFile = filepath.Join("..", "..", "FyneApp.toml")

// testProgram returns a program with its own environment, which must not open a window.
func testProgram(t *testing.T, environ ...string) app.Host {
	t.Helper()
	// A command redirects the standard log to its own, which ends with it.
	writer, flags := standard.Writer(), standard.Flags()
	t.Cleanup(func() {
		standard.SetOutput(writer)
		standard.SetFlags(flags)
	})
	toml, err := os.ReadFile(fyneAppFile)
	require.NoError(t, err)
	metadata, err := app.ReadMetadata(toml)
	require.NoError(t, err)
	return app.Host{
		Metadata: metadata, Environ: environ, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		NewApp: func(fyne.AppMetadata) fyne.App {
			require.FailNow(t, "a window was opened")
			return nil
		},
	}
}

// testLog returns a log for the test.
func testLog(t *testing.T) *logging.Log {
	t.Helper()
	log, err := logging.New(logging.Settings{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	return log
}

// run runs a command line that opens no window.
func run(t *testing.T, stdin string, arguments ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, complaints strings.Builder
	p := testProgram(t)
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader(stdin), &out, &complaints
	return p.Report(execute(t.Context(), p, arguments)), out.String(), complaints.String()
}

// The version is defined in one place. A program that shows another one misleads the service desk.
func TestVersion(t *testing.T) {
	toml, err := os.ReadFile(fyneAppFile)
	require.NoError(t, err)
	metadata, err := app.ReadMetadata(toml)
	require.NoError(t, err)
	assert.Equal(t, "io.github.ers_login.ErsLogin", metadata.ID)
	assert.Equal(t, "e-RS Login", metadata.Name)
	assert.True(t, metadata.Migrations["fyneDo"], "Fyne would log a complaint for each change from a goroutine")

	status, stdout, stderr := run(t, "", "version")
	assert.Equal(t, app.StatusDone, status)
	assert.Equal(t, "ers-login "+metadata.Version+"\n", stdout)
	assert.Empty(t, stderr)
	status, again, stderr := run(t, "", "--version")
	assert.Equal(t, app.StatusDone, status, "most programs understand it")
	assert.Equal(t, stdout, again)
	assert.Empty(t, stderr)
}

// A request for help prints the help of the named command.
func TestHelp(t *testing.T) {
	for _, of := range [][]string{nil, {"session"}, {"config"}, {"config", "show"}, {"completion"}, {"completion", "bash"}} {
		t.Run(strings.Join(of, " "), func(t *testing.T) {
			status, want, stderr := run(t, "", append(of, "--help")...)
			assert.Equal(t, app.StatusDone, status, stderr)
			assert.NotEmpty(t, want)
			status, stdout, stderr := run(t, "", append([]string{"help"}, of...)...)
			assert.Equal(t, app.StatusDone, status)
			assert.Equal(t, want, stdout)
			assert.Empty(t, stderr)
		})
	}
}

// An invalid command line is refused with a hint, and without quoting what may be a secret.
func TestUsage(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"unknown command":    {[]string{"sign-inn"}, "See ers-login --help."},
		"a letter left out":  {[]string{"sesion"}, "Did you mean session?"},
		"two that are near":  {[]string{"sign"}, "Did you mean sign-in or sign-out?"},
		"unknown shell":      {[]string{"completion", "ksh"}, `no command "ksh"`},
		"nothing of config":  {[]string{"config"}, "ers-login config needs one of its commands: show"},
		"no shell":           {[]string{"completion"}, "bash, fish, powershell, zsh"},
		"a misspelt shell":   {[]string{"completion", "basch"}, "Did you mean bash?"},
		"help on nothing":    {[]string{"help", "bogus"}, `no command "bogus"`},
		"help, misspelt":     {[]string{"help", "sesion"}, "Did you mean session?"},
		"help below nothing": {[]string{"help", "config", "shwo"}, "Did you mean show?"},
		"help on too much":   {[]string{"help", "session", "json"}, `no command "json"`},
		"below nothing":      {[]string{"config", "shwo"}, "Did you mean show?"},
		"an unknown letter":  {[]string{"session", "-j"}, "-j"},
		"an argument":        {[]string{"version", "1"}, "See ers-login version --help."},
		"one below":          {[]string{"config", "show", "1"}, "See ers-login config show --help."},
		"what does not fit":  {[]string{"session", "--json", "--key"}, "See ers-login session --help."},
		"a flag of its own?": {[]string{"session", "--what"}, "See ers-login session --help for"},
		"no name":            {[]string{"--for", ""}, "See ers-login --help."},
		"nothing to wait":    {[]string{"--timeout", "5s"}, "ers-login sign-in --timeout"},
		"a link":             {[]string{"ers-login://sign-out"}, "See ers-login --help."},
		"no unit":            {[]string{"session", "--wait", "--timeout", "5"}, "Did you mean --timeout 5s?"},
		"unknown flag":       {[]string{"--asidd", "200000000205"}, "Did you mean --asid?"},
		"another's flag":     {[]string{"passphrase", "--asid", "200000000205"}, "belongs to ers-login itself"},
		"a flag of its own":  {[]string{"demo", "--persone", "nobody"}, "Did you mean --persona?"},
		"a secret in a flag": {[]string{"--passphrase=hunter2hunter2"}, "ers-login passphrase"},
		"a secret alone":     {[]string{"client-secret", "hunter2hunter2"}, "ers-login client-secret takes no arguments"},
		"unknown persona":    {[]string{"demo", "--persona", "nobody"}, "consultant"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "", test.arguments...)
			assert.Equal(t, app.StatusUsage, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			assert.NotContains(t, stderr, "hunter2")
		})
	}
}

// An empty passphrase would replace the stored one.
func TestAnEmptyPassphraseIsRefused(t *testing.T) {
	status, _, stderr := run(t, "\n", "passphrase")
	assert.Equal(t, app.StatusFailed, status)
	assert.Equal(t, "ers-login: no passphrase was entered\n", stderr, "the command line was in order")
}

// Scripts decide by the status whether to try again.
func TestReport(t *testing.T) {
	_, wrong := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_ASID=1", "ERS_LOGIN_LOG_LEVEL=loud"}})
	_, unknown := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_ASID=1"}})
	for name, test := range map[string]struct {
		err    error
		status int
		says   []string
	}{
		"done":             {nil, app.StatusDone, nil},
		"a failure":        {errors.New("disk full"), app.StatusFailed, []string{"ers-login: disk full\n"}},
		"a Problem":        {fmt.Errorf("start: %w", unknown), app.StatusFailed, []string{"(SETTING-ASID)", "not 12 digits", "variable ERS_LOGIN_ASID"}},
		"several Problems": {wrong, app.StatusFailed, []string{"(SETTING-SEVERAL)", "not 12 digits", "ERS_LOGIN_LOG_LEVEL", "  2. "}},
		"a usage error":    {app.UsageError{Err: errors.New("what?")}, app.StatusUsage, []string{"what?", "See ers-login --help"}},
		"a wrong flag":     {app.UsageError{Err: fmt.Errorf("flags: %w", unknown)}, app.StatusUsage, []string{"(SETTING-ASID)"}},
	} {
		t.Run(name, func(t *testing.T) {
			var complaints strings.Builder
			p := testProgram(t)
			p.Stderr = &complaints
			assert.Equal(t, test.status, p.Report(test.err))
			for _, part := range test.says {
				assert.Contains(t, complaints.String(), part)
			}
			if test.err == nil {
				assert.Empty(t, complaints.String())
			}
			assert.Equal(t, test.status == app.StatusUsage && len(test.says) == 2, strings.Contains(complaints.String(), "--help"))
		})
	}
}

// Closing the terminal that the program was started from must not leave a session behind.
func TestAClosedTerminalSignsOut(t *testing.T) {
	assert.Equal(t, !signal.Ignored(syscall.SIGHUP), slices.Contains(endings(), os.Signal(syscall.SIGHUP)))
	assert.Contains(t, endings(), os.Signal(syscall.SIGTERM))
}
