package commands

import (
	"fmt"
	"os"
)

// autostart is whether the program starts when the user logs in to the computer.
type autostart interface {
	on() (bool, error)
	// forced tells whether it was set up for everybody who uses the computer, in a way that a user cannot change.
	forced() (bool, error)
	set(on bool) error
	// forget removes what is the user's own of it. What starts for everybody starts for them then, too.
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
