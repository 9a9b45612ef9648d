package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

// The file is the user's: whatever they wrote into it must be there after the window has kept a choice, or an administrator's
// work is lost by a click.
func TestEdit(t *testing.T) {
	dark := map[string]string{"theme": `"dark"`}
	for name, test := range map[string]struct {
		before  string
		written map[string]string
		after   string // empty: refused
	}{
		"no file":                    {"", dark, "theme = \"dark\"\n"},
		"comments alone":             {"# ours\n", dark, "# ours\ntheme = \"dark\"\n"},
		"replaced":                   {"theme = 'light'\n", dark, "theme = \"dark\"\n"},
		"replaced, with a comment":   {"  theme=\"light\"\t# nice\nasid = '1'\n", dark, "  theme=\"dark\"\t# nice\nasid = '1'\n"},
		"replaced, quoted key":       {"\"theme\" = ''\n", dark, "\"theme\" = \"dark\"\n"},
		"replaced, literal key":      {"'theme' = ''\n", dark, "'theme' = \"dark\"\n"},
		"replaced, of many lines":    {"theme = \"\"\"\na\n\"\"\" # x\nasid = '1'\n", dark, "theme = \"dark\" # x\nasid = '1'\n"},
		"replaced, literal lines":    {"theme = '''\na''' # x\n", dark, "theme = \"dark\" # x\n"},
		"replaced, no last newline":  {"theme = 'light'", dark, "theme = \"dark\""},
		"the same":                   {"theme = \"dark\"\n", dark, "theme = \"dark\"\n"},
		"another type":               {"text_size = 'big' # x\n", map[string]string{"text_size": "120"}, "text_size = 120 # x\n"},
		"number by number":           {"text_size = 1_00\n", map[string]string{"text_size": "120"}, "text_size = 120\n"},
		"float by number":            {"text_size = 1.5e2# x\n", map[string]string{"text_size": "120"}, "text_size = 120# x\n"},
		"date by number":             {"text_size = 1979-05-27 07:32:00 # x\n", map[string]string{"text_size": "120"}, "text_size = 120 # x\n"},
		"true by false":              {"minimise_on_sign_in = true\n", map[string]string{"minimise_on_sign_in": "false"}, "minimise_on_sign_in = false\n"},
		"added":                      {"asid = '1'\n", dark, "asid = '1'\ntheme = \"dark\"\n"},
		"added, no last newline":     {"asid = '1'", dark, "asid = '1'\ntheme = \"dark\"\n"},
		"added behind a list":        {"agent_command = [\n  '/a',\n]\n", dark, "agent_command = [\n  '/a',\n]\ntheme = \"dark\"\n"},
		"added in front of a table":  {"asid = '1' # x\n\n# about a\n[a]\ntheme = 'x'\n", dark, "asid = '1' # x\ntheme = \"dark\"\n\n# about a\n[a]\ntheme = 'x'\n"},
		"added, only tables":         {"# about a\n[a]\ntheme = 'x'\n", dark, "theme = \"dark\"\n# about a\n[a]\ntheme = 'x'\n"},
		"added, list, then a table":  {"agent_command = [\n  '/a',\n]\n[a]\n", dark, "theme = \"dark\"\nagent_command = [\n  '/a',\n]\n[a]\n"},
		"added, a dotted key":        {"a.theme = 'x'\n", dark, "a.theme = 'x'\ntheme = \"dark\"\n"},
		"Windows' line ends":         {"asid = '1'\r\nlog_level = 'debug'\r\n", dark, "asid = '1'\r\nlog_level = 'debug'\r\ntheme = \"dark\"\r\n"},
		"Windows' line ends, tables": {"asid = '1'\r\n[a]\r\n", dark, "asid = '1'\r\ntheme = \"dark\"\r\n[a]\r\n"},
		"Notepad's mark":             {"\ufeffasid = '1'\n", dark, "\ufeffasid = '1'\ntheme = \"dark\"\n"},
		"only Notepad's mark":        {"\ufeff", dark, "\ufefftheme = \"dark\"\n"},
		"in a comment and a text":    {"# theme = 'a'\nasid = \"theme = 'b'\"\n", dark, "# theme = 'a'\nasid = \"theme = 'b'\"\ntheme = \"dark\"\n"},
		"two at once":                {"theme = ''\n", map[string]string{"theme": `"dark"`, "language": `"cy"`}, "theme = \"dark\"\nlanguage = \"cy\"\n"},
		"a list":                     {"theme = [1]\n", dark, ""},
		"an inline table":            {"theme = { a = 1 }\n", dark, ""},
		"a table":                    {"[theme]\na = 1\n", dark, ""},
		"dotted":                     {"theme.a = 1\n", dark, ""},
		"broken":                     {"theme = dark\n", dark, ""},
		"not text":                   {"theme = '\xff'\n", dark, ""},
		"no room left":               {"#" + strings.Repeat("x", maxFile-10), dark, ""},
	} {
		t.Run(name, func(t *testing.T) {
			after, err := edit([]byte(test.before), test.written)
			if test.after == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.after, string(after))
		})
	}
}

