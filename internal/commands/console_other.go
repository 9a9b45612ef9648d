//go:build !windows

package commands

import (
	"io"
	"os"
)

// standardOutputs are the process's own.
func standardOutputs() (stdout, stderr io.Writer) { return os.Stdout, os.Stderr }

// withoutConsole returns where the window's log may write to.
func withoutConsole(stderr io.Writer) io.Writer { return stderr }
