package workstation

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

const className = "ErsLoginWorkstation"

// windowNote is the window among the notes of [Watcher.MissingEvents].
const windowNote = "window"

var errNoWindowYet = errors.New("everything: the window for these events is not ready yet")

// registration is a subscription of the window. Messages that need none come even if it fails.
type registration struct {
	// note is its name in [Watcher.MissingEvents], lost what is missing without it.
	note, lost string
	begin      func(windows.HWND) (end func(), err error)
}

var registrations = []registration{
	{"session changes", "locking and switching users are not reported", func(window windows.HWND) (func(), error) {
		_, err := call(registerSessionEvent, uintptr(window), notifyForThisSession)
		return func() { _, _ = call(unregisterSessionEvent, uintptr(window)) }, err
	}},
	// Computers that sleep in Modern Standby notify subscribers only.
	{"sleep", "Modern Standby sleep may not be reported", func(window windows.HWND) (func(), error) {
		registered, err := call(registerSuspend, uintptr(window), notifyWindow)
		return func() { _, _ = call(unregisterSuspend, registered) }, err
	}},
	// Programs without a window are ended without notice, as our helpers are: the keyring's is
	// needed at that moment.
	{"order of shutdown", "Windows may end helper programs before e-RS Login at shutdown", func(windows.HWND) (func(), error) {
		_, err := call(setShutdownParameters, firstToEnd, 0)
		return func() {}, err
	}},
}

// sources is a hidden window, at top level: message-only windows get no broadcasts, such as
// WM_ENDSESSION.
func (w *Watcher) sources() []func(context.Context) {
	w.unseen.note(windowNote, errNoWindowYet)
	return []func(context.Context){
		func(ctx context.Context) { w.watchWindow(ctx, registrations) },
		func(ctx context.Context) { w.watchIdle(ctx, idleTime) },
	}
}

// watchWindow creates the window, subscribes, and handles its messages until the context ends.
func (w *Watcher) watchWindow(ctx context.Context, registrations []registration) {
	// A window's messages go to the thread that made it. The thread is not unlocked, and ends with
	// this goroutine.
	runtime.LockOSThread()
	window, err := openWindow(ctx, w)
	if err != nil {
		w.unseen.note(windowNote, fmt.Errorf("everything: could not make a window: %w", err))
		return
	}
	defer window.close()
	for _, r := range registrations {
		end, err := r.begin(window.handle)
		if err != nil {
			w.unseen.note(r.note, fmt.Errorf("%s: %w", r.lost, err))
			continue
		}
		defer end()
	}
	w.unseen.note(windowNote, nil)
	stop := context.AfterFunc(ctx, func() {
		_, _ = call(postMessage, uintptr(window.handle), wmStop, 0, 0) // the queue of ten thousand is not full
	})
	defer stop()
	if err := window.takeMessages(); ctx.Err() == nil {
		w.unseen.note(windowNote, fmt.Errorf("everything: the window for these events has ended: %w", err))
	}
}

// window is a hidden window of Windows.
type window struct {
	*Watcher
	// ctx is kept, since it is Windows that calls the window procedure.
	ctx    context.Context
	handle windows.HWND
}

// windowClassOnce registers the class of our windows, once: Go never gives a callback back.
var windowClassOnce = sync.OnceValue(func() error {
	name, err := windows.UTF16PtrFromString(className)
	if err != nil {
		return err
	}
	class := windowClass{procedure: windows.NewCallback(windowProcedure), className: name}
	class.size = uint32(unsafe.Sizeof(class))
	if err := windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, nil, &class.instance); err != nil {
		return err
	}
	_, err = call(registerClass, uintptr(unsafe.Pointer(&class))) //nolint:gosec // the call takes a structure by its address
	return err
})

// openWindows are by their handles: Windows may not keep Go's pointers.
var openWindows sync.Map

// windowProcedure is called by Windows, on the thread of the window.
func windowProcedure(handle, message, wParam, lParam uintptr) uintptr {
	if found, ok := openWindows.Load(windows.HWND(handle)); ok {
		if window, ok := found.(*window); ok {
			if result, done := window.take(uint32(message), wParam); done { //nolint:gosec // a message's number has 32 bits
				return result
			}
		}
	}
	result, _, _ := defaultProcedure.Call(handle, message, wParam, lParam)
	return result
}

