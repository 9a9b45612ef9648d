package audit

import (
	"errors"

	"golang.org/x/sys/windows"
)

// doNotFollow has no meaning on Windows, where an ordinary user cannot make links.
const doNotFollow = 0

// isFull reports whether there was no room: on the disk, or in the user's quota.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// isPassing reports whether an error goes away by itself within moments: a virus scanner or a
// backup has the file open.
func isPassing(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// syncFolder does nothing: NTFS journals its folders, and Windows offers no more.
func syncFolder(string) error { return nil }
