package desktop

import (
	"fmt"
	"os"
)

// Autostart is the start of the program at log-in.
type Autostart interface {
	On() (bool, error)
	// ForAllUsers reports whether it was set up for all users of the computer, in a way that a user
	// cannot change.
	ForAllUsers() (bool, error)
	Set(on bool) error
	// Forget removes the user's own entry, and any that hides one for all users.
	Forget() error
}

// OwnAutostart returns the start of this program when the user logs in.
func OwnAutostart(id string) (Autostart, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return newAutostart(id, self), nil
}
