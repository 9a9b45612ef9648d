package commands

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/workstation"
	"github.com/ers-login/ers-login/ui"
)

// prepare finds the neighbours of a flow.
type prepare func(context.Context) (neighbours, error)

// opening is what a window is opened with.
type opening struct {
	settings ui.Settings
	find     prepare
	// wanted is the sort of window that it is: see sortOfWindow.
	wanted string
	// held: a card that is in begins no sign-in before the user wants one.
	held bool
	// background: the window stays out of sight until somebody wants it.
	background bool
	// graphics tells whether a window can be drawn; nil opens one unseen.
	graphics *graphics
	// unusable tells what find would fail with, for the case that there is no window to tell it; nil knows of nothing.
	unusable func() error
	// sweep clears what an earlier run has left in the keyring, where no flow will begin with that; nil has nothing to clear.
	sweep func(context.Context)
}

// openWindow shows the window, and returns when the user has left and nothing of a session is left behind. An error that kept the
// user from signing in has been shown in the window, if there was one, and else in a message of the desktop's own.
func (p program) openWindow(ctx context.Context, log *logging.Log, board *login.Board, how opening) error {
	settings := how.settings
	if !hasDisplay(p.environ) {
		log.WithError(noDisplay).Error("window")
		return noDisplay
	}
	if err := settleSessionBus(); err != nil {
		return err
	}
	if err := errors.Join(settleDisplay(ctx, log), settleFyne(log)); err != nil {
		return err
	}
	settings.Version = p.metadata.Version
	settings.Redact = log.Redact
	settings.Shown = func(state login.State) {
		logScreen(log, state)
		giveBack(state)
	}

	var (
		window  *ui.Window
		picture *pictureWatch
	)
	entrance := &entrance{
		publisher: p.name(), log: log, guard: log.Guard, board: board, wanted: how.wanted, held: how.held,
		displays: displaysOf(p.environ),
		watch:    func(ctx context.Context) station { return workstation.Watch(ctx, workstation.Settings{}) },
	}
	entrance.open(ctx)
	raise := func() {
		picture.expect()
		raise(log, window)
	}
	wanted, want := context.WithCancel(ctx)
	defer want()
	answer := entrance.answer(raise)
	one := newOneInstance(instance.DefaultFile(), log, p.environ, how.wanted, func(ctx context.Context, request instance.Request) instance.Answer {
		want()
		return answer(ctx, request)
	})
	one.held = p.lock
	defer one.leave()
	joined := one.join(ctx)
	switch {
	case errors.Is(joined, errRaised):
		return p.say(errRaised)
	case errors.Is(joined, otherWindow):
		// The window that was raised says so, too.
		return otherWindow
	case errors.Is(joined, otherDisplay):
		if one.token != "" {
			// A start from a menu has nowhere else to say it.
			p.tellNatively(ctx, otherDisplay)
		}
		return otherDisplay
	}
	// Whatever else keeps this from being the one instance is found again when the window is there to tell it.
	entrance.prepare = after(one.join, how.find)
	leave := func() {
		one.leave()
		one.lock = nil
	}
	// Before anything has to be told without a window, which would set it.
	if err := ui.UseLanguage(languageOf(settings)); err != nil {
		log.WithError(err).Warn("language")
	}
	without := windowless{program: p, log: log, unusable: either(joined, how.unusable)}
	if joined == nil {
		// Only who is the one instance may clear: another one may have somebody signed in.
		without.sweep = how.sweep
	}
	if ran, err := p.canDraw(ctx, log, how.graphics, without, leave); ran || err != nil {
		return err
	}
	settings.Tray = hasTray(ctx)
	if how.background && !settings.Tray {
		settings.Tray = awaitTray(wanted)
	}
	settings.Raise = raise
	settings.Minimise = func() { minimise(window.Window()) }
	settings.Notify = notifier(log, func() *ui.Window { return window })
	picture = p.watchPicture(log, how.graphics, without)
	defer picture.stop()
	settings.Drawn = picture.drawn
	app := p.newApp(p.metadata)
	if err := settleScale(log, app.Settings()); err != nil {
		return err
	}
	window = ui.New(app, settings, entrance.Send)
	entrance.show = window.Show
	defer followContrast(ctx, window.SystemContrast)()

	var started atomic.Bool
	ended := make(chan error, 1)
	// Without OpenGL, Fyne goes on without a window unless the first one is shown from here.
	app.Lifecycle().SetOnStarted(func() {
		switch {
		case how.background && settings.Tray: // The icon is enough.
		case how.background:
			window.Window().Show()
			minimise(window.Window())
		default:
			window.Window().Show()
			picture.expect()
		}
		started.Store(true)
		entrance.shown.Store(true)
		go func() { ended <- entrance.run() }()
	})
	stack, broken := runLoop(window)
	// The session does not outlive the window, whatever has ended Fyne's loop. Not all that takes the window away ends it: when
	// the display dies, Xlib ends the process at once, and the next start clears what is left.
	entrance.Send(login.Quit{})
	if !started.Load() {
		window.Stop()
		log.WithError(broken).Error("window")
		without.sweepUp(ctx)
		without.tell(ctx, notOpened)
		return notOpened.Because(broken)
	}
	if broken != nil {
		log.WithError(broken).WithField("stack", stack).Error("window")
	}
	err := <-ended
	window.Stop()
	switch {
	case broken != nil:
		picture.stop()
		leave() // Nobody is to wait for this one while its message is read.
		if ctx.Err() == nil {
			p.tellNatively(ctx, broke)
		}
		return broke.Because(errors.Join(broken, err))
	case errors.Is(err, context.Canceled):
		// The user has left before anything could go wrong.
		return nil
	case errors.Is(err, errRaised):
		return p.say(errRaised)
	default:
		return err
	}
}

// runLoop runs Fyne's loop. Fyne panics where it does not find what it needs, such as a display that answers.
func runLoop(window *ui.Window) (stack string, broken error) {
	defer func() {
		if cause := recover(); cause != nil {
			stack, broken = string(debug.Stack()), fmt.Errorf("panic in the window's loop: %v", cause)
		}
	}()
	window.Run()
	return "", nil
}

// languageOf returns the language that the window would be in.
func languageOf(settings ui.Settings) string {
	if settings.Preferences != nil {
		if language, offered := settings.Preferences.Value(ui.PreferLanguage); offered {
			return language
		}
	}
	return settings.Language
}

// after makes a prepare that does something else first.
func after(first func(context.Context) error, find prepare) prepare {
	return func(ctx context.Context) (neighbours, error) {
		if err := first(ctx); err != nil {
			return neighbours{}, err
		}
		return find(ctx)
	}
}

// raise brings the window to the front, from wherever it is.
func raise(log logrus.FieldLogger, window *ui.Window) {
	window.Do(func() {
		window.Window().Show()
		restore(window.Window())
		window.Window().RequestFocus()
		log.Info("raised")
	})
}

// say tells whoever has started the program from a terminal why there is no window.
func (p program) say(why error) error {
	_, err := fmt.Fprintf(p.stderr, "%v.\n", why)
	return err
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
