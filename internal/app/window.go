package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/workstation"
	"github.com/ers-login/ers-login/ui"
)

// prepare finds the services of a flow.
type prepare func(context.Context) (Services, error)

// windowOptions are the parameters of a window.
type windowOptions struct {
	settings ui.Settings
	find     prepare
	// fingerprint is this window's requestFingerprint.
	fingerprint string
	// manualStart: a card already inserted begins no sign-in until the user asks for one.
	manualStart bool
	// background: the window stays hidden until it is requested.
	background bool
	// graphics checks whether a window can be drawn; nil opens one without a check.
	graphics *graphics
	// unusable returns find's error where there is no window to show it; nil checks nothing.
	unusable func() error
	// clearBeforeFlow clears what an earlier run has left in the keyring, if no flow will; nil has
	// nothing to clear.
	clearBeforeFlow func(context.Context)
	// made is called with the window and its controller, before it is shown; nil calls nothing.
	made func(*ui.Window, *Controller)
}

// openWindow shows the window, and returns when the user has quit and the session is closed. An
// error that prevented a sign-in was shown in the window or, without one, in a message box.
func (h Host) openWindow(ctx context.Context, log *logging.Log, board *signin.Board, how windowOptions) error {
	if err := h.settleDesktop(ctx, log); err != nil {
		return err
	}
	r := &windowRun{program: h, log: log, how: how}
	r.controller = &Controller{
		Publisher: h.Name(), Log: log, Guard: log.Guard, Board: board, fingerprint: how.fingerprint, ManualStart: how.manualStart,
		demonstration: how.settings.Demonstration,
		Displays:      desktop.DisplaysOf(h.Environ), environment: how.settings.Environment,
		watch: func(ctx context.Context, idleLimit time.Duration) station {
			return workstation.Watch(ctx, idleLimit)
		},
	}
	life := r.controller.Open(ctx)
	requested, request := context.WithCancel(ctx)
	defer request()
	r.join(ctx, r.controller.RequestHandler(life, r.raise), request)
	defer r.one.Leave()
	if served, err := r.servedElsewhere(ctx); served {
		return err
	}
	// Any other obstacle to being the one instance is found again when the window can show it.
	r.controller.Prepare = after(r.one.Join, how.find)
	// Needed for messages without a window, which would set it otherwise.
	if err := ui.UseLanguage(languageOf(how.settings)); err != nil {
		log.WithError(err).Warn("language")
	}
	if ran, err := r.canDraw(ctx); ran || err != nil {
		return err
	}
	if err := r.makeWindow(ctx, requested); err != nil {
		return err
	}
	defer r.picture.stop()
	defer workstation.FollowContrast(ctx, r.window.SystemContrast)()
	return r.runWindow(ctx, life)
}

// settleDesktop prepares this process's environment for Fyne and D-Bus. The error is noDisplay if
// there is none.
func (h Host) settleDesktop(ctx context.Context, log *logging.Log) error {
	if !desktop.HasDisplay(h.Environ) {
		log.WithError(noDisplay).Error("window")
		return noDisplay
	}
	if err := desktop.SettleSessionBus(); err != nil {
		return err
	}
	return errors.Join(desktop.SettleDisplay(ctx, log), desktop.SettleFyne(log))
}

// windowRun is one run of the window: the state shared by openWindow's steps.
type windowRun struct {
	program    Host
	log        *logging.Log
	how        windowOptions
	controller *Controller
	one        *OneInstance
	// joined is why this is not the one instance, or nil.
	joined  error
	picture *pictureWatch
	app     fyne.App
	window  *ui.Window
}

// join makes this the one instance; asked is called on requests of other starts.
func (r *windowRun) join(ctx context.Context, answer instance.Handler, asked func()) {
	r.one = NewOneInstance(instance.DefaultFile(), r.log, r.program.Environ, r.how.fingerprint,
		func(ctx context.Context, request instance.Request) instance.Answer {
			asked()
			return answer(ctx, request)
		})
	r.one.Held = r.program.Lock
	r.joined = r.one.Join(ctx)
}

