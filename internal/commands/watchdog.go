package commands

import (
	"context"
	"errors"
	standard "log"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
)

// canDraw finds out whether the window can be drawn here, and tells the user if it cannot. Where another way to draw is at hand, the
// program has been run with it, and ran is true. Leave lets another start be the one instance.
func (p program) canDraw(ctx context.Context, log *logging.Log, g *graphics, leave func()) (ran bool, err error) {
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
	cannot = noGraphics.Because(errors.Join(errors.Unwrap(cannot), err))
	log.WithError(cannot).Error("window")
	leave() // Nobody is to wait for this one while its message is read.
	p.tellNatively(ctx, noGraphics)
	return false, ending{cannot, statusNoGraphics}
}

// pictureWatch waits for the first picture of the window. A graphics driver that fails later than the probe, or hangs, leaves a program
// behind that runs and cannot be seen.
type pictureWatch struct {
	graphics *graphics
	// late is called once, on a goroutine of its own, if there is no picture in time, or none can come.
	late func(found *problem.Problem, said string)

	once   sync.Once
	timer  *time.Timer
	beside sync.WaitGroup
}

// watchPicture returns a watch that ends the program, since there is nobody else left to: Fyne's loop hangs, or Fyne itself is about to
// end it without a word. No session is open yet, as nobody could choose a role in a window without a picture.
func (p program) watchPicture(log *logging.Log, g *graphics) *pictureWatch {
	w := &pictureWatch{graphics: g, late: func(found *problem.Problem, said string) {
		log.WithError(errors.New(said)).WithField("problem", found.Code).Error("window")
		p.tellNatively(context.Background(), found)
		os.Exit(p.report(ending{found, statusNoGraphics}))
	}}
	if g != nil {
		standard.SetOutput(lastWords{log.StdWriter(), func(said string) { w.fail(noGraphics, said) }})
	}
	return w
}

// expect begins to wait.
func (w *pictureWatch) expect() {
	if w.graphics != nil {
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

// stop ends the wait.
func (w *pictureWatch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.once.Do(func() {})
	w.beside.Wait()
}
