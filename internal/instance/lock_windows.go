package instance

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// doNotFollow has no meaning on Windows, where an ordinary user cannot make links.
const doNotFollow = 0

func lock(file *os.File) error {
	const oneByte = 1
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, oneByte, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}
