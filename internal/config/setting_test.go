package config_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

func jsonList(words ...string) string {
	encoded, err := json.Marshal(words)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// The table is what flags, documentation and error messages are made from: a hole in it is a hole in all of them.
func TestTheTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		t.Run(s.Key, func(t *testing.T) {
			assert.Regexp(t, `^[a-z0-9]+(_[a-z0-9]+)*$`, s.Key)
			assert.Equal(t, strings.ReplaceAll(s.Key, "_", "-"), s.Flag)
			assert.Equal(t, "ERS_LOGIN_"+strings.ToUpper(s.Key), s.Environment)
			assert.False(t, seen[s.Key], "the key is there twice")
			seen[s.Key] = true
			for _, text := range []string{s.Description, s.Remedy} {
				assert.Regexp(t, `^[A-Z].*\.$`, text, "a sentence")
			}
			for _, text := range []string{s.Description, s.Allowed, s.Remedy, s.Default} {
				assert.NotRegexp(t, "[|\n`]", text, "fit for a Markdown table and a comment")
			}
			assert.NotEmpty(t, s.Allowed)
			assert.NotEmpty(t, s.Example)
			assert.False(t, s.Required && s.Default != "", "what has a default is not required")
			assert.False(t, s.Required && s.Platform == "", "the example says on which platform")
			assert.Equal(t, s.Kind == config.KindEnum, len(s.Values) > 0)
			assert.Equal(t, s.Kind == config.KindDuration, s.Highest > s.Lowest && s.Lowest >= 0)
			assert.Equal(t, s.Kind == config.KindPercent, s.Most > s.Least && s.Least > 0)
			assert.False(t, s.Instead != "" && !s.Required, "only what is needed is replaced")
			assert.False(t, s.UserChangeable && s.Default == "", "a choice in the window starts somewhere")

			_, err := config.Load(config.Sources{Flags: commandLine(t, "--"+s.Flag+"="+s.Default)})
			assert.NoError(t, err, "the default is a good value")
			value := s.Example
			if s.Default != "" && s.Kind == config.KindEnum {
				value = `"` + s.Default + `"`
			}
			machine := settingsFile(t, s.Key+" = "+value+"\n")
			_, err = config.Load(config.Sources{MachineFile: machine, Trust: trustAll, OS: "windows"})
			assert.NoError(t, err)
		})
	}
}

// A flag that is in the table and not on the command line could not be given.
func TestFlags(t *testing.T) {
	flags := pflag.NewFlagSet("ers-login", pflag.ContinueOnError)
	config.AddFlags(flags)
	for _, s := range config.Settings() {
		f := flags.Lookup(s.Flag)
		require.NotNil(t, f, s.Flag)
		assert.Equal(t, s.Description, f.Usage)
		assert.Equal(t, string(s.Kind), f.Value.Type())
		assert.Equal(t, s.Managed, f.Hidden)
	}
	c, err := config.Load(config.Sources{Flags: commandLine(t, "--send-fqdn", "--asid=1", "--asid", "123456789012")})
	require.NoError(t, err)
	assert.True(t, c.SendFQDN)
	assert.Equal(t, "123456789012", c.ASID, "the last one counts")
}

// The example file without its # must be valid.
func TestTheExampleCanBeUsed(t *testing.T) {
	var example bytes.Buffer
	require.NoError(t, config.WriteExample(&example))
	_, err := config.Load(config.Sources{File: settingsFile(t, example.String()), OS: "windows"})
	require.NoError(t, err, "unchanged")

	used := regexp.MustCompile(`(?m)^#(\w)`).ReplaceAllString(example.String(), "$1")
	c, err := config.Load(config.Sources{MachineFile: settingsFile(t, used), Trust: trustAll, OS: "windows"})
	require.NoError(t, err, "with every setting in use")
	for _, s := range config.Settings() {
		assert.Equal(t, config.LayerMachine, c.Origin(s.Key).Layer, s.Key)
		assert.NotEmpty(t, c.Value(s.Key), s.Key)
	}
	c, err = config.Load(config.Sources{UserFile: settingsFile(t, used), OS: "windows"})
	require.NoError(t, err, "in a user's file, where some are ignored with a warning")
	for _, s := range config.Settings() {
		assert.Equal(t, s.Managed, c.Origin(s.Key).Layer != config.LayerFile, s.Key)
	}
}

// What changes which servers are trusted is not the user's, whose account may be stolen.
func TestManagedSettings(t *testing.T) {
	machine := config.Sources{
		MachineFile: settingsFile(t, "server_name = \"portal.example\"\ntls_ciphers = \"compatible\"\n"), Trust: trustAll,
	}
	c, err := config.Load(machine)
	require.NoError(t, err)
	assert.Equal(t, "portal.example", c.ServerName)
	assert.Equal(t, config.CiphersCompatible, c.TLSCiphers)

	user := machine
	user.UserFile = settingsFile(t, "server_name = \"evil.example\"\ntls_ciphers = \"strong\"\n")
	c, err = config.Load(user)
	require.NoError(t, err)
	assert.Equal(t, "portal.example", c.ServerName, "the computer's counts")
	require.Len(t, c.Warnings, 2)
	user.UserFile = settingsFile(t, "server_name = \"\"\ntls_ciphers = \"standard\"\n")
	plain, err := config.Load(user)
	require.NoError(t, err)
	assert.Empty(t, plain.Warnings, "that says nothing")
	assert.Equal(t, config.CiphersCompatible, plain.TLSCiphers, "and does not take back what the computer has")
	assert.Contains(t, c.Warnings[0].Expand(c.Warnings[0].Happened), "only be set in the computer's settings file or in the policy")

	for name, sources := range map[string]config.Sources{
		"a named file": {File: settingsFile(t, "server_name = \"evil.example\"\n")},
		"a variable":   {Environ: []string{"ERS_LOGIN_SERVER_NAME=evil.example"}},
		"a flag":       {Flags: commandLine(t, "--server-name=evil.example")},
	} {
		t.Run(name, func(t *testing.T) {
			sources.MachineFile, sources.Trust = machine.MachineFile, trustAll
			c, err := config.Load(sources)
			all := problems(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, "SETTING-SERVER_NAME", all[0].Code)
			assert.Empty(t, c.ServerName)
		})
	}

	policy := config.Sources{
		Environ: []string{"ERS_LOGIN_SERVER_NAME=evil.example"}, Trust: trustAll, PolicyFile: settingsFile(t, "server_name = \"Portal.Example\"\n"),
	}
	c, err = config.Load(policy)
	require.NoError(t, err, "a value that is overridden is not looked at")
	assert.Equal(t, "portal.example", c.ServerName)
	for _, bad := range []string{"https://portal.example", "portal.example:443", "*.example", "a b", "-a.example", "a..b", "portal.example/x", "[::1]"} {
		_, err := config.Load(config.Sources{MachineFile: settingsFile(t, "server_name = \""+bad+"\"\n"), Trust: trustAll})
		assert.Error(t, err, bad)
	}
	for _, good := range []string{"ers.ncrs.nhs.uk", "192.0.2.1", "2001:db8::1", "localhost", "a_b.example", "xn--bcher-kva.example"} {
		_, err := config.Load(config.Sources{MachineFile: settingsFile(t, "server_name = \""+good+"\"\n"), Trust: trustAll})
		assert.NoError(t, err, good)
	}
}
