//go:build !windows

package helper

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// tether ties a helper and what it started itself to this process.
type tether struct {
	process *os.Process

	mutex    sync.Mutex
	released bool
}

// tie lets the helper lead a process group of its own, so that all it started can be ended with it, and so that Ctrl+C in a
// terminal does not end it before its parent has cleared up.
func tie(command *exec.Cmd) {
	command.SysProcAttr = withParent(&syscall.SysProcAttr{Setpgid: true})
}

// hold has no use for childrenStay: what is in the helper's process group ends with it, and a service that is to stay leads a
// session of its own.
func hold(process *os.Process, _ bool) *tether { return &tether{process: process} }

// kill ends the helper and its process group. There may be nothing left to end.
func (t *tether) kill() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.released {
		return
	}
	_ = t.process.Kill()
	_ = syscall.Kill(-t.process.Pid, syscall.SIGKILL)
}

// release makes kill do nothing: the number of a process that is gone can be given to another.
func (t *tether) release() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.released = true
}
