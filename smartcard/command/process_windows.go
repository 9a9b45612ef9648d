package command

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// isolate keeps a console program from opening a black window with each call. It does not hide the windows of a graphical
// program, which may well ask for the passcode. The end of the context kills the program itself.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// mayRun leaves the question to Windows, which has no mark for programs.
func mayRun(string) bool { return true }

// onNoexec: Windows mounts nothing so.
func onNoexec(string) bool { return false }

// wrongKind reports whether an error means that a file is no program of this system.
func wrongKind(err error) bool {
	return errors.Is(err, windows.ERROR_BAD_EXE_FORMAT) || errors.Is(err, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH)
}

// killGroup does nothing: Windows does not tell by itself who was started by whom.
func killGroup(int) {}
