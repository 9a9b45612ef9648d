//go:build !windows

package app

import (
	"context"
	"io"
	"os/exec"
)

// hideWindow does nothing: no console is opened here.
func hideWindow(*exec.Cmd) {}

// DropWorkingFolder does nothing: no library is loaded from there.
func DropWorkingFolder(io.Writer) {}

// startedToDraw returns false: only Windows starts the program again to draw.
func startedToDraw() bool { return false }

// inSoftware returns false: outside Windows the system's own library draws in software if
// necessary.
func (h Host) inSoftware(context.Context, *graphics, func()) (bool, error) { return false, nil }
