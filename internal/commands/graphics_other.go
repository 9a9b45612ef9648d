//go:build !windows

package commands

import (
	"context"
	"io"
	"os/exec"
)

// hideWindow: no console is opened here.
func hideWindow(*exec.Cmd) {}

// dropWorkingFolder: no library is loaded from there.
func dropWorkingFolder(io.Writer) {}

// startedToDraw: there is no other one of this program that would have started it for that.
func startedToDraw() bool { return false }

// inSoftware is for Windows: elsewhere the system's own library draws in software where there is nothing else.
func (p program) inSoftware(context.Context, *graphics, func()) (bool, error) { return false, nil }
