package commands

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

const (
	// runKey is where Windows looks for what a log-on starts: of the user, and of everybody.
	runKey = `Software\Microsoft\Windows\CurrentVersion\Run`
	// approvedKey is where Task Manager and the Settings app keep what of it was switched off there. A value is 12 bytes: the first is even
	// where the entry of the same name is on, and odd where it is off, and the last eight are the time of that.
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	// runKey32 and approvedKey32 are the same for what a 32-bit program has entered for everybody, such as the agent of a deployment tool.
	runKey32      = `Software\WOW6432Node\Microsoft\Windows\CurrentVersion\Run`
	approvedKey32 = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run32`
	// runForEverybody is the name of the installer's entry (AUTOSTART=1).
	runForEverybody = "ers-login"
)

// runEntry is a value of the key Run.
type runEntry struct{ name, program string }

// newAutostart returns the autostart of this program.
func newAutostart(id, program string) autostart { return runEntry{id, program} }

func (r runEntry) on() (bool, error) {
	forced, err := r.forced()
	if err != nil || forced {
		return forced, err
	}
	return starts(registry.CURRENT_USER, runKey, approvedKey, r.name)
}

// forced tells whether the installer has set the program up to start for everybody. A user cannot change that.
func (r runEntry) forced() (bool, error) {
	forced, err := starts(registry.LOCAL_MACHINE, runKey, approvedKey, runForEverybody)
	if err != nil || forced {
		return forced, err
	}
	return starts(registry.LOCAL_MACHINE, runKey32, approvedKey32, runForEverybody)
}

// starts tells whether a value of a key Run starts anything.
func starts(root registry.Key, run, approved, name string) (bool, error) {
	there, err := lookUp(root, run, func(key registry.Key) error {
		_, _, err := key.GetStringValue(name)
		return err
	})
	if err != nil || !there {
		return false, err
	}
	var state []byte
	known, err := lookUp(root, approved, func(key registry.Key) (err error) {
		state, _, err = key.GetBinaryValue(name)
		return err
	})
	if errors.Is(err, registry.ErrUnexpectedType) {
		return true, nil // It is none of Task Manager's.
	}
	return err == nil && (!known || !switchedOff(state)), err
}

// switchedOff tells what a value of approvedKey says.
func switchedOff(state []byte) bool { return len(state) > 0 && state[0]%2 == 1 }

// lookUp reads in a key. It is no error that the key or the value is not there.
func lookUp(root registry.Key, path string, read func(registry.Key) error) (there bool, err error) {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err == nil {
		err = errors.Join(read(key), key.Close())
	}
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not read the registry's key %s: %w", path, err)
	}
	return true, nil
}

// forget removes the user's entry.
func (r runEntry) forget() error { return r.set(false) }

func (r runEntry) set(on bool) error {
	if on {
		if err := r.write(); err != nil {
			return err
		}
	} else if err := remove(runKey, r.name); err != nil {
		return err
	}
	// What was switched off in Task Manager, and is wanted now, has to start; and what is gone has no state.
	return remove(approvedKey, r.name)
}

func (r runEntry) write() error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("could not open the registry's key %s: %w", runKey, err)
	}
	// No path of Windows has a quotation mark in it.
	if err := errors.Join(key.SetStringValue(r.name, `"`+r.program+`" --background`), key.Close()); err != nil {
		return fmt.Errorf("could not change the registry's key %s: %w", runKey, err)
	}
	return nil
}

// remove removes a value of a key of the user. It is no error that it is not there.
func remove(path, name string) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("could not open the registry's key %s: %w", path, err)
	}
	if err = key.DeleteValue(name); errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, key.Close()); err != nil {
		return fmt.Errorf("could not change the registry's key %s: %w", path, err)
	}
	return nil
}
