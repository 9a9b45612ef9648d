package desktop

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// Detached starts a process without a console or handles, in its own process group and, if allowed,
// outside the job object of this process, whose end may end all its processes.
func Detached() []*syscall.SysProcAttr {
	const flags = windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP
	return []*syscall.SysProcAttr{
		{CreationFlags: flags | windows.CREATE_BREAKAWAY_FROM_JOB, NoInheritHandles: true},
		{CreationFlags: flags, NoInheritHandles: true},
	}
}
