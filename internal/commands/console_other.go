//go:build !windows

package commands

import (
	"io"
	"os"

	"golang.org/x/term"
)

// standardOutputs are the process's own.
func standardOutputs() (stdout, stderr io.Writer) { return os.Stdout, os.Stderr }

// typedAt returns the terminal that a person types into, or nil if the input comes from elsewhere.
func typedAt(stdin io.Reader) (*os.File, error) {
	if file, ok := stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file, nil
	}
	return nil, nil
}

// withoutConsole returns where the window's log may write to.
func withoutConsole(stderr io.Writer) io.Writer { return stderr }
