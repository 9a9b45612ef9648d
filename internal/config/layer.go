package config

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// environmentPrefix starts the name of every variable that is ours.
const environmentPrefix = "ERS_LOGIN_"

// layer is the settings that stand in one place, before they are checked.
type layer struct {
	values map[string]any
	place  place
	origin func(Setting) Origin
	// forgiving reports whether an unusable value gives way to the layer below.
	forgiving bool
}

// put checks a value of this layer and stores it.
func (l layer) put(setting Setting, c *Config, raw any, system string) error {
	if setting.Managed && !l.manages(setting) {
		return errors.New("it can only be set in the computer's settings file or in the policy")
	}
	return setting.put(c, raw, l.place, system)
}

// manages reports whether a managed setting counts in this layer.
func (l layer) manages(setting Setting) bool {
	return slices.Contains([]Layer{LayerDefault, LayerMachine, LayerPolicy}, l.origin(setting).Layer)
}

// DefaultFile returns the usual place of the settings file: $XDG_CONFIG_HOME/ers-login/config.toml on Linux, the same below
// %LOCALAPPDATA% on Windows and ~/Library/Application Support on macOS.
func DefaultFile() string { return filepath.Join(xdg.ConfigHome, "ers-login", "config.toml") }

// System returns the sources of the running system. file is the value of --config, or empty.
func System(file string, flags *pflag.FlagSet) Sources {
	// Without a home or a working directory, paths that need one are refused or kept, each with its
	// own error.
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	return Sources{
		Machine: systemMachine, MachineFile: machineFile(), File: file, UserFile: DefaultFile(), Environ: os.Environ(), Flags: flags,
		PolicyFile: policyFile, Policy: systemPolicy, Trust: TrustOwner, Home: home, Dir: dir,
	}
}

// user returns the user's settings file. Its faults are warnings, unless the user has named it.
func (s Sources) user() settingsFile {
	file := s.file(LayerFile, cmp.Or(s.File, s.UserFile))
	file.forgiving = s.File == ""
	return file
}

// file returns a settings file. One that holds for all users of the computer counts only if none of
// them can have written it.
func (s Sources) file(level Layer, path string) settingsFile {
	file := settingsFile{path: path, layer: level, place: place{dir: filepath.Dir(path), home: s.Home}}
	if level == LayerMachine || level == LayerPolicy {
		file.trust = s.Trust
		if file.trust == nil {
			file.trust = TrustOwner
		}
	}
	return file
}

func defaultLayer(table []Setting) layer {
	values := make(map[string]any, len(table))
	for _, setting := range table {
		values[setting.Key] = setting.Default
	}
	return layer{
		values: values,
		place:  place{text: true},
		origin: func(Setting) Origin { return origin(LayerDefault, problem.Words("built-in default")) },
	}
}

func environmentLayer(table []Setting, sources Sources, found *findings) layer {
	values := make(map[string]any)
	for _, entry := range sources.Environ {
		name, value, ok := strings.Cut(entry, "=")
		if runtime.GOOS == "windows" {
			// Names of variables ignore case there.
			name = strings.ToUpper(name)
		}
		if !ok || !strings.HasPrefix(name, environmentPrefix) {
			continue
		}
		key := strings.ToLower(strings.TrimPrefix(name, environmentPrefix))
		if lookup(table, key).Environment != name {
			found.unknownVariable(table, name, key)
			continue
		}
		// An empty variable counts as unset: scripts and service files unset a variable so.
		if value != "" {
			values[key] = value
		}
	}
	return layer{
		values: values,
		place:  place{dir: sources.Dir, home: sources.Home, text: true},
		origin: func(s Setting) Origin { return origin(LayerEnvironment, inVariable(s.Environment)) },
	}
}

func flagLayer(table []Setting, sources Sources) layer {
	values := make(map[string]any)
	for _, setting := range table {
		if sources.Flags == nil {
			break
		}
		if flag := sources.Flags.Lookup(setting.Flag); flag != nil && flag.Changed {
			values[setting.Key] = flag.Value.String()
		}
	}
	return layer{
		values: values,
		place:  place{dir: sources.Dir, home: sources.Home, text: true},
		origin: func(s Setting) Origin { return origin(LayerFlag, inFlag(s.Flag)) },
	}
}

// fileLayer reads a settings file. It may be missing, unless the user has named it.
func fileLayer(table []Setting, file settingsFile, found *findings) layer {
	if file.path == "" {
		return layer{}
	}
	read, err := file.read()
	switch {
	case err == nil:
		return read.layer(table, file, found)
	case file.forgiving && errors.Is(err, fs.ErrNotExist),
		file.layer != LayerFile && missingFile(file.path, err):
	case file.forgiving:
		found.warn(file.unusable(err))
	default:
		found.addFrom(file.layer, file.unusable(err))
	}
	return layer{}
}

// missingFile reports whether an error means that there is no file, not even a dangling link: such
// a link was meant as a policy.
func missingFile(path string, err error) bool {
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, err = os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
