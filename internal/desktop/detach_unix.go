//go:build unix

package desktop

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Detached makes a process the leader of its own session, out of reach of the terminal and of
// signals to our process group.
func Detached() []*syscall.SysProcAttr {
	closeOnExec()
	return []*syscall.SysProcAttr{{Setsid: true}}
}

// closeOnExec keeps inherited files from a process that outlives this one: a reader waiting for the
// end of a pipe would wait for the window.
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
