package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

// layersOf is a computer with every layer, of which all but the default set log_level.
func layersOf(t *testing.T) config.Sources {
	t.Helper()
	return config.Sources{
		Machine:     func() []config.Policy { return []config.Policy{installerOf(map[string]any{"log_level": "warning"})} },
		MachineFile: settingsFile(t, "log_level = 'debug'\n"),
		UserFile:    settingsFile(t, "\nlog_level = 'error'\n"),
		Environ:     []string{"ERS_LOGIN_LOG_LEVEL=info"},
		Flags:       commandLine(t, "--log-level=debug"),
		PolicyFile:  settingsFile(t, "\n\nlog_level = 'warning'\n"),
		Policy:      func() []config.Policy { return []config.Policy{registryOf(map[string]any{"log_level": "error"})} },
		Trust:       trustAll,
	}
}

// installerOf is the key that the Windows installer fills.
func installerOf(values map[string]any) config.Policy {
	return config.Policy{Where: `HKLM\Software\ers-login`, Values: values}
}

func registryOf(values map[string]any) config.Policy {
	return config.Policy{Where: `HKLM\Software\Policies\ers-login`, Values: values}
}

// If the order were another one, an organisation's rule would give way to a user's wish, or a user's wish to a mere default.
func TestTheOrderOfTheLayers(t *testing.T) {
	sources := layersOf(t)
	for _, step := range []struct {
		layer        config.Layer
		name, value  string
		where        string
		without      func()
		locked, file bool
	}{
		{config.LayerPolicy, "policy", "error", `HKLM\Software\Policies\ers-login, managed by your organisation`, func() { sources.Policy = nil }, true, false},
		{config.LayerPolicy, "policy", "warning", "line 3 of " + sources.PolicyFile + ", managed by your organisation", func() { sources.PolicyFile = "" }, true, false},
		{config.LayerFlag, "flag", "debug", "flag --log-level", func() { sources.Flags = nil }, false, false},
		{config.LayerEnvironment, "environment", "info", "environment variable ERS_LOGIN_LOG_LEVEL", func() { sources.Environ = nil }, false, false},
		{config.LayerFile, "file", "error", "line 2 of " + sources.UserFile, func() { sources.UserFile = "" }, false, false},
		{config.LayerMachine, "machine", "debug", "line 1 of " + sources.MachineFile, func() { sources.MachineFile = "" }, false, false},
		{config.LayerMachine, "machine", "warning", `HKLM\Software\ers-login`, func() { sources.Machine = nil }, false, false},
		{config.LayerDefault, "default", "info", "built-in default", func() {}, false, false},
	} {
		c, err := config.Load(sources)
		require.NoError(t, err)
		assert.Empty(t, c.Warnings, "being overridden is no mistake")
		assert.Equal(t, step.value, c.LogLevel, step.name)
		assert.Equal(t, step.layer, c.Origin("log_level").Layer)
		assert.Equal(t, step.where, c.Origin("log_level").String())
		assert.Equal(t, step.name, c.Origin("log_level").Layer.String())
		assert.Equal(t, step.locked, c.Locked("log_level"), step.name)
		step.without()
	}
}

// A computer without any of these files is the usual one.
func TestMissingFilesOfTheComputer(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none", "config.toml")
	c, err := config.Load(config.Sources{MachineFile: none, PolicyFile: none, Policy: func() []config.Policy { return nil }})
	require.NoError(t, err)
	assert.Empty(t, c.Warnings)
}

