package commands

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/ui"
)

// errNoWindow is how it ends where Fyne could not open a window: without OpenGL, or without a display.
var errNoWindow = errors.New("the window could not be opened")

// openWindow shows the window, and returns when the user has left and nothing of a session is left behind.
func (p program) openWindow(ctx context.Context, log *logging.Log, settings ui.Settings,
	prepare func(context.Context) (neighbours, error)) error {
	settings.Version = p.metadata.Version
	settings.Redact = log.Redact
	settings.Shown = func(state login.State) { logScreen(log, state) }

	front := &desk{publisher: p.name(), log: log, guard: log.Guard, prepare: prepare}
	app := p.newApp(p.metadata)
	window := ui.New(app, settings, front.Send)
	front.show = window.Show
	front.open(ctx)

	var started atomic.Bool
	ended := make(chan error, 1)
	// Without OpenGL, Fyne goes on without a window unless the first one is shown from here.
	app.Lifecycle().SetOnStarted(func() {
		window.Window().Show()
		started.Store(true)
		go func() { ended <- front.run() }()
	})
	app.Run()
	// Whatever has ended Fyne's loop, a display that went away among it: the session does not outlive the window.
	front.Send(login.Quit{})
	if !started.Load() {
		return errNoWindow
	}
	if err := <-ended; err != nil {
		return reported{err}
	}
	return nil
}

// logScreen tells which screen has been drawn. Whoever follows a sign-in in the log sees what the user saw.
func logScreen(log *logging.Log, state login.State) {
	entry := log.WithField("screen", state.Phase.String())
	if state.Problem != nil {
		entry = entry.WithField("problem", state.Problem.Code)
	}
	entry.Debug("drawn")
}
