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

// tie starts the helper in a new process group, so that its children can be ended with it, and so
// that Ctrl+C in a terminal does not end it before its parent has cleared up.
func tie(command *exec.Cmd) {
	command.SysProcAttr = withParent(&syscall.SysProcAttr{Setpgid: true})
}

// hold ignores childrenStay: the helper's process group ends with it, and a service that is to stay
// leads a new session.
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
