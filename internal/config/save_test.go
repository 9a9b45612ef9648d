package config_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

// A choice that is not there at the next start, or that costs the user the rest of their file, is worse than none.
func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "yet", "config.toml")
	c, err := config.Load(config.Sources{UserFile: path})
	require.NoError(t, err)
	require.NoError(t, c.Save(path, nil))
	require.NoFileExists(t, path, "nothing was chosen")

	require.NoError(t, c.Save(path, map[string]string{"theme": "dark", "text_size": "150%", "minimise_on_sign_in": "TRUE", "language": "cy"}))
	again, err := config.Load(config.Sources{UserFile: path})
	require.NoError(t, err)
	assert.Equal(t, config.ThemeDark, again.Theme)
	assert.Equal(t, 150, again.TextSize)
	assert.True(t, again.MinimiseOnSignIn)
	assert.Equal(t, config.LanguageWelsh, again.Language)
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left in the folder")

	require.NoError(t, c.Save(path, map[string]string{"text_size": "80"}))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "language = \"cy\"\nminimise_on_sign_in = true\ntext_size = 80\ntheme = \"dark\"\n", string(content))
}

// The window must not change what the organisation has decided, or what an administrator keeps in the file.
func TestWhatIsNotSaved(t *testing.T) {
	const before = "# ours\ntheme = 'light'\n"
	policy := settingsFile(t, "language = 'en'\n")
	for name, test := range map[string]struct {
		values map[string]string
		code   string
		says   string
	}{
		"locked":           {map[string]string{"language": "cy"}, "SETTING-LOCKED", "managed by your organisation"},
		"one of them":      {map[string]string{"language": "cy", "theme": "dark"}, "SETTING-LOCKED", "language"},
		"not changeable":   {map[string]string{"base_url": "https://e"}, "SETTING-UNCHANGEABLE", "base_url"},
		"unknown":          {map[string]string{"colour": "red"}, "SETTING-UNCHANGEABLE", "colour"},
		"not a value":      {map[string]string{"theme": "purple"}, "SETTING-THEME", "from the window"},
		"another TOML":     {map[string]string{"theme": "dark\"\nagent = \"command"}, "SETTING-THEME", "control character"},
		"too small":        {map[string]string{"text_size": "10"}, "SETTING-TEXT_SIZE", "less than 80"},
		"nothing at all":   {map[string]string{"theme": ""}, "SETTING-THEME", "one of these words"},
		"key as injection": {map[string]string{"theme = 'dark'\nasid": "1"}, "SETTING-UNCHANGEABLE", "asid"},
	} {
		t.Run(name, func(t *testing.T) {
			path := settingsFile(t, before)
			c, err := config.Load(config.Sources{UserFile: path, PolicyFile: policy, Trust: trustAll})
			require.NoError(t, err)
			err = c.Save(path, test.values)
			p := problem.Of(err)
			require.NotNil(t, p)
			assert.Equal(t, test.code, p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.NotContains(t, allText(p), "{{")
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, before, string(content))
		})
	}
}

// A failure to save is reported, and the file is unchanged.
func TestAFailureToSave(t *testing.T) {
	occupied := settingsFile(t, "")
	huge := "#" + strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		path, content, says string
	}{
		"the folder is a file":     {path: filepath.Join(occupied, "config.toml"), says: "not a directory"},
		"the folder cannot be":     {path: filepath.Join(occupied, "ers-login", "config.toml"), says: "not a directory"},
		"the file is a folder":     {path: t.TempDir(), says: "not a regular file"},
		"the file is broken":       {content: "theme = dark\n", says: "not valid TOML at line 1, column"},
		"the file is too large":    {content: huge, says: "too large"},
		"the file would be":        {content: huge[:1<<20-5], says: "too large"},
		"the setting is a table":   {content: "[theme]\na = 1\n", says: "in its place"},
		"the setting has parts":    {content: "theme.a = 1\n", says: "in its place"},
		"the setting is something": {content: "theme = ['a',\n'b']\n", says: "a list or a table"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.path == "" {
				test.path = settingsFile(t, test.content)
			}
			err := config.Config{}.Save(test.path, map[string]string{"theme": "dark"})
			p := problem.Of(err)
			require.NotNil(t, p)
			assert.Equal(t, "SETTING-SAVE", p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.Contains(t, allText(p), "lasts until you close e-RS Login")
			if test.content != "" {
				content, err := os.ReadFile(test.path)
				require.NoError(t, err)
				require.True(t, test.content == string(content))
			}
		})
	}
}

// A user who moves a slider and presses a button saves twice at once: both choices count.
func TestChoicesAtTheSameTime(t *testing.T) {
	path := settingsFile(t, "# ours\nasid = '123456789012'\n")
	choices := map[string]string{"theme": "dark", "text_size": "120", "language": "cy", "minimise_on_sign_in": "true"}
	var all sync.WaitGroup
	for key, value := range choices {
		all.Go(func() { assert.NoError(t, config.Config{}.Save(path, map[string]string{key: value})) })
	}
	all.Wait()
	c, err := config.Load(config.Sources{File: path})
	require.NoError(t, err)
	for key, value := range choices {
		assert.Equal(t, value, c.Value(key))
	}
	assert.Equal(t, "123456789012", c.ASID)
}

// Settings that are kept with others, elsewhere, stay there.
func TestSavingThroughALink(t *testing.T) {
	kept := settingsFile(t, "theme = 'light'\n")
	link := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.Symlink(kept, link))
	require.NoError(t, config.Config{}.Save(link, map[string]string{"theme": "dark"}))
	content, err := os.ReadFile(kept)
	require.NoError(t, err)
	assert.Equal(t, "theme = \"dark\"\n", string(content))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
}
