//go:build !windows

package commands

import (
	"io"
	"os"

	"golang.org/x/term"
)

// standardOutputs returns the process's own.
func standardOutputs() (stdout, stderr io.Writer) { return os.Stdout, os.Stderr }

// typedAt returns the terminal that the user types into, or nil if the input is another file.
func typedAt(stdin io.Reader) (*os.File, error) {
	if file, ok := stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file, nil
	}
	return nil, nil
}

// withoutConsole returns the output for the window's log.
func withoutConsole(stderr io.Writer) io.Writer { return stderr }
