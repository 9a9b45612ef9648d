package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

var update = flag.Bool("update", false, "write the documentation that is made from the table")

const reference = "../../docs/settings.md"

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
			assert.Equal(t, s.Kind == config.KindEnum, len(s.Values) > 0)
			assert.Equal(t, s.Kind == config.KindDuration, s.Highest > s.Lowest && s.Lowest >= 0)
			assert.Equal(t, s.Kind == config.KindPercent, s.Most > s.Least && s.Least > 0)
			assert.False(t, s.Instead != "" && !s.Required, "only what is needed is replaced")
			assert.False(t, s.UserChangeable && s.Default == "", "a choice in the window starts somewhere")

			_, err := config.Load(config.Sources{Flags: commandLine(t, "--"+s.Flag+"="+s.Default)})
			assert.NoError(t, err, "the default is a good value")
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
	}
	c, err := config.Load(config.Sources{Flags: commandLine(t, "--send-fqdn", "--asid=1", "--asid", "123456789012")})
	require.NoError(t, err)
	assert.True(t, c.SendFQDN)
	assert.Equal(t, "123456789012", c.ASID, "the last one counts")
}

// An administrator who takes the example file and removes the # must not be told that it is wrong.
func TestTheExampleCanBeUsed(t *testing.T) {
	var example bytes.Buffer
	require.NoError(t, config.WriteExample(&example))
	_, err := config.Load(config.Sources{File: settingsFile(t, example.String()), OS: "windows"})
	require.NoError(t, err, "as it stands")

	used := regexp.MustCompile(`(?m)^#(\w)`).ReplaceAllString(example.String(), "$1")
	c, err := config.Load(config.Sources{File: settingsFile(t, used), OS: "windows"})
	require.NoError(t, err, "with every setting in use")
	for _, s := range config.Settings() {
		assert.Equal(t, config.LayerFile, c.Origin(s.Key).Layer, s.Key)
		assert.NotEmpty(t, c.Value(s.Key), s.Key)
	}
}

// The documentation must say what the program does. Run with -update to write it.
func TestTheReferenceIsCurrent(t *testing.T) {
	var made bytes.Buffer
	require.NoError(t, config.WriteReference(&made))
	if *update {
		require.NoError(t, os.WriteFile(reference, made.Bytes(), 0o644))
	}
	written, err := os.ReadFile(reference)
	require.NoError(t, err)
	assert.Equal(t, made.String(), string(written), "run go test ./internal/config -update")
	assert.Contains(t, made.String(), config.Table())
}
