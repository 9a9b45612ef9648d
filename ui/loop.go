package ui

import (
	"bytes"
	"runtime"
	"sync/atomic"

	"fyne.io/fyne/v2"
)

// loop is the only way to the window from other goroutines. Fyne ends its loop by itself on SIGTERM
// and SIGINT, and then runs functions given to fyne.Do on the calling goroutine: a call to the
// window, which is gone, panics there.
type loop struct {
	// runner is the goroutine that runs Fyne's loop, nil before it begins; until then, Fyne queues.
	runner atomic.Pointer[string]
	over   atomic.Bool
}

// run runs the app until Fyne's loop ends. It is called on the main goroutine.
func (l *loop) run(app fyne.App) {
	runner := goroutine()
	l.runner.Store(&runner)
	defer l.over.Store(true)
	withoutLastEvent(app)
	app.Run()
}

// withoutLastEvent takes away the event that Fyne 2.8 queues once its loop has ended, to save
// preferences, which this program does not have. An event that comes between the loop's last look at
// its queue and the queue's end is never run, and Fyne waits for it for ever: about one end in forty.
func withoutLastEvent(app fyne.App) {
	if hooked, is := app.Lifecycle().(interface{ SetOnStoppedHookExecuted(func()) }); is {
		hooked.SetOnStoppedHookExecuted(nil)
	}
}

// do runs a function on Fyne's goroutine, later. Once the loop has ended, it does nothing.
func (l *loop) do(todo func()) {
	if l.over.Load() {
		return
	}
	defer func() {
		// Fyne closes its queue at the end of the loop, under those that are about to use it.
		if cause := recover(); cause != nil && !isSendOnClosed(cause) {
			panic(cause)
		}
	}()
	fyne.Do(func() {
		// The loop may have ended before this function ran.
		if runner := l.runner.Load(); runner == nil || *runner == goroutine() {
			todo()
		}
	})
}

func isSendOnClosed(cause any) bool {
	err, is := cause.(runtime.Error)
	return is && err.Error() == "send on closed channel"
}

// goroutine returns the name of the calling goroutine, such as "goroutine 1". Fyne identifies its
// own in the same way.
func goroutine() string {
	stack := make([]byte, len("goroutine 18446744073709551615 "))
	name, _, _ := bytes.Cut(stack[:runtime.Stack(stack, false)], []byte(" ["))
	return string(name)
}
