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

// preferencesOf returns the file of the preferences beside a settings file.
func preferencesOf(file string) string { return filepath.Join(filepath.Dir(file), "preferences.toml") }

// loadUser reads the settings of a user.
func loadUser(t *testing.T, file string) config.Config {
	t.Helper()
	c, err := config.Load(config.Sources{UserFile: file})
	require.NoError(t, err)
	return c
}

// A choice that is not there at the next start is worse than none.
func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "yet", "config.toml")
	c := loadUser(t, path)
	for key, value := range map[string]string{"theme": "dark", "text_size": "150%", "minimise_on_sign_in": "TRUE", "language": "cy"} {
		require.NoError(t, c.Save(key, value))
	}
	again := loadUser(t, path)
	assert.Empty(t, again.Warnings)
	assert.Equal(t, config.ThemeDark, again.Theme)
	assert.Equal(t, 150, again.TextSize)
	assert.True(t, again.MinimiseOnSignIn)
	assert.Equal(t, config.LanguageWelsh, again.Language)
	assert.Equal(t, "preferences", again.Origin("theme").Layer.String())
	assert.Equal(t, "line 6 of "+preferencesOf(path), again.Origin("theme").String())
	if runtime.GOOS != "windows" {
		info, err := os.Stat(preferencesOf(path))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left in the folder")

	require.NoError(t, c.Save("text_size", "80"))
	again = loadUser(t, path)
	assert.Equal(t, 80, again.TextSize)
	assert.Equal(t, config.ThemeDark, again.Theme, "the other choices stay")
}

// The file of an earlier version has the choices too: they count until something else is chosen, and
// an administrator's work in the file is not lost by a click.
func TestChoicesInTheSettingsFile(t *testing.T) {
	const before = "# ours\r\ntheme = 'light'\r\ntext_size = 150 # large\r\n"
	file := settingsFile(t, before)
	c := loadUser(t, file)
	assert.Equal(t, config.ThemeLight, c.Theme)
	require.NoError(t, c.Save("theme", "system"))
	for _, sources := range []config.Sources{{UserFile: file}, {UserFile: file, File: settingsFile(t, before)}} {
		c, err := config.Load(sources)
		require.NoError(t, err)
		assert.Equal(t, config.ThemeSystem, c.Theme, "the choice in the window counts, though it is the default")
		assert.Equal(t, 150, c.TextSize)
		assert.Equal(t, config.LayerFile, c.Origin("text_size").Layer)
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, before, string(content))

	above, err := config.Load(config.Sources{UserFile: file, Environ: []string{"ERS_LOGIN_THEME=dark"}})
	require.NoError(t, err)
	assert.Equal(t, config.ThemeDark, above.Theme)
	locked, err := config.Load(config.Sources{UserFile: file, PolicyFile: settingsFile(t, "theme = 'high-contrast'\n"), Trust: trustAll})
	require.NoError(t, err)
	assert.Equal(t, config.ThemeHighContrast, locked.Theme)
	assert.True(t, locked.Locked("theme"))
}

// The window must not change what the organisation has decided, or what an administrator keeps in the file.
func TestWhatIsNotSaved(t *testing.T) {
	const before = "theme = 'light'\n"
	policy := settingsFile(t, "language = 'en'\n")
	for name, test := range map[string]struct{ key, value, code, says string }{
		"locked":           {"language", "cy", "UNEXPECTED", "cannot change the setting language"},
		"not changeable":   {"base_url", "https://e", "UNEXPECTED", "base_url"},
		"unknown":          {"colour", "red", "UNEXPECTED", "colour"},
		"not a value":      {"theme", "purple", "SETTING-THEME", "from the window"},
		"another TOML":     {"theme", "dark\"\nagent = \"command", "SETTING-THEME", "control character"},
		"too small":        {"text_size", "10", "SETTING-TEXT_SIZE", "less than 80"},
		"nothing at all":   {"theme", "", "SETTING-THEME", "one of these words"},
		"key as injection": {"theme = 'dark'\nasid", "1", "UNEXPECTED", "asid"},
	} {
		t.Run(name, func(t *testing.T) {
			path := settingsFile(t, "")
			require.NoError(t, os.WriteFile(preferencesOf(path), []byte(before), 0o600))
			c, err := config.Load(config.Sources{UserFile: path, PolicyFile: policy, Trust: trustAll})
			require.NoError(t, err)
			err = c.Save(test.key, test.value)
			p := problem.Of(err)
			require.NotNil(t, p)
			assert.Equal(t, test.code, p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.NotContains(t, allText(p), "{{")
			content, err := os.ReadFile(preferencesOf(path))
			require.NoError(t, err)
			assert.Equal(t, before, string(content))
		})
	}
}

// A failure to save is reported.
func TestAFailureToSave(t *testing.T) {
	occupied := settingsFile(t, "")
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "preferences.toml"), 0o700))
	damaged := settingsFile(t, "")
	require.NoError(t, os.WriteFile(preferencesOf(damaged), []byte("theme"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(preferencesOf(damaged)+".bak", "inside"), 0o700))
	for name, test := range map[string]struct{ path, says string }{
		"the folder is a file": {filepath.Join(occupied, "config.toml"), "not a directory"},
		"the folder cannot be": {filepath.Join(occupied, "ers-login", "config.toml"), "not a directory"},
		"the file is a folder": {filepath.Join(folder, "config.toml"), "not a regular file"},
		"there is no place":    {"", "could not write to"},
		"it cannot be kept":    {damaged, "could not write to " + preferencesOf(damaged) + ": file exists."},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(config.Sources{UserFile: test.path})
			require.NoError(t, err)
			p := problem.Of(c.Save("theme", "dark"))
			require.NotNil(t, p)
			assert.Equal(t, "SETTING-SAVE", p.Code)
			assert.Contains(t, allText(p), test.says)
			assert.Contains(t, allText(p), "lasts until you close e-RS Login")
			assert.NotContains(t, p.Cause.Error(), "could not read")
		})
	}
}

