package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/ui"
)

// fakeAutostart is an autostart in memory.
type fakeAutostart struct {
	started, allUsers bool
	err               error
}

func (f *fakeAutostart) On() (bool, error) { return f.started, nil }

func (f *fakeAutostart) ForAllUsers() (bool, error) { return f.allUsers, nil }

func (f *fakeAutostart) Set(on bool) error {
	if f.err == nil {
		f.started = on
	}
	return f.err
}

func (f *fakeAutostart) Forget() error { return f.Set(false) }

// Choices made in the window are kept for the next start, and leave the user's own file alone.
func TestWhatIsChosenInTheWindowIsSaved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(file, []byte("# mine\ntheme = \"dark\"\n"), 0o600))
	sources := config.Sources{UserFile: file}
	starting := &fakeAutostart{}
	chosen := newPreferences(settingsForLooks(sources), starting, logrus.New())
	require.Equal(t, map[ui.Preference]string{ui.PreferLanguage: "", ui.PreferAppearance: "dark", ui.PreferTextSize: "100",
		ui.PreferMinimise: "false", ui.PreferAutostart: "false"}, chosen.values)
	for name, value := range map[ui.Preference]string{ui.PreferLanguage: "cy", ui.PreferAppearance: "high-contrast",
		ui.PreferTextSize: "150", ui.PreferMinimise: "true", ui.PreferAutostart: "true"} {
		require.NoError(t, chosen.Set(name, value))
	}
	for when, p := range map[string]*preferences{"at once": chosen, "at the next start": newPreferences(settingsForLooks(sources), starting, logrus.New())} {
		t.Run(when, func(t *testing.T) {
			assert.Equal(t, map[ui.Preference]string{ui.PreferLanguage: "cy", ui.PreferAppearance: "high-contrast",
				ui.PreferTextSize: "150", ui.PreferMinimise: "true", ui.PreferAutostart: "true"}, p.values)
		})
	}
	require.NoError(t, chosen.Set(ui.PreferLanguage, ""))
	settings := settingsForLooks(sources)
	assert.Equal(t, config.LanguageAuto, settings.Language)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "# mine\ntheme = \"dark\"\n", string(content))
}

// A user cannot switch off what starts for all users, and learns that, rather than seeing it as
// off.
func TestWhatStartsForAllUsersIsManaged(t *testing.T) {
	for name, allUsers := range map[string]bool{"for all users": true, "for this user": false} {
		t.Run(name, func(t *testing.T) {
			starting := &fakeAutostart{started: true, allUsers: allUsers}
			chosen := newPreferences(settingsForLooks(config.Sources{}), starting, logrus.New())
			assert.Equal(t, allUsers, chosen.Locked(ui.PreferAutostart))
			assert.False(t, chosen.Locked(ui.PreferTextSize))
			err := chosen.Set(ui.PreferAutostart, "false")
			assert.Equal(t, allUsers, err != nil)
			value, offered := chosen.Value(ui.PreferAutostart)
			assert.True(t, offered)
			assert.Equal(t, allUsers, value == "true")
			assert.Equal(t, allUsers, starting.started)
		})
	}
}

func TestWhatCannotBeSavedIsNotTakenForSaved(t *testing.T) {
	dir := t.TempDir()
	policy := filepath.Join(dir, "policy.toml")
	require.NoError(t, os.WriteFile(policy, []byte("theme = \"light\"\n"), 0o600))
	trusted := func(*os.File) error { return nil }
	settings := settingsForLooks(config.Sources{UserFile: filepath.Join(dir, "config.toml"), PolicyFile: policy, Trust: trusted})
	full := &fakeAutostart{err: errors.New("full")}
	p := newPreferences(settings, full, logrus.New())
	assert.True(t, p.Locked(ui.PreferAppearance))
	assert.False(t, p.Locked(ui.PreferTextSize))
	assert.False(t, p.Locked(ui.PreferAutostart))
	for name, value := range map[ui.Preference]string{ui.PreferAppearance: "dark", ui.PreferAutostart: "true", ui.PreferTextSize: "900",
		"colour": "red"} {
		require.Error(t, p.Set(name, value), name)
		was, _ := p.Value(name)
		assert.NotEqual(t, value, was, name)
	}
	none := newPreferences(settings, nil, logrus.New())
	_, offered := none.Value(ui.PreferAutostart)
	assert.False(t, offered, "not in the demonstration")
	require.Error(t, none.Set(ui.PreferAutostart, "true"))
}
