package command

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// isolate keeps a console program from opening a black window with each call. It does not hide the
// windows of a graphical program, which may ask for the passcode. The end of the context kills the
// program alone.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// mayRun returns true: Windows has no permission to execute.
func mayRun(string) bool { return true }

// onNoexec returns false: Windows has no such mounts.
func onNoexec(string) bool { return false }

// wrongKind reports whether an error means that a file is not a program of this system.
func wrongKind(err error) bool {
	return errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) || errors.Is(err, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH)
}

// killGroup does nothing: Windows keeps no process groups.
func killGroup(int) {}
