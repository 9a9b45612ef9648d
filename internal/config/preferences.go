package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
)

// preferencesHead begins the file of the preferences.
const preferencesHead = `# Your choices in the window of e-RS Login, which writes this file with each of them.
# They override your settings file. To undo them, delete this file.
`

// preferences returns the file of the user's choices in the window, beside their settings file:
// also with --config, which replaces only the latter.
func (s Sources) preferences() settingsFile {
	if s.UserFile == "" {
		return settingsFile{}
	}
	path := filepath.Join(filepath.Dir(s.UserFile), "preferences.toml")
	return settingsFile{path: path, layer: LayerPreferences, forgiving: true}
}

// preferencesLayer reads the user's choices in the window. Other settings do not count
// there.
func preferencesLayer(table []Setting, sources Sources, found *findings) layer {
	var offered []Setting
	for _, setting := range table {
		if setting.UserChangeable {
			offered = append(offered, setting)
		}
	}
	return fileLayer(offered, sources.preferences(), found)
}

// Save keeps the user's choices in the window, by the settings' keys, with the values as in the
// environment. Only [Setting.UserChangeable] settings that are not locked can be saved.
//
// The file of the preferences is read again, so that choices of another process stay, and replaced
// as a whole. A damaged or unreadable one is renamed, with .bak at the end. The error is a Problem.
func (c Config) Save(values map[string]string) error {
	chosen := make(map[string]any, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, err := c.checked(key, values[key])
		if err != nil {
			return err
		}
		chosen[key] = value
	}
	saving.Lock()
	defer saving.Unlock()
	if err := save(c.preferences.path, chosen); err != nil {
		return c.preferences.fill(notSaved, err)
	}
	return nil
}

// saving serialises Save: the window calls it in several goroutines.
var saving sync.Mutex

// checked returns the value of a setting with its TOML type.
func (c Config) checked(key, value string) (any, error) {
	setting := lookup(Settings(), key)
	switch {
	case !setting.UserChangeable:
		return nil, notChangeable.With("Setting", shownName(key)).
			Because(fmt.Errorf("%s is not to be changed in the window", shownName(key)))
	case c.Locked(key):
		return nil, lockedSetting.With("Setting", key).WithPhrase("Origin", c.Origin(key).Phrase()).
			Because(fmt.Errorf("%s is set by %s", key, c.Origin(key).Where))
	}
	var scratch Config
	if err := setting.put(&scratch, value, place{text: true}, c.system); err != nil {
		return nil, unusable(setting, origin(LayerPreferences, problem.Words("the window")), err)
	}
	value = setting.of(scratch)
	switch setting.Kind {
	case KindBool:
		return value == "true", nil
	case KindPercent:
		return strconv.Atoi(value)
	}
	return value, nil
}

func save(path string, chosen map[string]any) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		// A link to a file that is kept elsewhere stays one.
		path = resolved
	}
	before, err := settingsFile{path: path}.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	case broken(err), errors.Is(err, fs.ErrPermission):
		err = os.Rename(path, path+".bak")
	}
	if err != nil {
		return err
	}
	// What another version has written stays, but for what is nested, which none writes.
	after := map[string]any{}
	for key, value := range before.values {
		switch value.(type) {
		case map[string]any, []any:
		default:
			after[key] = value
		}
	}
	maps.Copy(after, chosen)
	content, err := toml.Marshal(after)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, slices.Concat([]byte(preferencesHead), content))
}

// broken reports whether a file cannot be used because of its content.
func broken(err error) bool {
	var syntax *syntaxError
	return errors.As(err, &syntax) || errors.Is(err, bounded.ErrTooLarge)
}

// The Problems of preferences.
var (
	skippedPreferences = &problem.Problem{
		Code:  "SETTING-PREFERENCES",
		Title: "Your choices in the window cannot be used",
		Happened: "The file {{.File}} with your choices in the window cannot be used: {{.Reason}}. " +
			"e-RS Login does not use it.",
		Steps: []string{
			"Open the settings of e-RS Login (F2) and choose again. The damaged file is then kept " +
				"with .bak at the end of its name.",
		},
	}
	notSaved = &problem.Problem{
		Code:  "SETTING-SAVE",
		Title: "Your change was not saved",
		Happened: "It lasts until you close e-RS Login. e-RS Login could not write to {{.File}}: " +
			"{{.Reason}}.",
		Steps: []string{
			"You can keep working.",
			"To keep your change, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Make sure that this user can write to that file's folder.",
		},
		Retry: true,
	}
	lockedSetting = &problem.Problem{
		Code:  "SETTING-LOCKED",
		Title: "This setting is managed by your organisation",
		Happened: "Your organisation has set {{.Setting}} for everyone, so you cannot change it " +
			"here. It comes from {{.Origin}}.",
		Steps: []string{"If you need to change it, contact your local service desk."},
	}
	notChangeable = &problem.Problem{
		Code:        "SETTING-UNCHANGEABLE",
		Title:       "This setting cannot be changed in the window",
		Happened:    "The window cannot change the setting {{.Setting}}.",
		Steps:       []string{"If you need to change it, contact your local service desk."},
		ServiceDesk: []string{"Change it in the settings file."},
	}
)
