//go:build !windows && !darwin

package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/internal/atomicfile"
)

// desktopEntry is an entry in the user's autostart folder (Desktop Application Autostart
// Specification). A system-wide entry of the same name is switched off by a user's entry that hides
// it.
type desktopEntry struct {
	// name is the file's name, folder the user's folder, and system the system-wide ones.
	name, folder string
	system       []string
	program      string
}

func newAutostart(id, program string) Autostart {
	entry := desktopEntry{name: id + ".desktop", folder: filepath.Join(xdg.ConfigHome, "autostart"), program: program}
	for _, folder := range xdg.ConfigDirs {
		entry.system = append(entry.system, filepath.Join(folder, "autostart"))
	}
	return entry
}

func (d desktopEntry) On() (bool, error) {
	own, err := enabled(filepath.Join(d.folder, d.name))
	if !errors.Is(err, fs.ErrNotExist) {
		return own, err
	}
	on, _, err := d.systemEntry()
	return on, err
}

// ForAllUsers returns false: a user can switch a system-wide entry off.
func (d desktopEntry) ForAllUsers() (bool, error) { return false, nil }

// systemEntry reports whether a system-wide entry is on, and whether there is one.
func (d desktopEntry) systemEntry() (on, there bool, err error) {
	for _, folder := range d.system {
		on, err := enabled(filepath.Join(folder, d.name))
		if !errors.Is(err, fs.ErrNotExist) {
			return on, true, err
		}
	}
	return false, false, nil
}

// enabled reports whether an entry starts anything.
func enabled(path string) (bool, error) {
	content, err := os.ReadFile(path) //nolint:gosec // G304: the user's or the computer's autostart folder
	if err != nil {
		return false, fmt.Errorf("could not read the autostart entry: %w", err)
	}
	lines := strings.Split(string(content), "\n")
	return !slices.ContainsFunc(lines, func(line string) bool {
		switch strings.ReplaceAll(strings.TrimSpace(line), " ", "") {
		case "Hidden=true", "X-GNOME-Autostart-enabled=false":
			return true
		}
		return false
	}), nil
}

func (d desktopEntry) Set(on bool) error {
	path := filepath.Join(d.folder, d.name)
	_, system, err := d.systemEntry()
	if err != nil {
		return err
	}
	if !on && !system {
		return remove(path)
	}
	content := "[Desktop Entry]\nType=Application\nName=e-RS Login\nComment=Sign in to e-RS with your smartcard\n" +
		"Exec=" + quotedExec(d.program) + " --background\nIcon=" + strings.TrimSuffix(d.name, ".desktop") + "\nTerminal=false\n"
	if !on {
		content += "Hidden=true\n"
	}
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return fmt.Errorf("could not make the autostart folder: %w", err)
	}
	return atomicfile.Write(path, []byte(content))
}

// Forget removes the user's entry. One that hides a system-wide entry stays as long as that does:
// it starts nothing, and without it the program would start again.
func (d desktopEntry) Forget() error {
	path := filepath.Join(d.folder, d.name)
	starts, err := enabled(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !starts {
		if _, system, err := d.systemEntry(); err != nil || system {
			return err
		}
	}
	return remove(path)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("could not remove the autostart entry: %w", err)
	}
	return nil
}

// quotedExec quotes a program for the key Exec: in quotation marks, then escaped like any value of
// a desktop entry.
func quotedExec(program string) string {
	quoted := strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`, "\n", `\n`, "\t", `\t`).Replace(program)
	return `"` + quoted + `"`
}
