//go:build unix

package commands

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// detached makes a process the leader of a session of its own, which no terminal and no signal to our process group reaches.
func detached() []*syscall.SysProcAttr {
	closeOnExec()
	return []*syscall.SysProcAttr{{Setsid: true}}
}

// closeOnExec keeps files that this process was started with, and does not know of, from a process that outlives it: whoever waits
// for the end of a pipe would wait for the window.
func closeOnExec() {
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, name := range names {
		if descriptor, err := strconv.Atoi(name.Name()); err == nil && descriptor > 2 {
			unix.CloseOnExec(descriptor)
		}
	}
}
