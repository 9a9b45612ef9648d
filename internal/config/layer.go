package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
)

// environmentPrefix starts the name of every variable that is ours.
const environmentPrefix = "ERS_LOGIN_"

// layer is the settings that stand in one place, before they are checked.
type layer struct {
	values map[string]any
	place  place
	origin func(Setting) Origin
}

// DefaultFile returns the usual place of the settings file: $XDG_CONFIG_HOME/ers-login/config.toml on Linux, the same below
// %LOCALAPPDATA% on Windows and ~/Library/Application Support on macOS.
func DefaultFile() string { return filepath.Join(xdg.ConfigHome, "ers-login", "config.toml") }

// System returns the sources of the running system. File is what the user gave with --config, or empty.
func System(file string, flags *pflag.FlagSet) Sources {
	// Without a home or a working directory the paths that need one are refused or left as they are, each with its own error.
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	return Sources{File: file, UserFile: DefaultFile(), Environ: os.Environ(), Flags: flags, Home: home, Dir: dir}
}

// file returns the settings file to read.
func (s Sources) file() string {
	if s.File != "" {
		return s.File
	}
	return s.UserFile
}

func defaultLayer(table []Setting) layer {
	values := make(map[string]any, len(table))
	for _, setting := range table {
		values[setting.Key] = setting.Default
	}
	return layer{
		values: values,
		place:  place{text: true},
		origin: func(Setting) Origin { return Origin{LayerDefault, "built-in default"} },
	}
}

func environmentLayer(table []Setting, sources Sources, found *findings) layer {
	known := make(map[string]Setting, len(table))
	for _, setting := range table {
		known[setting.Environment] = setting
	}
	values := make(map[string]any)
	for _, entry := range sources.Environ {
		name, value, ok := strings.Cut(entry, "=")
		if runtime.GOOS == "windows" {
			// Names of variables know no upper and lower case there.
			name = strings.ToUpper(name)
		}
		if !ok || !strings.HasPrefix(name, environmentPrefix) {
			continue
		}
		setting, ok := known[name]
		if !ok {
			found.unknownVariable(table, name)
			continue
		}
		// An empty variable is one that is not set: that is how a script or a service file takes a variable back.
		if value != "" {
			values[setting.Key] = value
		}
	}
	return layer{
		values: values,
		place:  place{dir: sources.Dir, home: sources.Home, text: true},
		origin: func(s Setting) Origin {
			return Origin{LayerEnvironment, "environment variable " + s.Environment}
		},
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
		origin: func(s Setting) Origin { return Origin{LayerFlag, "flag --" + s.Flag} },
	}
}

// fileLayer reads the settings file.
func fileLayer(table []Setting, sources Sources, found *findings) layer {
	path := sources.file()
	if path == "" {
		return layer{}
	}
	content, err := readBounded(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) && sources.File == "" {
		return layer{}
	}
	if err != nil {
		found.add(noFile.With("File", path).With("Reason", bare(err).Error()).
			Because(fmt.Errorf("could not read the settings file: %w", err)))
		return layer{}
	}
	return parseFile(table, path, content, sources.Home, found)
}