// A policy that is silently not applied is worse than a program that does not start: every way to
// lose one must be reported.
func TestAPolicyIsNeverLostInSilence(t *testing.T) {
	file := settingsFile(t, "audit_required = true\n")
	dangling := filepath.Join(t.TempDir(), "policy.toml")
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "gone"), dangling))
	untrusted := func(*os.File) error { return errors.New("others than root can change it") }
	unreadable := config.Policy{Where: "the registry", Err: errors.New("access is denied")}
	for name, test := range map[string]struct {
		sources config.Sources
		code    string
		says    []string
	}{
		"others can write to it": {config.Sources{PolicyFile: file, Trust: untrusted}, "SETTING-POLICY", []string{"others than root can change it", file}},
		"it is a folder":         {config.Sources{PolicyFile: t.TempDir()}, "SETTING-POLICY", []string{"not a regular file"}},
		"a link to nowhere":      {config.Sources{PolicyFile: dangling}, "SETTING-POLICY", []string{"no such file"}},
		"broken": {config.Sources{PolicyFile: settingsFile(t, "\naudit_required = yes\n")}, "SETTING-POLICY",
			[]string{"not valid TOML at line 2, column 18", "Open the file with a text editor, correct it, and save it as UTF-8."}},
		"broken all over": {config.Sources{PolicyFile: settingsFile(t, "agent_command = "+strings.Repeat("[", 1<<12))}, "SETTING-POLICY",
			[]string{"brackets", "Open the file with a text editor, correct it, and save it as UTF-8."}},
		"the registry cannot be read": {config.Sources{Policy: func() []config.Policy { return []config.Policy{unreadable} }}, "SETTING-POLICY",
			[]string{"the registry", "access is denied"}},
		"unknown in the file": {config.Sources{PolicyFile: settingsFile(t, "audit_requried = true\n")}, "SETTING-UNKNOWN",
			[]string{"Did you mean audit_required?", "line 1 of", "managed by your organisation"}},
		"unknown in the registry": {config.Sources{Policy: func() []config.Policy {
			return []config.Policy{registryOf(map[string]any{"audit_requried": int64(1)})}
		}}, "SETTING-UNKNOWN", []string{"Did you mean audit_required?", "HKLM", "managed by your organisation"}},
		"a bad value": {config.Sources{PolicyFile: settingsFile(t, "audit_required = 'yes'\n"), Environ: []string{"ERS_LOGIN_AUDIT_REQUIRED=true"}},
			"SETTING-AUDIT_REQUIRED", []string{"neither true nor false", "managed by your organisation"}},
		"a secret": {config.Sources{Policy: func() []config.Policy {
			return []config.Policy{registryOf(map[string]any{"proxy_password": "hunter2"})}
		}}, "SETTING-SECRET", []string{"ers-login proxy-password"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.sources.Trust == nil {
				test.sources.Trust = trustAll
			}
			test.sources.Environ = append(test.sources.Environ, "ERS_LOGIN_LOG_LEVEL=debug")
			c, err := config.Load(test.sources)
			all := problems(t, err)
			assert.Contains(t, all[0].Error(), all[0].Args["File"], "the log says where")
			require.Len(t, all, 1)
			assert.Equal(t, test.code, all[0].Code)
			for _, says := range test.says {
				assert.Contains(t, allText(all[0]), says)
			}
			assert.NotContains(t, allText(all[0]), "{{")
			assert.Equal(t, strings.HasPrefix(name, "broken") || test.code != "SETTING-POLICY",
				!strings.Contains(allText(all[0]), "another person may have edited it"), "a slip is no sign of that")
			assert.NotContains(t, allText(all[0]), "hunter2")
			assert.Equal(t, "debug", c.LogLevel, "the other layers can still be looked at")
		})
	}
}

// A writer of the computer's file can send every user's ticket to their own server.
func TestAComputersFileThatCannotBeTrusted(t *testing.T) {
	file := settingsFile(t, "base_url = 'https://evil.example'\n")
	var asked string
	c, err := config.Load(config.Sources{MachineFile: file, Trust: func(f *os.File) error {
		asked = f.Name()
		return problem.Unexpected
	}})
	assert.Equal(t, file, asked)
	require.Len(t, problems(t, err), 1)
	assert.Empty(t, c.BaseURL)
}

// The installer's properties hold for all users of the computer: a mistake in them is reported to
// the service desk as one of the computer's settings, not of a policy.
func TestMistakesInTheInstallersProperties(t *testing.T) {
	unreadable := config.Policy{Where: `HKLM\Software\ers-login`, Err: errors.New("access is denied")}
	for name, test := range map[string]struct {
		policy config.Policy
		code   string
		says   []string
	}{
		"it cannot be read": {unreadable, "SETTING-FILE", []string{`HKLM\Software\ers-login`, "access is denied"}},
		"unknown":           {installerOf(map[string]any{"base_urll": "https://e"}), "SETTING-UNKNOWN", []string{"Did you mean base_url?", "HKLM"}},
		"a bad value":       {installerOf(map[string]any{"asid": "12"}), "SETTING-ASID", []string{"not 12 digits", "HKLM"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(config.Sources{Machine: func() []config.Policy { return []config.Policy{test.policy} }})
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, test.code, all[0].Code)
			for _, says := range test.says {
				assert.Contains(t, allText(all[0]), says)
			}
			assert.NotContains(t, allText(all[0]), "managed by your organisation")
			assert.False(t, c.Locked("asid"))
		})
	}
}