// servedElsewhere reports whether this start is over, since another window serves the user, and its
// result.
func (r *windowRun) servedElsewhere(ctx context.Context) (bool, error) {
	switch {
	case errors.Is(r.joined, ErrRaised):
		return true, r.program.Say(ErrRaised.Error() + ".")
	case errors.Is(r.joined, otherWindow):
		// The raised window shows that, too.
		return true, otherWindow
	case errors.Is(r.joined, OtherDisplay):
		if r.one.token != "" {
			// A start from a menu has no other output.
			r.program.showNatively(ctx, OtherDisplay)
		}
		return true, OtherDisplay
	}
	return false, nil
}

// raise brings the window to the front, also if hidden or minimised.
func (r *windowRun) raise() {
	r.picture.expect()
	r.window.Do(func() {
		r.window.Window().Show()
		desktop.Restore(r.window.Window())
		r.window.Window().RequestFocus()
		r.log.Info("raised")
	})
}

// makeWindow makes Fyne's app and the window. In the background it waits for the desktop's tray, or
// until requested ends.
func (r *windowRun) makeWindow(ctx, requested context.Context) error {
	settings := r.how.settings
	settings.Version = r.program.Metadata.Version
	settings.Redact = r.log.Redact
	// Until the first screen is shown the heap grows from little: the garbage collector would run
	// several times to free almost nothing.
	usual := debug.SetGCPercent(800)
	collectAsUsual := sync.OnceFunc(func() { debug.SetGCPercent(usual) })
	settings.Shown = func(state signin.State) {
		collectAsUsual()
		logScreen(r.log, state)
		freeMemory(state)
	}
	settings.Tray = desktop.HasTray(ctx)
	if r.how.background && !settings.Tray {
		settings.Tray = desktop.AwaitTray(requested)
	}
	settings.Raise = r.raise
	settings.Minimise = func() { desktop.Minimise(r.window.Window()) }
	settings.CanMinimise = func() bool { return desktop.CanMinimise(r.window.Window()) }
	settings.Tooltip = desktop.Tooltip
	settings.Browse = desktop.Browse
	settings.Notify = desktop.Notifier(r.log, func() *ui.Window { return r.window })
	r.picture = r.watchPicture()
	settings.Drawn = r.picture.drawn
	r.app = r.program.NewApp(r.program.Metadata)
	if err := desktop.SettleScale(r.log, r.app.Settings()); err != nil {
		r.picture.stop()
		return err
	}
	r.window = ui.New(r.app, settings, r.controller.Send)
	r.controller.Show = r.window.Show
	if r.how.made != nil {
		r.how.made(r.window, r.controller)
	}
	r.controller.CameBack = r.raise
	r.how.settings = settings
	return nil
}

// runWindow runs Fyne's loop, and the controller beside it, until both have ended.
func (r *windowRun) runWindow(ctx, life context.Context) error {
	var started atomic.Bool
	ended, loopEnded := make(chan error, 1), make(chan struct{})
	// Without OpenGL, Fyne goes on without a window unless the first one is shown from here.
	r.app.Lifecycle().SetOnStarted(func() {
		switch {
		case r.how.background && r.how.settings.Tray: // the icon is enough
		case r.how.background:
			r.window.Window().Show()
			desktop.Minimise(r.window.Window())
		default:
			r.window.Window().Show()
			r.picture.expect()
		}
		started.Store(true)
		r.controller.Shown.Store(true)
		go func() {
			err := r.controller.Run(life)
			ended <- err
			if errors.Is(err, context.Canceled) {
				err = nil // the user quit before anything could go wrong
			}
			r.awaitLoop(loopEnded, loopWithin, func() { os.Exit(StatusOf(err)) })
		}()
	})
	stack, broken := runLoop(r.window)
	close(loopEnded)
	// The session does not outlive the window, whatever has ended Fyne's loop. When the display
	// dies, Xlib ends the process at once, and the next start clears the keyring.
	r.controller.Send(signin.Quit{})
	if !started.Load() {
		r.window.Stop()
		r.log.WithError(broken).Error("window")
		r.clear(ctx)
		r.showReasons(ctx, NotOpened)
		return NotOpened.Because(broken)
	}
	if broken != nil {
		r.log.WithError(broken).WithField("stack", stack).Error("window")
	}
	err := <-ended
	r.window.Stop()
	switch {
	case broken != nil:
		r.picture.stop()
		r.one.Leave() // no start waits for this one while its message is shown
		if ctx.Err() == nil {
			r.program.showNatively(ctx, broke)
		}
		return broke.Because(errors.Join(broken, err))
	case errors.Is(err, context.Canceled):
		// The user quit before anything could go wrong.
		return nil
	case errors.Is(err, ErrRaised):
		return r.program.Say(ErrRaised.Error() + ".")
	default:
		return err
	}
}

