package workstation

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// The functions of Windows that x/sys has not.
var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")
	wtsapi32 = windows.NewLazySystemDLL("wtsapi32.dll")

	registerClass          = user32.NewProc("RegisterClassExW")
	createWindow           = user32.NewProc("CreateWindowExW")
	destroyWindow          = user32.NewProc("DestroyWindow")
	defaultProcedure       = user32.NewProc("DefWindowProcW")
	getMessage             = user32.NewProc("GetMessageW")
	dispatchMessage        = user32.NewProc("DispatchMessageW")
	postMessage            = user32.NewProc("PostMessageW")
	blockReasonCreate      = user32.NewProc("ShutdownBlockReasonCreate")
	blockReasonDestroy     = user32.NewProc("ShutdownBlockReasonDestroy")
	registerSuspend        = user32.NewProc("RegisterSuspendResumeNotification")
	unregisterSuspend      = user32.NewProc("UnregisterSuspendResumeNotification")
	getLastInputInfo       = user32.NewProc("GetLastInputInfo")
	getTickCount           = kernel32.NewProc("GetTickCount")
	setShutdownParameters  = kernel32.NewProc("SetProcessShutdownParameters")
	registerSessionEvent   = wtsapi32.NewProc("WTSRegisterSessionNotification")
	unregisterSessionEvent = wtsapi32.NewProc("WTSUnRegisterSessionNotification")
)

// The messages, and what their parameters say.
const (
	wmClose            = 0x0010
	wmQueryEndSession  = 0x0011
	wmEndSession       = 0x0016
	wmPowerBroadcast   = 0x0218
	wmSessionChange    = 0x02B1 // WM_WTSSESSION_CHANGE
	wmApp              = 0x8000
	wmStop             = wmApp + 1 // ours: the watcher has ended
	pbtSuspend         = 0x0004    // PBT_APMSUSPEND
	pbtResumeSuspend   = 0x0007    // PBT_APMRESUMESUSPEND
	pbtResumeAutomatic = 0x0012    // PBT_APMRESUMEAUTOMATIC

	wtsConsoleConnect    = 0x1
	wtsConsoleDisconnect = 0x2
	wtsRemoteConnect     = 0x3
	wtsRemoteDisconnect  = 0x4
	wtsSessionLogoff     = 0x6
	wtsSessionLock       = 0x7
	wtsSessionUnlock     = 0x8
)

const (
	notifyForThisSession = 0 // NOTIFY_FOR_THIS_SESSION
	notifyWindow         = 0 // DEVICE_NOTIFY_WINDOW_HANDLE

	// firstToEnd is the highest level of what Windows calls the programs that are shut down first.
	firstToEnd = 0x3FF
)

// windowClass is WNDCLASSEXW.
type windowClass struct {
	size       uint32
	style      uint32
	procedure  uintptr
	classExtra int32
	extra      int32
	instance   windows.Handle
	icon       windows.Handle
	cursor     windows.Handle
	background windows.Handle
	menuName   *uint16
	className  *uint16
	smallIcon  windows.Handle
}

// lastInput is LASTINPUTINFO.
type lastInput struct {
	size uint32
	// time is that of GetTickCount, in milliseconds.
	time uint32
}

// message is MSG.
type message struct {
	window  windows.HWND
	message uint32
	wParam  uintptr
	lParam  uintptr
	time    uint32
	x, y    int32
	private uint32
}

// call calls a function whose result is zero if it fails. A function missing in this Windows is an
// error too. The arguments' targets are kept alive during the call.
//
//go:uintptrescapes
func call(procedure *windows.LazyProc, arguments ...uintptr) (uintptr, error) {
	if err := procedure.Find(); err != nil {
		return 0, fmt.Errorf("could not find %s: %w", procedure.Name, err)
	}
	result, _, err := procedure.Call(arguments...)
	if result != 0 {
		return result, nil
	}
	if errors.Is(err, windows.ERROR_SUCCESS) {
		err = errors.New("no reason was given")
	}
	return 0, fmt.Errorf("%s: %w", procedure.Name, err)
}
