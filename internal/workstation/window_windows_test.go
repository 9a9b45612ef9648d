package workstation

import (
	"context"
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

var (
	findWindow            = user32.NewProc("FindWindowW")
	sendMessage           = user32.NewProc("SendMessageW")
	isWindowVisible       = user32.NewProc("IsWindowVisible")
	getWindowThread       = user32.NewProc("GetWindowThreadProcessId")
	postThread            = user32.NewProc("PostThreadMessageW")
	getShutdownParameters = kernel32.NewProc("GetProcessShutdownParameters")
)

const wmQuit = 0x0012

// quick holds for as long as the test likes.
var quick = times{hold: time.Hour}

var errRefused = errors.New("refused for the test")

// watch starts a watcher that ends with the test, and returns its window.
func watch(t *testing.T, settings times, registrations []registration) (*Watcher, uintptr) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	w := newWatcher(ctx, settings)
	w.unseen.note(windowNote, errNoWindowYet)
	w.start(ctx, []func(context.Context){
		func(ctx context.Context) { w.watchWindow(ctx, registrations) },
		func(ctx context.Context) { w.watchIdle(ctx, idleTime) },
	})
	t.Cleanup(func() { finish(t, w, end) })
	return w, find(t)
}

// find finds the window as Windows does: among the top-level ones, which are those that get broadcasts.
func find(t *testing.T) uintptr {
	t.Helper()
	class, err := windows.UTF16PtrFromString(className)
	require.NoError(t, err)
	var found uintptr
	require.Eventually(t, func() bool {
		found, _ = call(findWindow, uintptr(unsafe.Pointer(class)), 0)
		return found != 0
	}, guard, 5*time.Millisecond, "there is no window")
	return found
}

// send sends a message to the window and waits for its answer.
func send(window uintptr, message, wParam uintptr) uintptr {
	answer, _, _ := sendMessage.Call(window, message, wParam, 0)
	return answer
}

// later sends a message and does not wait for its answer.
func later(window uintptr, message, wParam uintptr) <-chan uintptr {
	answer := make(chan uintptr, 1)
	go func() { answer <- send(window, message, wParam) }()
	return answer
}

func answered(t *testing.T, answer <-chan uintptr) uintptr {
	t.Helper()
	select {
	case a := <-answer:
		return a
	case <-time.After(guard):
		require.FailNow(t, "the window does not answer")
		return 0
	}
}

// A user who locks the screen, hands the computer over, or leaves the remote desktop would leave the session to the next.
func TestAUT003WhatWindowsTells(t *testing.T) {
	type sent struct{ message, wParam uintptr }
	session := func(changes ...uintptr) (all []sent) {
		for _, c := range changes {
			all = append(all, sent{wmSessionChange, c})
		}
		return all
	}
	cases := map[string]struct {
		sent []sent
		want []Event
	}{
		"locked and unlocked": {session(wtsSessionLock, wtsSessionUnlock), []Event{Locked, CameBack}},
		"another user at the same computer": {
			session(wtsSessionLock, wtsConsoleDisconnect, wtsConsoleConnect, wtsSessionUnlock),
			[]Event{Locked, UserSwitchedAway, CameBack},
		},
		"remote desktop left, and back": {
			session(wtsRemoteDisconnect, wtsRemoteConnect), []Event{UserSwitchedAway, CameBack},
		},
		"from remote desktop to the screen": {
			session(wtsRemoteDisconnect, wtsConsoleConnect), []Event{UserSwitchedAway, CameBack},
		},
		"log-off":                           {session(wtsSessionLogoff), []Event{SessionEnding}},
		"log-on and remote control":         {session(0x5, 0x9), nil},
		"woken by itself":                   {[]sent{{wmPowerBroadcast, pbtResumeAutomatic}}, []Event{Woke}},
		"woken by the user":                 {[]sent{{wmPowerBroadcast, pbtResumeSuspend}}, []Event{Woke}},
		"power of no interest":              {[]sent{{wmPowerBroadcast, 0xA}}, nil},
		"a shutdown that was called off":    {[]sent{{wmQueryEndSession, 0}, {wmEndSession, 0}}, nil},
		"closed with the program's windows": {[]sent{{wmClose, 0}}, nil},
		"another program's message":         {[]sent{{wmStop, 0}, {wmApp, 0}}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w, window := watch(t, quick, registrations)
			for _, s := range c.sent {
				_, err := call(postMessage, window, s.message, s.wParam, 0)
				require.NoError(t, err)
			}
			// That there is no other event shows in the one that comes after it.
			_, err := call(postMessage, window, wmPowerBroadcast, pbtSuspend, 0)
			require.NoError(t, err)
			expect(t, w, append(c.want, Sleeping)...)
			w.Release()
			assert.NoError(t, w.MissingEvents())
		})
	}
}

// Once the window has answered, Windows may end the program. The key must be out of the keyring by then.
func TestTheEndOfTheSessionIsHeldUntilRelease(t *testing.T) {
	w, window := watch(t, quick, registrations)
	require.EqualValues(t, 1, send(window, wmQueryEndSession, 0), "it forbids the shutdown")
	answer := later(window, wmEndSession, 1)
	expect(t, w, SessionEnding)
	require.Empty(t, answer, "Windows is not made to wait")
	w.Release()
	require.Zero(t, answered(t, answer))
}