// loopWithin is how long Fyne may take to end its loop after the flow has ended.
const loopWithin = 10 * time.Second

// awaitLoop ends the process if Fyne's loop does not end: it waits for ever for an event that comes
// at the wrong moment. The session, the keyring and the audit log have ended by then; but as long as
// the process lives, it is the one instance.
func (r *windowRun) awaitLoop(ended <-chan struct{}, within time.Duration, exit func()) {
	select {
	case <-ended:
	case <-time.After(within):
		r.log.Error("window: the loop has not ended")
		exit()
	}
}

// runLoop runs Fyne's loop. Fyne panics if something is missing, such as a working display.
func runLoop(window *ui.Window) (stack string, broken error) {
	defer func() {
		if cause := recover(); cause != nil {
			stack, broken = string(debug.Stack()), fmt.Errorf("panic in the window's loop: %v", cause)
		}
	}()
	window.Run()
	return "", nil
}

// languageOf returns the language that the window would use.
func languageOf(settings ui.Settings) string {
	if settings.Preferences != nil {
		if language, offered := settings.Preferences.Value(ui.PreferLanguage); offered {
			return language
		}
	}
	return settings.Language
}

// after returns a prepare that calls first beforehand.
func after(first func(context.Context) error, find prepare) prepare {
	return func(ctx context.Context) (Services, error) {
		if err := first(ctx); err != nil {
			return Services{}, err
		}
		return find(ctx)
	}
}

// logScreen logs which screen was shown, so that a log shows what the user saw.
func logScreen(log *logging.Log, state signin.State) {
	entry := log.WithField("screen", state.Phase.String())
	if state.Problem != nil {
		entry = entry.WithField("problem", state.Problem.Code)
	}
	entry.Debug("drawn")
}

// Problems for a start without a window to show them.
var (
	noDisplay = &problem.Problem{
		Code:     "WINDOW-NO_DISPLAY",
		Title:    "e-RS Login cannot open its window",
		Happened: "e-RS Login was started without a desktop, and it needs one to show its window.",
		Steps: []string{
			"Sign in to the desktop of this computer and start e-RS Login from its menu.",
		},
		ServiceDesk: []string{
			"Neither DISPLAY nor WAYLAND_DISPLAY is set.",
		},
	}
	NotOpened = &problem.Problem{
		Code:     "WINDOW-NOT_OPENED",
		Title:    "The window could not be opened",
		Happened: "This computer's desktop does not answer, or does not offer what the window is drawn with (OpenGL 2.1).",
		Steps: []string{
			"Sign out of the computer, sign in again and start e-RS Login from the menu.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"See the log for details.",
		},
	}
	broke = &problem.Problem{
		Code:     "WINDOW-BROKE",
		Title:    "The window stopped working",
		Happened: "There was a fault while the window was drawn. You have been signed out of e-RS.",
		Steps: []string{
			"Start e-RS Login again.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"See the log for details.",
		},
	}
)
