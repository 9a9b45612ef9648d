//go:build unix

package instance

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// doNotFollow refuses a link in the place of the file.
const doNotFollow = unix.O_NOFOLLOW

func lock(file *os.File) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return errHeld
		default:
			return err
		}
	}
}

// fileName is the same for all sessions of a user: they share a keyring.
func fileName() string { return "ers-login.lock" }
