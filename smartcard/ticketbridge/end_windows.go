package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// end ends the process at once. The regular way lets every library clean up, and one with a call on
// another thread may wait for itself for ever.
func end(status int) {
	_ = windows.TerminateProcess(windows.CurrentProcess(), uint32(status)) //nolint:gosec // An exit status is small.
	os.Exit(status)
}
