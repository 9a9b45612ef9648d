package app

import (
	"context"
	"errors"
	standard "log"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// canDraw checks whether the window can be drawn here, and shows a Problem if not. If the program
// was run with another way to draw instead, ran is true.
func (r *windowRun) canDraw(ctx context.Context) (ran bool, err error) {
	if r.how.graphics == nil {
		return false, nil
	}
	cannot := r.how.graphics.check(ctx)
	if cannot == nil || ctx.Err() != nil {
		return false, nil
	}
	ran, err = r.program.inSoftware(ctx, r.how.graphics, r.one.Leave)
	if ran {
		return true, err
	}
	found := whyNotDrawn(ctx)
	cannot = found.Because(errors.Join(errors.Unwrap(cannot), err))
	r.log.WithError(cannot).Error("window")
	r.clear(ctx)
	r.one.Leave() // no start waits for this one while its message is shown
	r.showReasons(ctx, found)
	return false, ExitStatusError{cannot, StatusNoGraphics}
}

// whyNotDrawn returns why nothing can be drawn: no display, or no OpenGL on it.
func whyNotDrawn(ctx context.Context) *problem.Problem {
	if dead := desktop.DeadDisplays(ctx); dead != "" {
		return deadDisplay.With("Variables", dead)
	}
	return noGraphics
}

// clear clears what an earlier run has left in the keyring, before a message is shown: that may
// stand for minutes, and without a flow nothing else clears it. Only the one instance may: the user
// may be signed in at another one.
func (r *windowRun) clear(ctx context.Context) {
	if r.joined == nil && r.how.clearBeforeFlow != nil {
		r.how.clearBeforeFlow(ctx)
	}
}

// showReasons reports why there is no window, and returns when the user has closed the message.
func (r *windowRun) showReasons(ctx context.Context, found *problem.Problem) {
	r.program.showNatively(ctx, r.reasons(found)...)
}

// reasons returns all reasons why the user cannot sign in, the ones first that a window would show
// too: a service desk called to install a driver should learn at once that the policy is wrong as
// well. Those are logged and printed here, since the program ends with the reason for which there
// is no window.
func (r *windowRun) reasons(found *problem.Problem) []*problem.Problem {
	err := r.joined
	if err == nil && r.how.unusable != nil {
		err = r.how.unusable()
	}
	if err == nil {
		return []*problem.Problem{found}
	}
	r.log.WithError(err).Error("start")
	r.program.Report(err)
	return []*problem.Problem{problem.Of(err), found}
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
func (r *windowRun) watchPicture() *pictureWatch {
	w := &pictureWatch{graphics: r.how.graphics, late: func(found *problem.Problem, said string) {
		r.log.WithError(errors.New(said)).WithField("problem", found.Code).Error("window")
		r.showReasons(context.Background(), found)
		os.Exit(r.program.Report(ExitStatusError{found, StatusNoGraphics}))
	}}
	if r.how.graphics != nil {
		standard.SetOutput(fyneLogWatcher{r.log.StdWriter(), func(said string) { w.fail(whyNotDrawn(context.Background()), said) }})
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
