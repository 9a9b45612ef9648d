package main

import (
	"fmt"
	"io"

	"golang.org/x/sys/windows"
)

// begin takes the working folder out of the places where Windows looks for libraries, for those that other libraries load by
// their name alone. What this program loads itself it loads by its full path.
func begin(stderr io.Writer) {
	if err := windows.SetDllDirectory(""); err != nil {
		_, _ = fmt.Fprintln(stderr, "the working folder stays among those of libraries:", err)
	}
}
