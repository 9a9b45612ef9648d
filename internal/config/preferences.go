package config

import (
	"errors"
	"fmt"
	"io/fs"
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
	offered := slices.DeleteFunc(slices.Clone(table), func(s Setting) bool { return !s.UserChangeable })
	return fileLayer(offered, sources.preferences(), found)
}

// Save keeps a choice of the user in the window, by the setting's key, with the value as in the
// environment. Only a [Setting.UserChangeable] setting that is not locked can be saved.
//
// The file of the preferences is read again, so that choices of another process stay, and replaced
// as a whole. A damaged or unreadable one is renamed, with .bak at the end. The error is a Problem,
// but for a setting that the window does not offer.
func (c Config) Save(key, value string) error {
	chosen, err := c.checked(key, value)
	if err != nil {
		return err
	}
	saving.Lock()
	defer saving.Unlock()
	if err := save(c.preferences.path, key, chosen); err != nil {
		return c.preferences.fill(notSaved, err)
	}
	return nil
}

// saving serialises Save: the window calls it in several goroutines.
var saving sync.Mutex

// checked returns the value of a setting with its TOML type.
func (c Config) checked(key, value string) (any, error) {
	setting := lookup(Settings(), key)
	if !setting.UserChangeable || c.Locked(key) {
		return nil, fmt.Errorf("the window cannot change the setting %s", shownName(key))
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

func save(path, key string, chosen any) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		// A link to a file that is kept elsewhere stays one.
		path = resolved
	}
	before, err := settingsFile{path: path}.read()
	var syntax *syntaxError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	case errors.As(err, &syntax), errors.Is(err, bounded.ErrTooLarge), errors.Is(err, fs.ErrPermission):
		err = os.Rename(path, path+".bak")
	}
	if err != nil {
		return err
	}
	// What another version has written stays, but for what is nested, which none writes.
	after := map[string]any{}
	notText := func(item any) bool { _, ok := item.(string); return !ok }
	for key, value := range before.values {
		list, _ := value.([]any)
		if _, isTable := value.(map[string]any); !isTable && !slices.ContainsFunc(list, notText) {
			after[key] = value
		}
	}
	after[key] = chosen
	content, err := toml.Marshal(after)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, slices.Concat([]byte(preferencesHead), content))
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
)