// The registry and property lists have other types than TOML; each must mean what an administrator meant by it.
func TestPolicyValues(t *testing.T) {
	program := absolute(t, "bin", "print-ticket")
	for name, test := range map[string]struct {
		key     string
		value   any
		want    string
		refused string
	}{
		"text":                       {"asid", "123456789012", "123456789012", ""},
		"a number for a text":        {"asid", int64(123456789012), "", "it is not a text"},
		"a boolean for a text":       {"asid", true, "", "it is not a text"},
		"a list for a text":          {"asid", []any{"123456789012"}, "", "it is not a text"},
		"a table for a text":         {"asid", map[string]any{"a": 1}, "", "it is not a text"},
		"time":                       {"request_timeout", "20s", "20s", ""},
		"a number for a time":        {"request_timeout", int64(20), "15s", "not a text"},
		"1 for true":                 {"send_fqdn", int64(1), "true", ""},
		"0 for false":                {"windows_aliases", int64(0), "false", ""},
		"2 for true":                 {"send_fqdn", int64(2), "false", "neither true nor false"},
		"true":                       {"send_fqdn", true, "true", ""},
		"the word true":              {"send_fqdn", "true", "true", ""},
		"number":                     {"text_size", int64(150), "150", ""},
		"number as a text":           {"text_size", "150", "150", ""},
		"number too large":           {"text_size", int64(1) << 40, "100", "more than 200"},
		"word":                       {"screen_lock", "end", "end", ""},
		"list":                       {"agent_command", []any{program, "-q"}, jsonList(program, "-q"), ""},
		"list of nothing":            {"agent_command", []any{}, "", ""},
		"list of numbers":            {"agent_command", []any{1.5}, "", "list of texts"},
		"list as a text":             {"agent_command", jsonList(program, "-q"), jsonList(program, "-q"), ""},
		"full path":                  {"ca_bundle", program, program, ""},
		"path below home":            {"ca_bundle", "~/roots.pem", filepath.Join(absolute(t, "home", "ann"), "roots.pem"), ""},
		"a path that starts nowhere": {"ca_bundle", "roots.pem", "", "not a full path"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(config.Sources{Home: absolute(t, "home", "ann"), Dir: absolute(t, "work"), Policy: func() []config.Policy {
				return []config.Policy{registryOf(map[string]any{test.key: test.value})}
			}})
			assert.Equal(t, test.want, c.Value(test.key))
			assert.True(t, c.Locked(test.key))
			if test.refused == "" {
				require.NoError(t, err)
				return
			}
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Contains(t, allText(all[0]), test.refused)
			assert.NotContains(t, allText(all[0]), "quotation marks it", "there are none in the registry")
		})
	}
}

// A relative path in the policy's or the computer's file starts at that file, wherever the user works.
func TestPathsInTheComputersFiles(t *testing.T) {
	machine, policy := settingsFile(t, "certificate = 'a.p12'\n"), settingsFile(t, "ca_bundle = 'roots.pem'\naudit_dir = '~/audit'\n")
	c, err := config.Load(config.Sources{MachineFile: machine, PolicyFile: policy, Trust: trustAll, Dir: absolute(t, "work"), Home: absolute(t, "home", "ann")})
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(filepath.Dir(machine), "a.p12"), c.Certificate)
	assert.Equal(t, filepath.Join(filepath.Dir(policy), "roots.pem"), c.CABundle)
	assert.Equal(t, filepath.Join(absolute(t, "home", "ann"), "audit"), c.AuditDir)
}

