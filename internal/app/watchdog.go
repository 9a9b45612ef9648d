package app

import (
	"context"
	"errors"
	standard "log"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// canDraw checks whether the window can be drawn here, and shows a Problem if not. If the program
// was run with another way to draw instead, ran is true. leave lets another start be the one
// instance.
func (h Host) canDraw(ctx context.Context, log *logging.Log, g *graphics, w noWindowReport, leave func()) (ran bool, err error) {
	if g == nil {
		return false, nil
	}
	cannot := g.check(ctx)
	if cannot == nil || ctx.Err() != nil {
		return false, nil
	}
	ran, err = h.inSoftware(ctx, g, leave)
	if ran {
		return true, err
	}
	found := whyNotDrawn(ctx)
	cannot = found.Because(errors.Join(errors.Unwrap(cannot), err))
	log.WithError(cannot).Error("window")
	w.clear(ctx)
	leave() // no start waits for this one while its message is shown
	w.show(ctx, found)
	return false, ExitStatusError{cannot, StatusNoGraphics}
}

// whyNotDrawn returns why nothing can be drawn: no display, or no OpenGL on it.
func whyNotDrawn(ctx context.Context) *problem.Problem {
	if dead := desktop.DeadDisplays(ctx); dead != "" {
		return deadDisplay.With("Variables", dead)
	}
	return noGraphics
}

// noWindowReport shows the user a Problem without a window: see showNatively.
type noWindowReport struct {
	program Host
	log     logrus.FieldLogger
	// unusable returns what would prevent a sign-in in a window too; nil checks nothing.
	unusable func() error
	// clearBeforeFlow clears the keyring, see windowOptions; nil if another process does.
	clearBeforeFlow func(context.Context)
}

// clear clears what an earlier run has left in the keyring, before a message is shown: that may
// stand for minutes, and without a flow nothing else clears it.
func (w noWindowReport) clear(ctx context.Context) {
	if w.clearBeforeFlow != nil {
		w.clearBeforeFlow(ctx)
	}
}

// show reports why there is no window, and returns when the user has closed the message.
func (w noWindowReport) show(ctx context.Context, found *problem.Problem) {
	w.program.showNatively(ctx, w.reasons(found)...)
}

// reasons returns all reasons why the user cannot sign in, the ones first that a window would show
// too: a service desk called to install a driver should learn at once that the policy is wrong as
// well. Those are logged and printed here, since the program ends with the reason for which there
// is no window.
func (w noWindowReport) reasons(found *problem.Problem) []*problem.Problem {
	if w.unusable == nil {
		return []*problem.Problem{found}
	}
	err := w.unusable()
	if err == nil {
		return []*problem.Problem{found}
	}
	w.log.WithError(err).Error("start")
	w.program.Report(err)
	return []*problem.Problem{problem.Of(err), found}
}

// either returns a function that returns a known error, or else find's, which may be nil.
func either(known error, find func() error) func() error {
	if known == nil {
		return find
	}
	return func() error { return known }
}

// pictureWatch waits for the window's first picture. A graphics driver that hangs, or fails later
// than the probe, leaves an invisible program running.
type pictureWatch struct {
	graphics *graphics
	// late is called once, on its own goroutine, if there is no picture in time, or none can come.
	late func(found *problem.Problem, said string)

	once   sync.Once
	beside sync.WaitGroup

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

// watchPicture returns a watch that ends the program, as nothing else would: Fyne's loop hangs, or
// Fyne is about to end it silently. No session is open yet, since a role cannot be chosen without a
// picture.
func (h Host) watchPicture(log *logging.Log, g *graphics, without noWindowReport) *pictureWatch {
	w := &pictureWatch{graphics: g, late: func(found *problem.Problem, said string) {
		log.WithError(errors.New(said)).WithField("problem", found.Code).Error("window")
		without.show(context.Background(), found)
		os.Exit(h.Report(ExitStatusError{found, StatusNoGraphics}))
	}}
	if g != nil {
		standard.SetOutput(fyneLogWatcher{log.StdWriter(), func(said string) { w.fail(whyNotDrawn(context.Background()), said) }})
	}
	return w
}

// expect begins to wait, when the window is first shown: at the start, or hours later after a start
// in the background. It is safe for concurrent use, and may be called repeatedly.
func (w *pictureWatch) expect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.graphics != nil && w.timer == nil && !w.stopped {
		w.timer = time.AfterFunc(firstPictureWithin, func() { w.fail(noPicture, "no picture in time") })
	}
}

func (w *pictureWatch) fail(found *problem.Problem, said string) {
	w.once.Do(func() { w.late(found, said) })
}

// drawn reports the first picture, which ends the wait.
func (w *pictureWatch) drawn() {
	w.once.Do(func() {
		if w.graphics != nil {
			w.beside.Go(func() {
				w.graphics.drawn()
				// A window stays open for a day: memory needed only for its start is returned now,
				// not over the next minutes.
				debug.FreeOSMemory()
			})
		}
	})
}

// settledAfter is how long after a screen was shown its temporary memory is unused.
const settledAfter = 3 * time.Second

// freeMemory returns a sign-in's memory to the system, once the user is signed in and works in
// other programs.
func freeMemory(state signin.State) {
	if state.Phase == signin.SignedIn {
		time.AfterFunc(settledAfter, debug.FreeOSMemory)
	}
}

// stop ends the wait.
func (w *pictureWatch) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.once.Do(func() {})
	w.beside.Wait()
}