// A file of the program that is damaged, or was edited by hand, costs nothing but its own values.
func TestUnusablePreferences(t *testing.T) {
	huge := "#" + strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		content, code, says string
		replaced            bool
	}{
		"damaged":                {"theme = dark\n", "SETTING-PREFERENCES", "not valid TOML at line 1, column", true},
		"half of it":             {"theme = \"da", "SETTING-PREFERENCES", "not valid TOML", true},
		"not text":               {"theme = '\xff'\n", "SETTING-PREFERENCES", "not valid TOML", true},
		"too large":              {huge, "SETTING-PREFERENCES", "too large", true},
		"no such theme":          {"theme = 'purple'\n", "SETTING-THEME", "line 1 of", false},
		"a list":                 {"theme = ['a',\n'b']\n", "SETTING-THEME", "not a text", false},
		"a table":                {"[theme]\na = 1\n", "SETTING-THEME", "not a text", false},
		"another setting":        {"base_url = 'https://evil.example'\n", "", "", false},
		"a later version's":      {"colour = 'red'\n", "", "", false},
		"a later version's list": {"colours = ['red', 'blue']\n", "", "", false},
		"a secret":               {"token = 'hunter2'\n", "SETTING-SECRET", "token", false},
	} {
		t.Run(name, func(t *testing.T) {
			file := settingsFile(t, "text_size = 120\n")
			require.NoError(t, os.WriteFile(preferencesOf(file), []byte(test.content), 0o600))
			c := loadUser(t, file)
			assert.Equal(t, config.ThemeSystem, c.Theme)
			assert.Equal(t, 120, c.TextSize)
			assert.Empty(t, c.BaseURL)
			if test.code == "" {
				// Save keeps it, so that a warning would come at each start.
				require.Empty(t, c.Warnings)
			} else {
				require.Len(t, c.Warnings, 1)
				assert.Equal(t, test.code, c.Warnings[0].Code)
				assert.Contains(t, allText(c.Warnings[0]), test.says)
				assert.Contains(t, allText(c.Warnings[0]), "preferences.toml")
				assert.NotContains(t, allText(c.Warnings[0]), "hunter2")
			}
			content, err := os.ReadFile(preferencesOf(file))
			require.NoError(t, err)
			require.True(t, test.content == string(content), "reading changes nothing")

			require.NoError(t, c.Save("theme", "dark"))
			again := loadUser(t, file)
			assert.Equal(t, config.ThemeDark, again.Theme)
			assert.Equal(t, 120, again.TextSize)
			kept, err := os.ReadFile(preferencesOf(file) + ".bak")
			if test.replaced {
				require.NoError(t, err)
				require.True(t, test.content == string(kept), "nothing is lost")
				assert.Empty(t, again.Warnings)
			} else {
				require.ErrorIs(t, err, os.ErrNotExist)
			}
			content, err = os.ReadFile(preferencesOf(file))
			require.NoError(t, err)
			assert.Equal(t, strings.HasPrefix(name, "a later version's"), strings.Contains(string(content), "colour"), "what another version has chosen stays")
		})
	}
}

// A user who moves a slider and presses a button saves twice at once, and another window is another
// process, which has read the file long before: all choices count.
func TestChoicesAtTheSameTime(t *testing.T) {
	path := settingsFile(t, "# ours\nasid = '123456789012'\n")
	choices := map[string]string{"theme": "dark", "text_size": "120", "language": "cy", "minimise_on_sign_in": "true"}
	var all sync.WaitGroup
	for key, value := range choices {
		read := loadUser(t, path)
		all.Go(func() { assert.NoError(t, read.Save(key, value)) })
	}
	all.Wait()
	c := loadUser(t, path)
	for key, value := range choices {
		assert.Equal(t, value, c.Value(key))
	}
	assert.Equal(t, "123456789012", c.ASID)
}

// Choices that are kept with others, elsewhere, stay there.
func TestSavingThroughALink(t *testing.T) {
	kept := settingsFile(t, "theme = 'light'\n")
	file := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.Symlink(kept, preferencesOf(file)))
	require.NoError(t, loadUser(t, file).Save("theme", "dark"))
	content, err := os.ReadFile(kept)
	require.NoError(t, err)
	assert.Contains(t, string(content), "theme = 'dark'\n")
	info, err := os.Lstat(preferencesOf(file))
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
}