// A clinician's slip in their own file costs them that setting, and not the morning.
func TestTheUsersOwnMistakesAreForgiven(t *testing.T) {
	machine := settingsFile(t, "asid = '222222222222'\nrequest_timeout = '20s'\n")
	for name, test := range map[string]struct {
		content string
		codes   []string // of the warnings
		stops   []string // what keeps a user from signing in, if not only what is missing anyway
		says    []string
	}{
		"a bad value over the computer's": {"request_timeout = 5\n", []string{"SETTING-REQUEST_TIMEOUT"}, nil,
			[]string{"e-RS Login uses 20s.", "line 1 of", "not a text"}},
		"a bad value over the default": {"log_level = 'loud'\n", []string{"SETTING-LOG_LEVEL"}, nil, []string{"e-RS Login uses info."}},
		"a bad value over nothing":     {"ca_bundle = 5\n", []string{"SETTING-CA_BUNDLE"}, nil, []string{"e-RS Login does not use it."}},
		"what is needed, over the computer's": {"asid = 1\n", []string{"SETTING-ASID"}, nil,
			[]string{"e-RS Login uses 222222222222."}},
		"what is needed":            {"base_url = 'http://e'\n", []string{"SETTING-BASE_URL"}, nil, []string{"https://", "line 1 of"}},
		"one of two that is needed": {"certificate = 1\n", []string{"SETTING-CERTIFICATE"}, nil, nil},
		"the other one": {"certificate_thumbprint = 'a9'\n", []string{"SETTING-CERTIFICATE_THUMBPRINT"},
			[]string{"SETTING-BASE_URL", "SETTING-CERTIFICATE_THUMBPRINT"}, nil},
		"one of two, with the other": {"certificate_thumbprint = 'a9'\ncertificate = 'a.p12'\n", []string{"SETTING-CERTIFICATE_THUMBPRINT"}, nil,
			[]string{"does not use it"}},
		"the agent's command": {"agent_command = ['a']\n", []string{"SETTING-AGENT_COMMAND"}, nil, nil},
		"the agent's command, if it is used": {"agent_command = ['a']\nagent = 'command'\n", []string{"SETTING-AGENT_COMMAND"},
			[]string{"SETTING-BASE_URL", "SETTING-CERTIFICATE", "SETTING-AGENT_COMMAND"}, []string{"full path"}},
		"an unknown setting": {"log_levle = 'debug'\n", []string{"SETTING-UNKNOWN"}, nil, []string{"Did you mean log_level?", "line 1 of", "does not use it"}},
		"a secret":           {"password = 'hunter2'\n", []string{"SETTING-SECRET"}, nil, []string{"Remove it there."}},
		"several":            {"asid = 1\nlog_level = 1\nfoo = 1\n", []string{"SETTING-UNKNOWN", "SETTING-ASID", "SETTING-LOG_LEVEL"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			file := settingsFile(t, test.content)
			c, err := config.Load(config.Sources{MachineFile: machine, UserFile: file, Trust: trustAll, OS: "windows"})
			var text string
			for _, p := range c.Warnings {
				text += allText(p) + "\n"
			}
			require.NoError(t, err)
			assert.Equal(t, test.codes, codes(c.Warnings))
			_, err = config.LoadReal(config.Sources{MachineFile: machine, UserFile: file, Trust: trustAll, OS: "windows"})
			if test.stops == nil {
				test.stops = []string{"SETTING-BASE_URL", "SETTING-CERTIFICATE"}
			}
			assert.Equal(t, test.stops, codes(problems(t, err)))
			for _, says := range test.says {
				assert.Contains(t, text, says)
			}
			assert.NotContains(t, text, "hunter2")
			assert.NotContains(t, text, "{{")
			assert.FileExists(t, file, "only what cannot be parsed is set aside")
		})
	}
	t.Run("no value is named that another setting takes the place of", func(t *testing.T) {
		for machine, other := range map[string]config.Sources{
			"agent_command = ['" + absolute(t, "a") + "']\n": {
				UserFile: settingsFile(t, "agent_command = ['x']\n"), PolicyFile: settingsFile(t, "agent = 'identity-agent'\n"),
			},
			"certificate = '" + absolute(t, "a.p12") + "'\n": {
				UserFile: settingsFile(t, "certificate = 5\ncertificate_thumbprint = '"+thumbprint+"'\n"),
			},
		} {
			other.MachineFile, other.Trust, other.OS = settingsFile(t, machine), trustAll, "windows"
			c, err := config.Load(other)
			require.NoError(t, err)
			require.Len(t, c.Warnings, 1)
			assert.Contains(t, allText(c.Warnings[0]), "e-RS Login does not use it.")
		}
	})
	t.Run("in the computer's file, they are not", func(t *testing.T) {
		_, err := config.Load(config.Sources{MachineFile: settingsFile(t, "log_level = 'loud'\nfoo = 1\n"), Trust: trustAll})
		assert.Equal(t, []string{"SETTING-UNKNOWN", "SETTING-LOG_LEVEL"}, codes(problems(t, err)))
	})
	t.Run("overridden, they are not looked at", func(t *testing.T) {
		c, err := config.Load(config.Sources{UserFile: settingsFile(t, "log_level = 'loud'\n"), PolicyFile: settingsFile(t, "log_level = 'error'"), Trust: trustAll})
		require.NoError(t, err)
		assert.Empty(t, c.Warnings)
	})
	t.Run("many are listed in part", func(t *testing.T) {
		c, err := config.Load(config.Sources{UserFile: settingsFile(t, manyKeys(500))})
		require.NoError(t, err)
		assert.Len(t, c.Warnings, 20)
	})
	t.Run("the origin is that of the value that counts", func(t *testing.T) {
		c, err := config.Load(config.Sources{MachineFile: machine, UserFile: settingsFile(t, "request_timeout = 5\n"), Trust: trustAll})
		require.NoError(t, err)
		assert.Equal(t, 20*time.Second, c.RequestTimeout)
		assert.Equal(t, config.LayerMachine, c.Origin("request_timeout").Layer)
	})
}

