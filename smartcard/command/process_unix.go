//go:build unix

package command

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// isolate gives the program a process group of its own, and makes the end of its context the end of the whole group: killing
// a shell alone would leave the program running that the shell waits for.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
}

// killGroup kills what is left of a program's process group after the program has exited. There may be nothing left: a
// process can have left the group, and is on its own then.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