func openWindow(ctx context.Context, w *Watcher) (*window, error) {
	if err := windowClassOnce(); err != nil {
		return nil, err
	}
	class, err := windows.UTF16PtrFromString(className)
	if err != nil {
		return nil, err
	}
	// The title is what Windows lists when it waits at shutdown.
	title, err := windows.UTF16PtrFromString(applicant)
	if err != nil {
		return nil, err
	}
	handle, err := call(createWindow, 0,
		uintptr(unsafe.Pointer(class)), uintptr(unsafe.Pointer(title)), //nolint:gosec // the call takes texts by their addresses
		0, 0, 0, 0, 0, 0, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	opened := &window{Watcher: w, ctx: ctx, handle: windows.HWND(handle)}
	openWindows.Store(opened.handle, opened)
	return opened, nil
}

func (w *window) close() {
	_, _ = call(destroyWindow, uintptr(w.handle)) // it goes with the thread anyway
	openWindows.Delete(w.handle)
}

// takeMessages runs the message loop. The error is why it has ended before the context.
func (w *window) takeMessages() error {
	for {
		var m message
		//nolint:gosec // it is for Windows to fill
		result, _, err := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		switch {
		case int32(result) == -1: //nolint:gosec // a BOOL has 32 bits
			return fmt.Errorf("GetMessageW: %w", err)
		case result == 0:
			return errors.New("the window's thread received WM_QUIT")
		case m.message == wmStop && w.ctx.Err() != nil:
			return nil
		}
		_, _, _ = dispatchMessage.Call(uintptr(unsafe.Pointer(&m))) //nolint:gosec // the call takes a structure by its address
	}
}

// take handles a message, and returns the answer and true if it is one of ours.
func (w *window) take(message uint32, wParam uintptr) (uintptr, bool) {
	switch message {
	case wmClose:
		// The window is not the user's to close. Windows asks all of a program's windows.
		return 0, true
	case wmQueryEndSession:
		return 1, true
	case wmEndSession:
		if wParam != 0 {
			w.endSession()
		}
		return 0, true
	case wmPowerBroadcast:
		w.takePower(wParam)
		return 1, true
	case wmSessionChange:
		w.takeSession(wParam)
		return 0, true
	}
	return 0, false
}

// endSession blocks until the session may end: Windows may end this process at any moment
// afterwards.
func (w *window) endSession() {
	reason, err := windows.UTF16PtrFromString(purpose)
	if err == nil {
		//nolint:gosec // the call takes a text by its address
		_, err = call(blockReasonCreate, uintptr(w.handle), uintptr(unsafe.Pointer(reason)))
	}
	<-w.hold(w.ctx, SessionEnding).Done()
	if err == nil { // else the user is shown no reason, and nothing else is different
		_, _ = call(blockReasonDestroy, uintptr(w.handle))
	}
}

// takePower takes a WM_POWERBROADCAST. Windows waits for about two seconds before it sleeps.
func (w *window) takePower(event uintptr) {
	switch event {
	case pbtSuspend:
		<-w.hold(w.ctx, Sleeping).Done()
	case pbtResumeAutomatic, pbtResumeSuspend:
		w.wake(w.ctx)
	}
}

// takeSession takes a WM_WTSSESSION_CHANGE of our session.
func (w *window) takeSession(change uintptr) {
	switch change {
	case wtsSessionLock, wtsSessionUnlock:
		w.presence.lock(windowNote, change == wtsSessionLock)
	case wtsConsoleDisconnect, wtsRemoteDisconnect:
		w.presence.switchAway(true)
	case wtsConsoleConnect, wtsRemoteConnect:
		w.presence.switchAway(false)
	case wtsSessionLogoff:
		// Usually WM_ENDSESSION came before and waits; this is for a session without it.
		w.emit(w.ctx, SessionEnding)
	}
}

// idleTime returns the time since the last input to this log-on session.
func idleTime(context.Context) (time.Duration, error) {
	var input lastInput
	input.size = uint32(unsafe.Sizeof(input))
	_, err := call(getLastInputInfo, uintptr(unsafe.Pointer(&input))) //nolint:gosec // it is for Windows to fill
	if err == nil {
		err = getTickCount.Find()
	}
	if err != nil {
		return 0, err
	}
	ticks, _, _ := getTickCount.Call()
	return sinceTick(uint32(ticks), input.time), nil //nolint:gosec // a DWORD has 32 bits
}

// sinceTick returns the time between two values of GetTickCount, which begins anew at 0 every 50
// days. Input may be stamped a little later than now.
func sinceTick(now, before uint32) time.Duration {
	return time.Duration(max(int32(now-before), 0)) * time.Millisecond //nolint:gosec // G115: negative if before is later
}
