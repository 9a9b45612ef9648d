package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// findLibrary loads the first usable library in the folders where an administrator's installer can
// have put it. Public documentation says only that the library is on the system's path. The folders
// are, in this order: the registry's for an installed Identity Agent; likely ones for it among the
// programs; those of the computer's PATH among the programs; and the system's.
//
// Only an administrator can change any of these. The working directory, the user's part of PATH and
// the environment are not searched: a library there would run with the user's smartcard.
func findLibrary() (library, error) {
	programs := programFolders()
	places := slices.Concat(installed(), appPaths(), usual(programs), computersPath(programs), systemFolder())
	var looked []string
	var refused error
	for _, folder := range places {
		if !filepath.IsAbs(folder) || strings.HasPrefix(folder, `\\`) || listed(looked, folder) || len(looked) == maxPlaces {
			continue
		}
		looked = append(looked, folder)
		path := filepath.Join(folder, libraryName)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		loaded, err := loadDLL(path)
		if err == nil {
			return loaded, nil
		}
		if refused == nil {
			refused = err
		}
	}
	if refused == nil {
		refused = &notInstalled{looked: looked}
	}
	return nil, refused
}

// maxPlaces bounds the search.
const maxPlaces = 40

func listed(folders []string, folder string) bool {
	return slices.ContainsFunc(folders, func(other string) bool { return strings.EqualFold(other, folder) })
}

// agentName is in the name of every version of the Identity Agent, those of BT, HSCIC and NHS Digital.
const agentName = "identity agent"

// installed returns the folders of the programs in the computer's list of installed ones that are called an Identity Agent.
func installed() (folders []string) {
	for _, view := range views {
		list, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`,
			registry.ENUMERATE_SUB_KEYS|view)
		if err != nil {
			continue
		}
		// A list that cannot be read to its end is used as far as it goes.
		names, _ := list.ReadSubKeyNames(maxInstalled)
		for _, name := range names {
			if !strings.Contains(strings.ToLower(value(list, name, "DisplayName", view)), agentName) {
				continue
			}
			folders = append(folders, clean(value(list, name, "InstallLocation", view)))
			// An entry without a folder often has its icon there.
			icon, _, _ := strings.Cut(value(list, name, "DisplayIcon", view), ",")
			if icon != "" {
				folders = append(folders, filepath.Dir(clean(icon)))
			}
		}
		_ = list.Close()
	}
	return folders
}

const maxInstalled = 5000

// appPaths returns the folder of the Identity Agent's program, whose name is public, if it is
// registered.
func appPaths() (folders []string) {
	for _, view := range views {
		program := value(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\IdentityAgent.exe`, "", view)
		if program != "" {
			folders = append(folders, filepath.Dir(clean(program)))
		}
	}
	return folders
}

// usualFolders are guesses, made of the names of the Identity Agent and its publishers: the
// installation folder is not public.
var usualFolders = []string{
	`HSCIC\Identity Agent`,
	`NHS Digital\Identity Agent`,
	`NHS Digital\NHS Identity Agent`,
	`NHS England\NHS Identity Agent`,
	`NHS\Identity Agent`,
	`NHS Identity Agent`,
	`Identity Agent`,
	`BT\Identity Agent`,
}

func usual(programs []string) (folders []string) {
	for _, root := range programs {
		for _, folder := range usualFolders {
			folders = append(folders, filepath.Join(root, folder))
		}
	}
	return folders
}

// programFolders returns the folders of 32-bit and 64-bit programs: from the registry, since the environment is the user's.
func programFolders() (folders []string) {
	for _, view := range []uint32{registry.WOW64_32KEY, registry.WOW64_64KEY} {
		folder := value(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows\CurrentVersion`, "ProgramFilesDir", view)
		if folder != "" && !listed(folders, folder) {
			folders = append(folders, clean(folder))
		}
	}
	return folders
}

// computersPath returns the folders of the computer's PATH among the programs, where only an
// administrator can write. Other folders of PATH may be writable for every user.
func computersPath(programs []string) (folders []string) {
	path := value(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager\Environment`, "Path", 0)
	for _, folder := range filepath.SplitList(path) {
		folder = clean(folder)
		if slices.ContainsFunc(programs, func(root string) bool { return within(root, folder) }) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func within(root, folder string) bool {
	root += `\`
	return len(folder) > len(root) && strings.EqualFold(folder[:len(root)], root)
}

// systemFolder returns the folder of the system's libraries for processes of this kind. For a
// 32-bit process Windows redirects System32 to SysWOW64.
func systemFolder() []string {
	folder, err := windows.GetSystemDirectory()
	if err != nil {
		return nil
	}
	return []string{folder}
}

// views are the two registries of a 64-bit system. On a 32-bit one they are the same.
var views = []uint32{registry.WOW64_32KEY, registry.WOW64_64KEY}

// value returns a registry string, or "" if there is none or it cannot be read.
func value(root registry.Key, path, name string, view uint32) string {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE|view)
	if err != nil {
		return ""
	}
	defer func() { _ = key.Close() }()
	text, kind, err := key.GetStringValue(name)
	if err != nil {
		return ""
	}
	if kind == registry.EXPAND_SZ {
		text = expand(text, func(variable string) string { return folder(variable, view) })
	}
	return text
}

// folder returns one of the folders that the registry may name by a variable, from the registry
// itself: the environment is the user's. A value that is not a plain string counts as absent.
func folder(variable string, view uint32) string {
	path, name := `SOFTWARE\Microsoft\Windows\CurrentVersion`, "ProgramFilesDir"
	switch strings.ToLower(variable) {
	case "systemroot":
		path, name, view = `SOFTWARE\Microsoft\Windows NT\CurrentVersion`, "SystemRoot", registry.WOW64_64KEY
	case "programfiles":
		if view != registry.WOW64_32KEY {
			view = registry.WOW64_64KEY // as the computer's PATH means it
		}
	case "programfiles(x86)":
		view = registry.WOW64_32KEY
	case "programw6432":
		view = registry.WOW64_64KEY
	default:
		return ""
	}
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|view)
	if err != nil {
		return ""
	}
	defer func() { _ = key.Close() }()
	text, kind, err := key.GetStringValue(name)
	if err != nil || kind != registry.SZ {
		return ""
	}
	return text
}

// clean returns a path in its shortest form, without quotation marks.
func clean(path string) string {
	if path = strings.Trim(strings.TrimSpace(path), `"`); path != "" {
		path = filepath.Clean(path)
	}
	return path
}
