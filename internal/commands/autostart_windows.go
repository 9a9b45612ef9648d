package commands

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

// runKey is where Windows looks for what a user's log-on starts.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// runEntry is a value of that key.
type runEntry struct{ name, program string }

// newAutostart returns the autostart of this program.
func newAutostart(id, program string) autostart { return runEntry{id, program} }

func (r runEntry) on() (on bool, err error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not open the registry's key Run: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	_, _, err = key.GetStringValue(r.name)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not read the registry's key Run: %w", err)
	}
	return true, nil
}

func (r runEntry) set(on bool) (err error) {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("could not open the registry's key Run: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	if on {
		// No path of Windows has a quotation mark in it.
		err = key.SetStringValue(r.name, `"`+r.program+`" --background`)
	} else if err = key.DeleteValue(r.name); errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("could not change the registry's key Run: %w", err)
	}
	return nil
}
