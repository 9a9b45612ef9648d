//go:build unix

package command

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// mayRun reports whether this user may run a file.
func mayRun(path string) bool {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS) == nil
}

// onNoexec reports whether a file lies on a file system that is mounted without the right to run
// programs.
func onNoexec(path string) bool {
	var system unix.Statfs_t
	return unix.Statfs(path, &system) == nil && system.Flags&noexecFlag != 0
}

// wrongKind reports whether an error means that a file is not a program of this system.
func wrongKind(err error) bool { return errors.Is(err, syscall.ENOEXEC) }

// isolate starts the program in a new process group and lets the end of its context kill the whole
// group: killing a shell alone would leave the program running that the shell waits for.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
}

// killGroup kills what is left of a program's process group after the program has exited. A process
// that has left the group is not reached.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
