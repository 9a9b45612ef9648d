package command

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// isolate keeps a console program from opening a black window with each call. It does not hide the windows of a graphical
// program, which may well ask for the passcode. The end of the context kills the program itself.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// killGroup does nothing: Windows does not tell by itself who was started by whom.
func killGroup(int) {}
