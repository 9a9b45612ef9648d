package cli

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// shownSources returns the sources of a computer with a policy, a user's file and an environment
// variable.
func shownSources(t *testing.T, userFile string) config.Sources {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	return config.Sources{
		UserFile:   write("config.toml", userFile),
		PolicyFile: write("policy.toml", "audit_required = true\n"),
		Environ:    []string{"ERS_LOGIN_TEXT_SIZE=120", "ERS_LOGIN_OF_TOMORROW=1"},
		Trust:      func(*os.File) error { return nil },
	}
}

const goodFile = "asid = '123456789012'\nagent_command = ['/bin/a', '--token=hunter2']\n"

// showConfig prints the settings as the command does, and returns its exit status.
func showConfig(t *testing.T, input configShow, sources config.Sources) (status int, stdout, stderr string) {
	t.Helper()
	var out, complaints strings.Builder
	p := testProgram(t)
	p.Stdout, p.Stderr = &out, &complaints
	return p.Report(input.run(sources, p.Stdout, p.Stderr)), out.String(), complaints.String()
}

// A service desk must get a true and complete answer to what is set, and where.
func TestConfigShow(t *testing.T) {
	sources := shownSources(t, goodFile)
	status, stdout, stderr := showConfig(t, configShow{origin: true}, sources)
	assert.Equal(t, app.StatusDone, status)
	for _, line := range []string{
		"asid = \"123456789012\"  # line 1 of " + sources.UserFile,
		"text_size = 120  # environment variable ERS_LOGIN_TEXT_SIZE",
		"audit_required = true  # line 1 of " + sources.PolicyFile + ", managed by your organisation",
		"closing_grace = \"2s\"  # built-in default",
		"agent_command = [\"/bin/a\", \"[secret]\"]  # line 2 of " + sources.UserFile,
	} {
		assert.Contains(t, stdout, line+"\n")
	}
	assert.Equal(t, settingsOn(config.PlatformHSCN), strings.Count(stdout, "\n"), "every setting of the platform has its line")
	assert.Contains(t, stderr, "ERS_LOGIN_OF_TOMORROW", "a warning, and no failure")
	assert.NotContains(t, stdout+stderr, "hunter2")

	status, plain, _ := showConfig(t, configShow{}, sources)
	assert.Equal(t, app.StatusDone, status)
	assert.NotContains(t, plain, "#")
	again := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(again, []byte(plain), 0o600))
	read, err := config.Load(config.Sources{File: again})
	require.NoError(t, err, "what is printed is a settings file")
	assert.Equal(t, "123456789012", read.ASID)
}

// settingsOn counts the settings of a platform.
func settingsOn(platform string) (count int) {
	for _, setting := range config.Settings() {
		if setting.IsFor(platform) {
			count++
		}
	}
	return count
}

// A set-up for NHS Care Identity asks for no certificate, and shows no secret.
func TestConfigShowWithNHSCareIdentity(t *testing.T) {
	sources := shownSources(t, "client_id = 'x'\nclient_secret_file = 'hunter2'\n")
	status, stdout, stderr := showConfig(t, configShow{}, sources)
	assert.Equal(t, app.StatusFailed, status, "there is no such file")
	assert.Contains(t, stderr, "SETTING-CLIENT_SECRET_FILE")
	assert.Equal(t, settingsOn(config.PlatformFHIR), strings.Count(stdout, "\n"))
	assert.Contains(t, stdout, "client_id = \"x\"\n")
	assert.Contains(t, stdout, "client_secret_file = \"[secret]\"\n")
	assert.NotContains(t, stdout+stderr, "hunter2")
	assert.NotContains(t, stdout, "\nasid = ")
	assert.NotContains(t, stdout, "certificate")
}

