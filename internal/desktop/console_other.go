//go:build !windows

package desktop

import (
	"io"
	"os"

	"golang.org/x/term"
)

// StandardOutputs returns the process's own.
func StandardOutputs() (stdout, stderr io.Writer) { return os.Stdout, os.Stderr }

// InputTerminal returns the terminal that the user types into, or nil if the input is another file.
func InputTerminal(stdin io.Reader) (*os.File, error) {
	if file, ok := stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file, nil
	}
	return nil, nil
}

// LogOutput returns the output for the window's log.
func LogOutput(stderr io.Writer) io.Writer { return stderr }
