package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// begin removes the working folder from the search path for libraries, which other libraries use
// when they load one by name. This program loads its own by full path.
func begin(stderr io.Writer) {
	if err := windows.SetDllDirectory(""); err != nil {
		_, _ = fmt.Fprintln(stderr, "the working folder stays among those of libraries:", err)
	}
}

// end ends the process at once. The regular way lets every library clean up, and one with a call on
// another thread may wait for itself for ever.
func end(status int) {
	_ = windows.TerminateProcess(windows.CurrentProcess(), uint32(status)) //nolint:gosec // An exit status is small.
	os.Exit(status)
}
