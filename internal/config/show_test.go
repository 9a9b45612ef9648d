package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

// A list of the settings is mailed to a service desk: a token in it would have to be replaced.
func TestWhatIsShownOfACommand(t *testing.T) {
	program := absolute(t, "bin", "print-ticket")
	for name, test := range map[string]struct{ words, shown []string }{
		"nothing to hide":       {[]string{"--quiet", "-x", "a=b"}, []string{"[secret]", "[secret]", "[secret]"}},
		"a flag with its value": {[]string{"--token=hunter2", "b"}, []string{"[secret]", "[secret]"}},
		"a flag and its value":  {[]string{"--password", "hunter2", "b"}, []string{"[secret]", "[secret]", "[secret]"}},
		"a flag without one":    {[]string{"--password", "--quiet", "b"}, []string{"[secret]", "[secret]", "[secret]"}},
		"a variable":            {[]string{"CLIENT_SECRET=hunter2"}, []string{"[secret]"}},
		"in an address":         {[]string{"--proxy=http://ann:hunter2@p:80/"}, []string{"[secret]"}},
		"an address without":    {[]string{"https://a/b@c"}, []string{"[secret]"}},
		"a pin":                 {[]string{"--card-pin=1234", "-p"}, []string{"[secret]", "[secret]"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Config{AgentCommand: append([]string{program}, test.words...)}
			assert.Equal(t, jsonList(append([]string{program}, test.shown...)...), c.Shown("agent_command"))
			assert.NotContains(t, c.Written("agent_command"), "hunter2")
			assert.Equal(t, test.words, c.AgentCommand[1:], "what runs is not changed")
		})
	}
	assert.Empty(t, config.Config{}.Shown("agent_command"))
	assert.Empty(t, config.Config{}.Written("no_such_setting"))
}

// What config show prints is taken for a settings file: it must mean the same when it is read.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	awkward := []string{`C:\certificates\a "b".p12`, `it's "both" \ways`, "tab\tand \u200e mark", "ünïcode 😀", "", "\x7f", "plain"}
	for _, text := range awkward {
		c := config.Config{AgentCommand: []string{absolute(t, "bin", "a "+text)}, ProxyUser: "x", Certificate: absolute(t, strings.TrimSpace("a'b"))}
		file := settingsFile(t, "agent_command = "+c.Written("agent_command")+"\ncertificate = "+c.Written("certificate")+"\n")
		read, err := config.Load(config.Sources{File: file})
		require.NoError(t, err, text)
		assert.Equal(t, c.AgentCommand, read.AgentCommand)
		assert.Equal(t, c.Certificate, read.Certificate)
	}
	assert.Equal(t, `'C:\a.p12'`, config.Config{Certificate: `C:\a.p12`}.Written("certificate"), "as it is")

	var all strings.Builder
	c, err := config.Load(config.Sources{})
	require.NoError(t, err)
	for _, setting := range config.Settings() {
		all.WriteString(setting.Key + " = " + c.Written(setting.Key) + "\n")
	}
	read, err := config.Load(config.Sources{MachineFile: settingsFile(t, all.String()), Trust: trustAll})
	require.NoError(t, err)
	for _, setting := range config.Settings() {
		assert.Equal(t, c.Value(setting.Key), read.Value(setting.Key))
	}
}

// Where the name of a file is wanted, a passphrase or a key is easily pasted.
func TestAPastedSecretIsNotShown(t *testing.T) {
	const pasted = "correct horse/battery staple.9"
	there := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(there, nil, 0o600))
	for _, key := range []string{"certificate", "key", "passphrase_file", "ca_bundle", "audit_dir", "proxy_user"} {
		t.Run(key, func(t *testing.T) {
			for source, sources := range map[string]config.Sources{
				"file":     {UserFile: settingsFile(t, key+" = '"+pasted+"'\n")},
				"variable": {Environ: []string{"ERS_LOGIN_" + strings.ToUpper(key) + "=" + pasted}, Dir: t.TempDir()},
				"flag":     {Flags: commandLine(t, "--"+strings.ReplaceAll(key, "_", "-")+"="+pasted)},
			} {
				c, err := config.Load(sources)
				require.NoError(t, err)
				require.Contains(t, filepath.ToSlash(c.Value(key)), pasted, source)
				for _, shown := range []string{c.Shown(key), c.Written(key)} {
					assert.NotContains(t, shown, "correct", source)
					assert.NotContains(t, shown, "battery", source)
					assert.Contains(t, shown, "[secret]", source)
				}
			}
			if key == "proxy_user" {
				return
			}
			c, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_" + strings.ToUpper(key) + "=there"}, Dir: filepath.Dir(there)})
			require.NoError(t, err)
			assert.Equal(t, there, c.Shown(key), "a file that is there")
		})
	}
	c, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_PASSPHRASE_FILE=" + absolute(t, "hunter2")}})
	require.NoError(t, err)
	assert.Equal(t, "[secret]", c.Shown("passphrase_file"), "written as a full path")
}