// Two choices in quick succession, or an editor that saves at the same moment: neither's work is lost.
func TestAChangeMeanwhileIsTakenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	others := []string{"asid = '1'\n", "asid = '2'\n", "asid = '2'\nlog_level = 'debug'\n"}
	interrupted := func(file string, before, after []byte) error {
		if len(others) > 0 {
			require.NoError(t, os.WriteFile(file, []byte(others[0]), 0o600))
			others = others[1:]
		}
		return replaceFile(file, before, after)
	}
	require.NoError(t, save(path, map[string]string{"theme": `"dark"`}, interrupted))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "asid = '2'\nlog_level = 'debug'\ntheme = \"dark\"\n", string(content))

	t.Run("and not for ever", func(t *testing.T) {
		attempts := 0
		err := save(path, map[string]string{"theme": `"light"`}, func(file string, before, after []byte) error {
			attempts++
			require.NoError(t, os.WriteFile(file, append(before, '\n'), 0o600))
			return replaceFile(file, before, after)
		})
		require.ErrorIs(t, err, errChanged)
		assert.Equal(t, "SETTING-SAVE", problem.Of(err).Code)
		assert.Equal(t, maxSaves, attempts)
	})
	t.Run("also when the file goes", func(t *testing.T) {
		gone := false
		require.NoError(t, save(path, map[string]string{"theme": `"light"`}, func(file string, before, after []byte) error {
			if !gone {
				gone = true
				require.NoError(t, os.Remove(file))
			}
			return replaceFile(file, before, after)
		}))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "theme = \"light\"\n", string(content))
	})
}

// Whatever stands in the file, saving leaves a file that can be read, with the choice and everything else in it, or leaves it alone.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		"", "theme = 'light'\n", "a.b = 1\n[theme]\n", "theme = [\n1]\n[[x]]\n", "\ufeff# x\r\n'theme'\t= \"\"\"a\"\"\"\"\r\n", "theme.x = 1", "text_size = 0x10 #\n",
	} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, other bool) {
		if len(content) > 1<<12 {
			return
		}
		written := map[string]string{"theme": `"dark"`}
		if other {
			written = map[string]string{"text_size": "120", "minimise_on_sign_in": "true"}
		}
		after, err := edit(content, written)
		if err != nil {
			return
		}
		read, err := parse(after)
		if err != nil {
			t.Fatalf("%q became %q: %v", content, after, err)
		}
		if other && read.values["text_size"] != int64(120) || !other && read.values["theme"] != "dark" {
			t.Fatalf("%q became %q", content, after)
		}
		again, err := edit(after, written)
		if err != nil || string(again) != string(after) {
			t.Fatalf("%q is not stable: %q, %v", after, again, err)
		}
	})
}
