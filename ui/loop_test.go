package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"
)

// loopApp is an app whose loop runs until ended. The test's driver runs functions at once on the
// calling goroutine, as Fyne's own does once its loop has ended.
type loopApp struct {
	fyne.App
	ran func()
}

func (a loopApp) Run() { a.ran() }

// Events after Fyne has ended its loop by itself, on SIGTERM, must not reach the window, which is
// gone.
func TestNothingReachesTheWindowAfterTheLoop(t *testing.T) {
	var l loop
	reached := 0
	count := func() { reached++ }
	elsewhere := func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.do(count)
		}()
		<-done
	}
	l.run(loopApp{test.NewTempApp(t), func() {
		l.do(count)
		require.Equal(t, 1, reached, "the loop itself")
		elsewhere()
		require.Equal(t, 1, reached, "Fyne has no loop any more, and app.Run has not returned yet")
	}})
	elsewhere()
	l.do(count)
	require.Equal(t, 1, reached)
	require.PanicsWithValue(t, "ours", func() {
		var beforehand loop
		beforehand.do(func() { panic("ours") })
	})
}

// hooked is a lifecycle with Fyne's own hook.
type hooked struct {
	fyne.Lifecycle
	hook func()
}

func (h *hooked) SetOnStoppedHookExecuted(hook func()) { h.hook = hook }

// hookedApp has that lifecycle.
type hookedApp struct {
	loopApp
	lifecycle *hooked
}

func (a hookedApp) Lifecycle() fyne.Lifecycle { return a.lifecycle }

// Fyne can wait for ever for the event that it queues at its loop's end.
func TestNoEventIsQueuedAtTheEndOfTheLoop(t *testing.T) {
	lifecycle := &hooked{hook: func() {}}
	var l loop
	l.run(hookedApp{loopApp{test.NewTempApp(t), func() { require.Nil(t, lifecycle.hook) }}, lifecycle})
}
