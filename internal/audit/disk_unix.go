//go:build unix

package audit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// doNotFollow refuses a link in the place of a file.
const doNotFollow = unix.O_NOFOLLOW

// isFull reports whether there was no room: on the disk, in the user's quota, or within the limit
// of a file's size.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}

// isPassing reports whether an error goes away by itself within moments: a signal has interrupted a
// call, as on a network file system.
func isPassing(err error) bool { return errors.Is(err, unix.EINTR) }

// syncFolder makes a new file's entry in its folder survive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path) // #nosec G304 -- the log's own folder
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, unix.EINVAL) {
		// This file system has no such thing.
		err = nil
	}
	return errors.Join(err, folder.Close())
}
