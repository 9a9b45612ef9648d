package helper

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// tether binds a helper, and its children unless they stay, to this process: a job object ends them
// when its last handle is closed, which the system does even if this program is killed. Before the
// assignment to the job, and where a job is refused, closing stdin ends the helper.
type tether struct {
	process *os.Process

	mutex sync.Mutex
	job   windows.Handle
}

// tie suppresses a console window, and keeps Ctrl+C from the helper until its parent has cleared
// up.
func tie(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}

// hold makes the job object. Children that stay are not in it: an Identity Agent started by the
// helper's library would end with the first cancelled call.
func hold(process *os.Process, childrenStay bool) *tether {
	t := &tether{process: process}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return t
	}
	flags := uint32(windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)
	if childrenStay {
		flags |= windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: flags},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))) //nolint:gosec // The call takes a structure by its address.
	if err == nil {
		err = assign(job, process.Pid)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return t
	}
	t.job = job
	return t
}

func assign(job windows.Handle, pid int) error {
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid)) //nolint:gosec // A process id is 32 bits.
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	return windows.AssignProcessToJobObject(job, handle)
}

// kill ends the helper and what it started. There may be nothing left to end.
func (t *tether) kill() {
	_ = t.process.Kill()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.job != 0 {
		_ = windows.TerminateJobObject(t.job, 1)
	}
}

func (t *tether) release() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.job != 0 {
		_ = windows.CloseHandle(t.job)
		t.job = 0
	}
}
