package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// rename is os.Rename, again and again for a second while the file may be open without sharing: a
// reader of ours or a virus scanner needs it for moments.
func rename(from, to string) error {
	for tried := 1; ; tried++ {
		err := os.Rename(from, to)
		if tried == 200 || !errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
