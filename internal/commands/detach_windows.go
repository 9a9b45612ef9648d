package commands

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached gives a process no console, a process group of its own and no handles. It leaves the job object of whoever has started us,
// which may end all that is in it, if the job lets it.
func detached() []*syscall.SysProcAttr {
	const flags = windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP
	return []*syscall.SysProcAttr{
		{CreationFlags: flags | windows.CREATE_BREAKAWAY_FROM_JOB, NoInheritHandles: true},
		{CreationFlags: flags, NoInheritHandles: true},
	}
}
