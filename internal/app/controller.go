package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
)

// Services are the collaborators of a flow.
type Services struct {
	// environment is set for a failed start too, if it is known.
	environment signin.Environment

	platform signin.Platform
	keyring  signin.Keyring
	memory   signin.Memory

	maxAge time.Duration
	// grace and endWhenLocked set how a session ends: see signin.Config.
	grace         time.Duration
	endWhenLocked bool
	// idleLimit is how long the computer may be idle before a session ends; 0 where the platform does
	// not ask for that.
	idleLimit time.Duration
	// close closes all of them.
	close func()
}

// with completes services with what both platforms have.
func (s Services) with(settings config.Config, ring *keyring.Client, log logrus.FieldLogger) Services {
	s.maxAge, s.endWhenLocked = settings.SessionMaxAge, settings.ScreenLock == config.LockEnds
	closeOthers := s.close
	s.close = func() {
		closeOthers()
		closeRing(ring, log)
	}
	return s
}

// Controller connects the window and the flow. The window comes first: finding the services can
// take time (the certificate's passphrase may be in a locked keyring) and can fail (a wrong
// setting), and the window shows both.
type Controller struct {
	Publisher string
	Log       logrus.FieldLogger
	Guard     func(secret.Text)
	Show      func(signin.State)
	// watch watches the workstation until the context ends, with the limit of idleness or 0; nil if it
	// has no events.
	watch func(ctx context.Context, idleLimit time.Duration) station
	// Board holds the services' notices, from before the flow begins.
	Board *signin.Board
	// Prepare finds the services. It is called again for each try.
	Prepare func(context.Context) (Services, error)

	// fingerprint is this window's requestFingerprint.
	fingerprint string
	// Displays are the displays that the window is on.
	Displays string
	// CameBack is called when the user has come back from a sign-in in the browser; it must not block.
	// It may be nil.
	CameBack func()
	// inBrowser: the last state was that of a sign-in in the browser.
	inBrowser atomic.Bool
	// ManualStart: a card already inserted begins no sign-in until the user asks for one.
	ManualStart bool
	// Shown: there is a window to raise.
	Shown atomic.Bool
	// demonstration: its Problems are no faults of this computer.
	demonstration bool
	// problem is the last one that the window has shown, for the diagnostics of another process.
	problem atomic.Pointer[instance.Shown]
	// waiters are other starts of the program that wait for the result of a sign-in.
	waiters waiters

	// environment and idleLimit are the last ones known, for every state that is published. They
	// belong to Run's goroutine.
	environment signin.Environment
	idleLimit   time.Duration

	// again: the services are found anew once the present flow has ended.
	again atomic.Bool
	// hidden: the end of the last flow was not published. It belongs to Run's goroutine.
	hidden bool

	early chan signin.Intent
	flow  atomic.Pointer[signin.Flow]
	quit  context.CancelFunc
}

// quitWithin bounds signing out on closing the window, which is gone within five seconds even if
// e-RS hangs.
const quitWithin = 4500 * time.Millisecond

// Open prepares the controller for intents, and returns the context of Answer and Run, which ends
// when the user quits. The end of ctx counts as quitting.
func (c *Controller) Open(ctx context.Context) (life context.Context) {
	c.early = make(chan signin.Intent, 4)
	life, c.quit = context.WithCancel(ctx)
	return life
}

// Send accepts an intent from the window. It never blocks.
func (c *Controller) Send(intent signin.Intent) {
	_, quitting := intent.(signin.Quit)
	if quitting {
		c.again.Store(false)
	}
	if flow := c.flow.Load(); flow != nil {
		flow.Send(intent)
		return
	}
	if quitting {
		c.quit()
		return
	}
	select {
	case c.early <- intent:
	default:
		c.Log.Warn("too many intents before the start: one is dropped")
	}
}

// Restart signs out and begins anew, with the services that Prepare finds then. It never blocks.
func (c *Controller) Restart() {
	if flow := c.flow.Load(); flow != nil {
		c.again.Store(true)
		flow.Send(signin.Quit{})
		return
	}
	// A failed start tries again; one under way finds what is wanted now, or is tried again.
	c.Send(signin.TryAgain{})
}

// Run finds the services and runs a flow until the user quits. The error is that of the services if
// the user quit before they were found.
func (c *Controller) Run(life context.Context) error {
	defer c.quit()
	for {
		if err := c.runFlow(life); err != nil {
			return err
		}
		if !c.again.Swap(false) {
			break
		}
		c.flow.Store(nil)
		c.Board.Repeat()
	}
	if c.hidden {
		// The user has quit while another flow was to follow.
		c.publish(signin.State{Phase: signin.Closed})
	}
	return nil
}

