package config

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// policyKey is the key of group policies, machineKey that of the installer. Both are writable by
// administrators alone.
const (
	policyKey  = `Software\Policies\ers-login`
	machineKey = `Software\ers-login`
)

// policyFile is empty: on Windows the policy is in the registry.
const policyFile = ""

// machineFile asks Windows for the folder. The variable %ProgramData% is the user's to change.
func machineFile() string {
	folder, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		folder = `C:\ProgramData`
	}
	return filepath.Join(folder, "ers-login", "config.toml")
}

// Bounds of the key.
const (
	maxPolicyValues = 200
	maxPolicyValue  = 64 << 10
)

// systemPolicy reads the policy from the registry: the name of a value is the key of a setting.
func systemPolicy() []Policy {
	return registryPolicy(registry.LOCAL_MACHINE, policyKey, `HKLM\`+policyKey)
}

// systemMachine reads the installer's properties: the name of a value is the key of a setting.
func systemMachine() []Policy {
	return registryPolicy(registry.LOCAL_MACHINE, machineKey, `HKLM\`+machineKey)
}

func registryPolicy(root registry.Key, path, where string) []Policy {
	// The program is a 64-bit one; a 32-bit build must not see the other view, which is empty.
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []Policy{{Where: where, Err: fmt.Errorf("could not open the key: %w", err)}}
	}
	values, err := readKey(key)
	return []Policy{{Where: where, Values: values, Err: errors.Join(err, key.Close())}}
}

func readKey(key registry.Key) (map[string]any, error) {
	info, err := key.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("could not look at the key: %w", err)
	case info.ValueCount > maxPolicyValues:
		return nil, fmt.Errorf("it has more than %d values", maxPolicyValues)
	case info.MaxValueLen > maxPolicyValue:
		return nil, fmt.Errorf("it has a value of more than %d bytes", maxPolicyValue)
	case info.SubKeyCount > 0:
		return nil, errors.New("it has subkeys, but settings must be values")
	}
	names, err := key.ReadValueNames(0)
	if err != nil {
		return nil, fmt.Errorf("could not list the values: %w", err)
	}
	values := make(map[string]any, len(names))
	for _, name := range names {
		value, err := readValue(key, name)
		if err != nil {
			return nil, fmt.Errorf("could not read the value %s: %w", name, err)
		}
		if name == "" {
			name = "(Default)"
		}
		// Names in the registry ignore case.
		values[strings.ToLower(name)] = value
	}
	return values, nil
}

// readValue returns a value in the form of a [Policy]. An unsupported type becomes a value that
// every setting refuses.
func readValue(key registry.Key, name string) (any, error) {
	_, kind, err := key.GetValue(name, nil)
	if err != nil && !errors.Is(err, registry.ErrShortBuffer) {
		return nil, err
	}
	switch kind {
	case registry.SZ:
		text, _, err := key.GetStringValue(name)
		return text, err
	case registry.EXPAND_SZ:
		text, _, err := key.GetStringValue(name)
		if err != nil {
			return nil, err
		}
		return expand(text, knownFolder)
	case registry.MULTI_SZ:
		texts, _, err := key.GetStringsValue(name)
		list := make([]any, len(texts))
		for i, text := range texts {
			list[i] = text
		}
		return list, err
	case registry.DWORD, registry.QWORD:
		number, _, err := key.GetIntegerValue(name)
		return int64(min(number, math.MaxInt64)), err
	}
	return kind, nil
}

// knownFolder returns the folder that a variable of a new user's environment names.
func knownFolder(name string) (string, error) {
	folders := map[string]*windows.KNOWNFOLDERID{
		"ALLUSERSPROFILE":    windows.FOLDERID_ProgramData,
		"APPDATA":            windows.FOLDERID_RoamingAppData,
		"COMMONPROGRAMFILES": windows.FOLDERID_ProgramFilesCommon,
		"LOCALAPPDATA":       windows.FOLDERID_LocalAppData,
		"PROGRAMDATA":        windows.FOLDERID_ProgramData,
		"PROGRAMFILES":       windows.FOLDERID_ProgramFiles,
		"PROGRAMFILES(X86)":  windows.FOLDERID_ProgramFilesX86,
		"PUBLIC":             windows.FOLDERID_Public,
		"SYSTEMROOT":         windows.FOLDERID_Windows,
		"USERPROFILE":        windows.FOLDERID_Profile,
		"WINDIR":             windows.FOLDERID_Windows,
	}
	folder, ok := folders[strings.ToUpper(name)]
	if !ok {
		return "", errors.New("it contains a variable that is not a folder of Windows")
	}
	return windows.KnownFolderPath(folder, 0)
}
