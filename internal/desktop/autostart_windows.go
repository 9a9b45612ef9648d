package desktop

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

const (
	// runKey lists what a log-on starts, in HKCU for the user and in HKLM for all users.
	runKey = `Software\Microsoft\Windows\CurrentVersion\Run`
	// approvedKey is where Task Manager and the Settings app keep what was switched off there. A
	// value has 12 bytes: the first is even if the entry of the same name is on, and odd if it is
	// off; the last eight are the time of the change.
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	// runKey32 and approvedKey32 are for entries of 32-bit programs for all users, such as a
	// deployment tool's agent.
	runKey32      = `Software\WOW6432Node\Microsoft\Windows\CurrentVersion\Run`
	approvedKey32 = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run32`
	// runForAllUsers is the name of the installer's entry (AUTOSTART=1).
	runForAllUsers = "ers-login"
)

// runEntry is a value of the key Run.
type runEntry struct{ name, program string }

func newAutostart(id, program string) Autostart { return runEntry{id, program} }

func (r runEntry) On() (bool, error) {
	forced, err := r.ForAllUsers()
	if err != nil || forced {
		return forced, err
	}
	return starts(registry.CURRENT_USER, runKey, approvedKey, r.name)
}

// ForAllUsers reports whether the installer has set the program to start for all users, which a user
// cannot change.
func (r runEntry) ForAllUsers() (bool, error) {
	forced, err := starts(registry.LOCAL_MACHINE, runKey, approvedKey, runForAllUsers)
	if err != nil || forced {
		return forced, err
	}
	return starts(registry.LOCAL_MACHINE, runKey32, approvedKey32, runForAllUsers)
}

// starts reports whether a value of a key Run starts anything.
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
		return true, nil // not one of Task Manager's
	}
	return err == nil && (!known || !switchedOff(state)), err
}

// switchedOff reports whether a value of approvedKey means off.
func switchedOff(state []byte) bool { return len(state) > 0 && state[0]%2 == 1 }

// lookUp reads in a key. A missing key or value is no error.
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

func (r runEntry) Forget() error { return r.Set(false) }

func (r runEntry) Set(on bool) error {
	if on {
		if err := r.write(); err != nil {
			return err
		}
	} else if err := remove(runKey, r.name); err != nil {
		return err
	}
	// An entry switched off in Task Manager must start once it is wanted again; a removed entry has
	// no state.
	return remove(approvedKey, r.name)
}

func (r runEntry) write() error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("could not open the registry's key %s: %w", runKey, err)
	}
	// Windows paths cannot contain a quotation mark.
	if err := errors.Join(key.SetStringValue(r.name, `"`+r.program+`" --background`), key.Close()); err != nil {
		return fmt.Errorf("could not change the registry's key %s: %w", runKey, err)
	}
	return nil
}

// remove removes a value of one of the user's keys. A missing value is no error.
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