// runFlow runs one flow.
func (c *Controller) runFlow(life context.Context) error {
	found, err := c.prepareServices(life)
	if err != nil {
		c.publish(signin.State{Phase: signin.Closed})
		return err
	}
	defer found.close()
	// The watcher outlives quitting, and ends after the flow.
	watching, stop := context.WithCancel(context.WithoutCancel(life))
	var beside sync.WaitGroup
	events, release := c.watchWorkstation(watching, &beside, found)
	flow := signin.New(signin.Config{
		Platform: found.platform, Keyring: found.keyring, Memory: found.memory,
		Clock: signin.SystemClock{}, Log: c.Log, Observe: c.publishFlowState, Guard: c.Guard, QuitWithin: quitWithin,
		Workstation: events, Notices: c.Board.Changes(),
		Terms: signin.Terms{Publisher: c.Publisher, MaxAge: found.maxAge, Grace: found.grace, EndWhenLocked: found.endWhenLocked,
			ManualStart: c.ManualStart},
	})
	c.flow.Store(flow)
	c.handOver(flow)
	flow.Run(life)
	release()
	stop()
	beside.Wait()
	return nil
}

// handOver passes earlier requests for a sign-in to a new flow. Other intents were meant for
// another screen.
func (c *Controller) handOver(flow *signin.Flow) {
	for {
		select {
		case intent := <-c.early:
			if asked, is := intent.(signin.Requested); is {
				flow.Send(asked)
			}
		default:
			return
		}
	}
}

// publishFlowState publishes a flow's state. The end of one that another follows is a start under way.
func (c *Controller) publishFlowState(state signin.State) {
	if c.hidden = state.Phase == signin.Closed && c.again.Load(); c.hidden {
		state = signin.State{Phase: signin.Starting, Since: state.Since}
	}
	c.publish(state)
}

// publish shows a state in the window and to the waiters.
func (c *Controller) publish(state signin.State) {
	if p := state.Problem; state.Phase == signin.Failed && p != nil && !c.demonstration {
		c.problem.Store(&instance.Shown{Code: p.Code, Title: p.Expand(p.Title), At: state.ProblemAt})
	}
	state.Environment, state.IdleAfter = c.environment, c.idleLimit
	// A sign-in that the user gave up here, or did not finish in time, does not come back.
	back := state.Phase == signin.SigningIn || state.Phase == signin.Failed && !errors.Is(state.Problem, context.DeadlineExceeded)
	if c.inBrowser.Load() && back && c.CameBack != nil {
		c.CameBack()
	}
	c.inBrowser.Store(state.Phase == signin.Prompting && state.Browser != nil)
	c.Show(state)
	c.waiters.see(state)
}

// watchWorkstation begins to watch the workstation. release lets a computer continue that waits for
// the end of the flow.
func (c *Controller) watchWorkstation(
	ctx context.Context, beside *sync.WaitGroup, found Services,
) (events <-chan signin.WorkstationEvent, release func()) {
	if c.watch == nil {
		return nil, func() {}
	}
	watched := c.watch(ctx, found.idleLimit)
	taken := make(chan signin.WorkstationEvent)
	beside.Go(func() {
		workstationEvents{
			station: watched, taken: taken, look: found.platform.Look, leave: c.quit,
			board: c.Board, lockMatters: found.endWhenLocked,
		}.run(ctx)
	})
	return taken, watched.Release
}

// prepareServices finds the services, each time that the user tries again.
func (c *Controller) prepareServices(life context.Context) (Services, error) {
	for {
		found, err := c.Prepare(life)
		if found.environment.Host != "" {
			c.environment = found.environment
		}
		if err == nil {
			c.idleLimit = found.idleLimit
			return found, nil
		}
		if life.Err() != nil {
			return Services{}, err
		}
		c.Log.WithError(err).Error("start")
		// Without a flow it is unknown whether the keyring is clear.
		failed := signin.State{Phase: signin.Failed, Problem: problem.Of(err), ProblemAt: time.Now(), Uncleared: true}
		c.publish(failed)
		if !c.wantsAgain(life, failed) {
			return Services{}, err
		}
		c.publish(signin.State{Phase: signin.Starting, Since: time.Now()})
	}
}

// wantsAgain waits after a failed start until the user tries again (true) or quits. Meanwhile the
// window shows which program wants a sign-in.
func (c *Controller) wantsAgain(life context.Context, failed signin.State) bool {
	for {
		select {
		case <-life.Done():
			return false
		case intent := <-c.early:
			switch wish := intent.(type) {
			case signin.TryAgain:
				return true
			case signin.Requested:
				if failed.AskedBy != wish.By {
					failed.AskedBy = wish.By
					c.publish(failed)
				}
			}
		}
	}
}
