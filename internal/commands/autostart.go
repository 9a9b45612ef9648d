package commands

import (
	"fmt"
	"os"
)

// autostart is the start of the program at log-in.
type autostart interface {
	on() (bool, error)
	// forced reports whether it was set up for all users of the computer, in a way that a user
	// cannot change.
	forced() (bool, error)
	set(on bool) error
	// forget removes the user's own entry, and any that hides one for all users.
	forget() error
}

// ownAutostart returns the start of this program when the user logs in.
func ownAutostart(id string) (autostart, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return newAutostart(id, self), nil
}
