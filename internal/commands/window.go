package commands

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui"
)

// prepare finds the neighbours of a flow.
type prepare func(context.Context) (neighbours, error)

// openWindow shows the window, and returns when the user has left and nothing of a session is left behind. An error that kept the
// user from signing in has been shown in the window, if there was one.
func (p program) openWindow(ctx context.Context, log *logging.Log, settings ui.Settings, find prepare) error {
	if !hasDisplay(p.environ) {
		log.WithError(noDisplay).Error("window")
		return noDisplay
	}
	if err := settleSessionBus(); err != nil {
		return err
	}
	settings.Version = p.metadata.Version
	settings.Redact = log.Redact
	settings.Shown = func(state login.State) { logScreen(log, state) }

	entrance := &entrance{publisher: p.name(), log: log, guard: log.Guard, prepare: onlyOnce(instance.DefaultFile(), log, find)}
	app := p.newApp(p.metadata)
	window := ui.New(app, settings, entrance.Send)
	entrance.show = window.Show
	entrance.open(ctx)

	var started atomic.Bool
	ended := make(chan error, 1)
	// Without OpenGL, Fyne goes on without a window unless the first one is shown from here.
	app.Lifecycle().SetOnStarted(func() {
		window.Window().Show()
		started.Store(true)
		go func() { ended <- entrance.run() }()
	})
	stack, broken := runApp(app)
	// The session does not outlive the window, whatever has ended Fyne's loop. Not all that takes the window away ends it: when
	// the display dies, Xlib ends the process at once, and the next start clears what is left.
	entrance.Send(login.Quit{})
	if !started.Load() {
		window.Stop()
		log.WithError(broken).Error("window")
		return notOpened.Because(broken)
	}
	if broken != nil {
		log.WithError(broken).WithField("stack", stack).Error("window")
	}
	err := <-ended
	window.Stop()
	switch {
	case broken != nil:
		return broke.Because(errors.Join(broken, err))
	case errors.Is(err, context.Canceled):
		// The user has left before anything could go wrong.
		return nil
	default:
		return err
	}
}

// runApp runs Fyne's loop. Fyne panics where it does not find what it needs, such as a display that answers.
func runApp(app fyne.App) (stack string, broken error) {
	defer func() {
		if cause := recover(); cause != nil {
			stack, broken = string(debug.Stack()), fmt.Errorf("panic in the window's loop: %v", cause)
		}
	}()
	app.Run()
	return "", nil
}

// onlyOnce makes a prepare that takes the lock of the one instance before it looks at anything, and holds it until the neighbours
// are closed.
func onlyOnce(path string, log logrus.FieldLogger, find prepare) prepare {
	return func(ctx context.Context) (neighbours, error) {
		lock, err := instance.Take(path)
		if err != nil {
			return neighbours{}, err
		}
		found, err := find(ctx)
		if err != nil {
			return neighbours{}, errors.Join(err, lock.Release())
		}
		closeAll := found.close
		found.close = func() {
			closeAll()
			if err := lock.Release(); err != nil {
				log.WithError(err).Warn("instance")
			}
		}
		return found, nil
	}
}

// logScreen tells which screen has been drawn. Whoever follows a sign-in in the log sees what the user saw.
func logScreen(log *logging.Log, state login.State) {
	entry := log.WithField("screen", state.Phase.String())
	if state.Problem != nil {
		entry = entry.WithField("problem", state.Problem.Code)
	}
	entry.Debug("drawn")
}

// What is told where there is no window to tell it in.
var (
	noDisplay = &problem.Problem{
		Code:     "WINDOW-NO_DISPLAY",
		Title:    "There is no display to open the window on",
		Happened: "e-RS Login signs in with a window, and was started without a desktop.",
		Steps: []string{
			"Log in to the desktop of this computer and start the program from its menu.",
			"For the service desk: neither DISPLAY nor WAYLAND_DISPLAY is set.",
		},
	}
	notOpened = &problem.Problem{
		Code:     "WINDOW-NOT_OPENED",
		Title:    "The window could not be opened",
		Happened: "This computer's desktop does not answer, or does not offer what the window is drawn with (OpenGL 2.1).",
		Steps: []string{
			"Log out of the computer, log in again and start the program from its menu.",
			"If that does not help, give your local service desk the code above and the log of the program.",
		},
	}
	broke = &problem.Problem{
		Code:     "WINDOW-BROKE",
		Title:    "The window stopped working",
		Happened: "Something went wrong while the window was drawn. Your e-RS session was ended.",
		Steps: []string{
			"Start the program again.",
			"If it happens again, give your local service desk the code above and the log of the program.",
		},
	}
)
