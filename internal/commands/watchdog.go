package commands

import (
	"context"
	"errors"
	standard "log"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
)

// canDraw finds out whether the window can be drawn here, and tells the user if it cannot. Where another way to draw is at hand, the
// program has been run with it, and ran is true. Leave lets another start be the one instance.
func (p program) canDraw(ctx context.Context, log *logging.Log, g *graphics, w headless, leave func()) (ran bool, err error) {
	if g == nil {
		return false, nil
	}
	cannot := g.check(ctx)
	if cannot == nil || ctx.Err() != nil {
		return false, nil
	}
	ran, err = p.inSoftware(ctx, g, leave)
	if ran {
		return true, err
	}
	found := undrawn(ctx)
	cannot = found.Because(errors.Join(errors.Unwrap(cannot), err))
	log.WithError(cannot).Error("window")
	w.sweepUp(ctx)
	leave() // Nobody is to wait for this one while its message is read.
	w.tell(ctx, found)
	return false, ending{cannot, statusNoGraphics}
}

// undrawn is why nothing can be drawn: there is no display, or no OpenGL on it.
func undrawn(ctx context.Context) *problem.Problem {
	if dead := deadDisplays(ctx); dead != "" {
		return deadDisplay.With("Variables", dead)
	}
	return noGraphics
}

// headless shows the user a Problem where there is no window: see tellNatively.
type headless struct {
	program program
	log     logrus.FieldLogger
	// unusable tells what would keep the user from signing in even in a window; nil knows of nothing.
	unusable func() error
	// sweep clears the keyring, see opening; nil if that is not for this process to do.
	sweep func(context.Context)
}

// sweepUp clears what an earlier run has left in the keyring, before the user is told: the message may stand for minutes, and without a
// flow nobody else does it.
func (w headless) sweepUp(ctx context.Context) {
	if w.sweep != nil {
		w.sweep(ctx)
	}
}

// tell tells why there is no window, and returns when the user has read it.
func (w headless) tell(ctx context.Context, found *problem.Problem) {
	w.program.tellNatively(ctx, w.reasons(found)...)
}

// reasons are all reasons why the user cannot sign in. What would be wrong in a window too comes first, where a window would have told
// it: whoever gets a driver installed for the user is to hear at once that the policy is broken as well, and not after the driver.
// It is logged and printed here, since the program ends with the reason for which there is no window.
func (w headless) reasons(found *problem.Problem) []*problem.Problem {
	if w.unusable == nil {
		return []*problem.Problem{found}
	}
	err := w.unusable()
	if err == nil {
		return []*problem.Problem{found}
	}
	w.log.WithError(err).Error("start")
	w.program.report(err)
	return []*problem.Problem{problem.Of(err), found}
}

// either returns what finds an error: one that is known already, or else what the other finds, which may be nil.
func either(known error, find func() error) func() error {
	if known == nil {
		return find
	}
	return func() error { return known }
}

// pictureWatch waits for the first picture of the window. A graphics driver that fails later than the probe, or hangs, leaves a program
// behind that runs and cannot be seen.
type pictureWatch struct {
	graphics *graphics
	// late is called once, on a goroutine of its own, if there is no picture in time, or none can come.
	late func(found *problem.Problem, said string)

	once   sync.Once
	beside sync.WaitGroup

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

// watchPicture returns a watch that ends the program, since there is nobody else left to: Fyne's loop hangs, or Fyne itself is about to
// end it without a word. No session is open yet, as nobody could choose a role in a window without a picture.
func (p program) watchPicture(log *logging.Log, g *graphics, without headless) *pictureWatch {
	w := &pictureWatch{graphics: g, late: func(found *problem.Problem, said string) {
		log.WithError(errors.New(said)).WithField("problem", found.Code).Error("window")
		without.tell(context.Background(), found)
		os.Exit(p.report(ending{found, statusNoGraphics}))
	}}
	if g != nil {
		standard.SetOutput(lastWords{log.StdWriter(), func(said string) { w.fail(undrawn(context.Background()), said) }})
	}
	return w
}

// expect begins to wait, when the window is shown for the first time: at the start, or hours later if the program was started in the
// background. It can be called from any goroutine and as often as the window is shown.
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

// drawn is told of the first picture. The wait is over, whoever is late.
func (w *pictureWatch) drawn() {
	w.once.Do(func() {
		if w.graphics != nil {
			w.beside.Go(func() {
				w.graphics.drawn()
				// A window stays open for a day. What its start alone has needed is given back at once, not over the next minutes.
				debug.FreeOSMemory()
			})
		}
	})
}

// settledAfter is how long after a screen has come the window has done with what it needed for it.
const settledAfter = 3 * time.Second

// giveBack gives back what a sign-in has needed of memory, once somebody is signed in and works in other programs.
func giveBack(state login.State) {
	if state.Phase == login.SignedIn {
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
