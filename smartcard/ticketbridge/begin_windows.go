package main

import (
	"fmt"
	"io"

	"golang.org/x/sys/windows"
)

// begin removes the working folder from the search path for libraries, which other libraries use
// when they load one by name. This program loads its own by full path.
func begin(stderr io.Writer) {
	if err := windows.SetDllDirectory(""); err != nil {
		_, _ = fmt.Fprintln(stderr, "the working folder stays among those of libraries:", err)
	}
}