func TestSleepIsHeldUntilRelease(t *testing.T) {
	w, window := watch(t, quick, registrations)
	answer := later(window, wmPowerBroadcast, pbtSuspend)
	expect(t, w, Sleeping)
	require.Empty(t, answer, "Windows is not made to wait")
	w.Release()
	require.EqualValues(t, 1, answered(t, answer))
	require.EqualValues(t, 1, send(window, wmPowerBroadcast, pbtResumeAutomatic))
	expect(t, w, Woke)
}

// Windows must not name this program as the one that blocks a shutdown.
func TestAHoldOnWindowsEndsByItself(t *testing.T) {
	w, window := watch(t, times{hold: time.Millisecond}, registrations)
	answer := later(window, wmEndSession, 1)
	expect(t, w, SessionEnding)
	require.Zero(t, answered(t, answer))
}

func TestTheEndOfTheWatcherEndsAHoldOnWindows(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	w := watchFor(ctx, quick)
	answer := later(find(t), wmEndSession, 1)
	expect(t, w, SessionEnding)
	finish(t, w, end)
	require.Zero(t, answered(t, answer))
}

// The window is nothing to look at.
func TestTheWindowIsHidden(t *testing.T) {
	_, window := watch(t, quick, registrations)
	visible, _, _ := isWindowVisible.Call(window)
	require.Zero(t, visible)
}

// The keyring's helper has no window, and is ended without being asked. It must be there as long as we are.
func TestThisProgramIsShutDownFirst(t *testing.T) {
	w, window := watch(t, quick, registrations)
	send(window, wmApp, 0) // it answers once it is through with the rest
	require.NoError(t, w.MissingEvents())
	var level, flags uint32
	_, err := call(getShutdownParameters, uintptr(unsafe.Pointer(&level)), uintptr(unsafe.Pointer(&flags)))
	require.NoError(t, err)
	require.EqualValues(t, firstToEnd, level)
}

// If Windows refuses one subscription, all other events come, and the diagnostics name it.
func TestARefusedRegistration(t *testing.T) {
	for i, refused := range registrations {
		t.Run(refused.note, func(t *testing.T) {
			some := append([]registration(nil), registrations...)
			some[i].begin = func(windows.HWND) (func(), error) { return nil, errRefused }
			w, window := watch(t, quick, some)
			_, err := call(postMessage, window, wmPowerBroadcast, pbtResumeAutomatic, 0)
			require.NoError(t, err)
			expect(t, w, Woke)
			require.ErrorIs(t, w.MissingEvents(), errRefused)
			require.ErrorContains(t, w.MissingEvents(), refused.lost)
		})
	}
}

// A Windows that lacks a function must not end the program.
func TestAMissingFunction(t *testing.T) {
	_, err := call(user32.NewProc("NoSuchFunctionInAnyWindows"))
	require.ErrorContains(t, err, "could not find NoSuchFunctionInAnyWindows")
}

// If the messages end before the program does, the diagnostics must show that.
func TestAWindowThatReceivesQuit(t *testing.T) {
	w, window := watch(t, quick, registrations)
	send(window, wmApp, 0)
	thread, _, _ := getWindowThread.Call(window, 0)
	_, err := call(postThread, thread, wmQuit, 0, 0)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.MissingEvents() != nil }, guard, 5*time.Millisecond)
	require.ErrorContains(t, w.MissingEvents(), "the window for these events has ended")
}

// A watcher that is started and ended often must not leave windows behind.
func TestWindowsDoNotPileUp(t *testing.T) {
	class, err := windows.UTF16PtrFromString(className)
	require.NoError(t, err)
	for range 20 {
		ctx, end := context.WithCancel(t.Context())
		w := watchFor(ctx, quick)
		find(t)
		finish(t, w, end)
		left, _, _ := findWindow.Call(uintptr(unsafe.Pointer(class)), 0)
		require.Zero(t, left)
	}
}

// A session at a computer that is left unlocked must end.
func TestAUT003TheTimeWithoutInputOnWindows(t *testing.T) {
	// Each reading of a time without any input in it is over this limit.
	w, _ := watch(t, times{idleLimit: time.Nanosecond, idleEvery: 10 * time.Millisecond}, registrations)
	expect(t, w, WentIdle, WentIdle)
	require.NoError(t, w.MissingEvents())
}

// Windows counts milliseconds in 32 bits. A user who works as they run out must not be signed out.
func TestSinceTick(t *testing.T) {
	cases := map[string]struct {
		now, before uint32
		want        time.Duration
	}{
		"now":                 {5000, 5000, 0},
		"a second ago":        {6000, 5000, time.Second},
		"before it began":     {400, 1<<32 - 600, time.Second},
		"stamped later":       {5000, 5016, 0},
		"stamped later, anew": {1<<32 - 8, 8, 0},
		"a day ago":           {86_400_000, 0, 24 * time.Hour},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, sinceTick(c.now, c.before)) })
	}
}