// Scripts read this form: its members are kept.
func TestConfigShowJSON(t *testing.T) {
	sources := shownSources(t, goodFile)
	for _, origin := range []bool{false, true} {
		status, stdout, _ := showConfig(t, configShow{json: true, origin: origin}, sources)
		assert.Equal(t, app.StatusDone, status)
		assert.NotContains(t, stdout, "hunter2")
		var printed struct {
			Settings []map[string]any `json:"settings"`
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
		require.Len(t, printed.Settings, settingsOn(config.PlatformHSCN))
		found := map[any]map[string]any{}
		for _, setting := range printed.Settings {
			found[setting["key"]] = setting
		}
		want := map[string]any{"key": "audit_required", "value": "true", "locked": true}
		if origin {
			want["layer"], want["origin"] = "policy", "line 1 of "+sources.PolicyFile+", managed by your organisation"
		}
		assert.Equal(t, want, found["audit_required"])
		assert.Equal(t, false, found["asid"]["locked"])
	}
}

// Looking for a mistake needs the valid values too, and a status for scripts. And showing changes
// nothing.
func TestConfigShowWithMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		file, environ string
		status        int
		says          []string
	}{
		"a bad value":              {goodFile, "ERS_LOGIN_REQUEST_TIMEOUT=1", app.StatusFailed, []string{"SETTING-REQUEST_TIMEOUT", "number with a unit"}},
		"a bad value in the file":  {goodFile + "log_level = 1\n", "", app.StatusFailed, []string{"SETTING-LOG_LEVEL", "line 3 of"}},
		"both":                     {goodFile + "log_level = 1\n", "ERS_LOGIN_REQUEST_TIMEOUT=1", app.StatusFailed, []string{"SETTING-SEVERAL", "log_level", "request_timeout"}},
		"a broken file":            {"asid = 1 2\n", "", app.StatusFailed, []string{"SETTING-FILE", "line 1, column 10"}},
		"a file that is not there": {goodFile, "ERS_LOGIN_CERTIFICATE=/nonexistent.pem", app.StatusFailed, []string{"SETTING-CERTIFICATE", "could not be opened"}},
		"two of them":              {goodFile + "certificate = '/nonexistent.pem'\nca_bundle = '/none.pem'\n", "", app.StatusFailed, []string{"SETTING-SEVERAL", "certificate", "ca_bundle", "2 settings"}},
		"a mistake beside it":      {goodFile + "log_level = 1\n", "ERS_LOGIN_KEY=/n.key", app.StatusFailed, []string{"SETTING-LOG_LEVEL"}},
		"an unknown setting":       {goodFile + "foo = 1\n", "", app.StatusDone, []string{"SETTING-UNKNOWN", "line 3 of"}},
	} {
		t.Run(name, func(t *testing.T) {
			sources := shownSources(t, test.file)
			sources.Environ = append(sources.Environ, test.environ)
			status, stdout, stderr := showConfig(t, configShow{}, sources)
			assert.Equal(t, test.status, status)
			if name == "a bad value" {
				_, origins, _ := showConfig(t, configShow{origin: true}, sources)
				assert.Contains(t, origins, "request_timeout = \"15s\"  # built-in default, in the place of a value that cannot be used: "+
					"environment variable ERS_LOGIN_REQUEST_TIMEOUT\n")
			}
			assert.Equal(t, settingsOn(config.PlatformHSCN), strings.Count(stdout, "\n"), "all are printed")
			assert.Contains(t, stdout, "text_size = 120\n")
			for _, says := range test.says {
				assert.Contains(t, stderr, says)
			}
			content, err := os.ReadFile(sources.UserFile)
			require.NoError(t, err)
			assert.Equal(t, test.file, string(content))
		})
	}
}

// A computer that is not set up yet has nothing that cannot be used; and a key that others can read works.
func TestConfigShowOfWhatIsMissing(t *testing.T) {
	status, stdout, stderr := showConfig(t, configShow{}, config.Sources{})
	assert.Equal(t, app.StatusDone, status)
	assert.Contains(t, stdout, "asid = \"\"\n")
	assert.Empty(t, stderr)

	folder := t.TempDir()
	file := filepath.Join(folder, "own.p12")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	require.NoError(t, os.Chmod(file, 0o644)) // others can read it
	require.NoError(t, os.Chmod(folder, 0o755))
	status, _, _ = showConfig(t, configShow{}, config.Sources{Environ: []string{"ERS_LOGIN_CERTIFICATE=" + file}})
	assert.Equal(t, app.StatusDone, status)

	own := filepath.Join(folder, "own.pem")
	require.NoError(t, os.WriteFile(own, []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), 0o600))
	status, _, stderr = showConfig(t, configShow{}, config.Sources{Environ: []string{"ERS_LOGIN_CERTIFICATE=" + own}})
	assert.Equal(t, app.StatusFailed, status, "it cannot be used without a key")
	assert.Contains(t, stderr, "SETTING-KEY")
	assert.NotContains(t, stderr, "asid")
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// A list that was cut must not look like the whole one.
func TestConfigShowOnAFullDisk(t *testing.T) {
	sources := shownSources(t, goodFile)
	require.ErrorIs(t, configShow{}.run(sources, fullDisk{}, io.Discard), errFull)
	require.ErrorIs(t, configShow{json: true}.run(sources, fullDisk{}, io.Discard), errFull)
	require.ErrorIs(t, configShow{}.run(sources, io.Discard, fullDisk{}), errFull)
}

// The command takes the settings as flags, and asks for no more than it needs.
func TestTheConfigCommand(t *testing.T) {
	// The user who runs the test may have settings.
	empty := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, test := range map[string]struct {
		arguments []string
		says      string // on standard output
		fails     bool
	}{
		"with a flag":         {[]string{"show", "--origin", "--closing-grace=0s"}, "closing_grace = \"0s\"  # flag --closing-grace\n", false},
		"with the variables":  {[]string{"show", "--origin"}, "text_size = 90  # environment variable ERS_LOGIN_TEXT_SIZE\n", false},
		"as JSON":             {[]string{"show", "--json"}, `"key": "base_url"`, false},
		"without a word":      {nil, "Print every setting with its value", false},
		"with another word":   {[]string{"set"}, "", true},
		"with an argument":    {[]string{"show", "asid"}, "", true},
		"with a bad value":    {[]string{"show", "--closing-grace=11s"}, "closing_grace = \"2s\"\n", true},
		"with a missing file": {[]string{"show", "--config", filepath.Join(t.TempDir(), "none.toml")}, "closing_grace = \"2s\"\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			p := testProgram(t, "ERS_LOGIN_TEXT_SIZE=90")
			p.Stdout = &out
			command := configCommand(p)
			command.SetOut(&out)
			command.SetErr(io.Discard)
			command.SilenceErrors, command.SilenceUsage = true, true
			command.PersistentFlags().String("config", empty, "")
			command.SetArgs(append([]string{}, test.arguments...))
			err := command.ExecuteContext(t.Context())
			assert.Equal(t, test.fails, err != nil, "%v", err)
			assert.Contains(t, out.String(), test.says)
		})
	}
}