func codes(all []*problem.Problem) []string {
	var found []string
	for _, p := range all {
		found = append(found, p.Code)
	}
	return found
}

// The file and the thumbprint are one choice: an organisation that prescribes one must not get an
// error for a forgotten line in a user's file.
func TestTheCertificateIsOneChoice(t *testing.T) {
	file, stored := "certificate = '"+absolute(t, "a.p12")+"'\n", "certificate_thumbprint = '"+thumbprint+"'\n"
	for name, test := range map[string]struct {
		machine, user, policy string
		certificate           bool // in force
		thumbprint            bool
		locked                bool
	}{
		"only the file":           {user: file, certificate: true},
		"only the thumbprint":     {user: stored, thumbprint: true},
		"the user's file counts":  {machine: stored, user: file, certificate: true},
		"the user's store counts": {machine: file, user: stored, thumbprint: true},
		"the policy counts":       {user: file, policy: stored, thumbprint: true, locked: true},
		"the policy's file":       {user: stored, policy: file, certificate: true, locked: true},
		"both in one":             {user: file + stored, certificate: true, thumbprint: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(config.Sources{OS: "windows", Trust: trustAll, MachineFile: settingsFile(t, test.machine),
				UserFile: settingsFile(t, test.user), PolicyFile: settingsFile(t, test.policy)})
			require.NoError(t, err)
			assert.Equal(t, test.certificate, c.Certificate != "")
			assert.Equal(t, test.thumbprint, c.CertificateThumbprint == thumbprint)
			assert.Equal(t, test.locked, c.Locked("certificate") || c.Locked("certificate_thumbprint"))
			if test.locked {
				assert.True(t, c.Locked("certificate") && c.Locked("certificate_thumbprint"), "neither can be changed")
				for _, key := range []string{"certificate", "certificate_thumbprint"} {
					assert.Contains(t, c.Origin(key).String(), "managed by your organisation")
				}
			}
		})
	}
	t.Run("elsewhere than on Windows", func(t *testing.T) {
		_, err := config.Load(config.Sources{OS: "linux", Environ: []string{"ERS_LOGIN_CERTIFICATE_THUMBPRINT=" + thumbprint}})
		all := problems(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, "SETTING-CERTIFICATE_THUMBPRINT", all[0].Code)
		assert.Contains(t, allText(all[0]), "another operating system")
		assert.Contains(t, allText(all[0]), "use the setting certificate")
	})
	t.Run("taken back elsewhere than on Windows", func(t *testing.T) {
		_, err := config.Load(config.Sources{OS: "linux", File: settingsFile(t, "certificate_thumbprint = ''\n")})
		require.NoError(t, err)
	})
}

// What is missing is most likely in the file that cannot be read: that comes first, until it is
// corrected. The file is the user's, and stays as it is.
func TestABrokenFileExplainsWhatIsMissing(t *testing.T) {
	const broken = "asid = 1 2\n"
	file := settingsFile(t, broken)
	for range 2 {
		c, err := config.Load(config.Sources{UserFile: file})
		require.NoError(t, err)
		require.Len(t, c.Warnings, 1)
		assert.Contains(t, allText(c.Warnings[0]), "not valid TOML at line 1")
		assert.Contains(t, allText(c.Warnings[0]), "Put text and times in quotation marks")
		assert.Equal(t, config.LayerDefault, c.Origin("asid").Layer)
		found := codes(problems(t, c.RequireReal()))
		assert.Equal(t, []string{"SETTING-FILE", "SETTING-BASE_URL", "SETTING-ASID", "SETTING-CERTIFICATE"}, found)
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, broken, string(content))
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
