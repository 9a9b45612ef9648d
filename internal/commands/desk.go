package commands

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard"
)

// neighbours are what a flow works with, ready for use.
type neighbours struct {
	agent   smartcard.Agent
	ers     login.ERS
	keyring login.Keyring
	memory  login.Memory
	// nudge tells that the card side has changed, for agents that know it; nil for others.
	nudge <-chan struct{}

	baseURL, asid string
	pollInterval  time.Duration
	maxAge        time.Duration
	// close ends all of them.
	close func()
}

// desk stands between the window and the flow. The window is there first: finding the neighbours can take time (the certificate's
// passphrase is in a locked keyring) and can fail (a wrong setting), and both are to be seen.
type desk struct {
	publisher string
	log       logrus.FieldLogger
	guard     func(secret.Text)
	show      func(login.State)
	// prepare finds the neighbours. It is called again when the user tries again.
	prepare func(context.Context) (neighbours, error)

	early chan login.Intent
	flow  atomic.Pointer[login.Flow]
	life  context.Context
	quit  context.CancelFunc
}

// quitWithin bounds the goodbye of a closed window, which is gone within five seconds even if e-RS hangs.
const quitWithin = 4500 * time.Millisecond

// open makes the desk ready to take intents. An ended context is taken for the wish to quit.
func (d *desk) open(ctx context.Context) {
	d.early = make(chan login.Intent, 4)
	d.life, d.quit = context.WithCancel(ctx)
}

// Send takes an intent of the window. It never blocks.
func (d *desk) Send(intent login.Intent) {
	if flow := d.flow.Load(); flow != nil {
		flow.Send(intent)
		return
	}
	if _, quitting := intent.(login.Quit); quitting {
		d.quit()
		return
	}
	select {
	case d.early <- intent:
	default:
		d.log.Warn("too many intents before the start: one is dropped")
	}
}

// run finds the neighbours and runs a flow until the user leaves. The error is that of the neighbours, if the user has left
// before they could be found.
func (d *desk) run() error {
	defer d.quit()
	near, err := d.ready()
	if err != nil {
		d.show(login.State{Phase: login.Closed})
		return err
	}
	defer near.close()
	// The watcher outlives the wish to quit, and ends after the flow.
	watching, stop := context.WithCancel(context.WithoutCancel(d.life))
	cards := login.WatchAgent(watching, near.agent, smartcard.WatchSettings{Interval: near.pollInterval})
	nudged := make(chan struct{})
	go func() {
		defer close(nudged)
		forward(watching, near.nudge, cards.Look)
	}()
	flow := login.New(login.Config{
		ERS: near.ers, Keyring: near.keyring, Cards: cards, Memory: near.memory,
		Clock: login.SystemClock{}, Log: d.log, Observe: d.show, Guard: d.guard,
		BaseURL: near.baseURL, ASID: near.asid, Publisher: d.publisher,
		MaxAge: near.maxAge, QuitWithin: quitWithin,
	})
	d.flow.Store(flow)
	flow.Run(d.life)
	stop()
	<-nudged
	for range cards.Events() {
		// The watcher ends with its last answer, and is waited for.
		continue
	}
	return nil
}

// ready finds the neighbours, as often as the user tries again.
func (d *desk) ready() (neighbours, error) {
	for {
		near, err := d.prepare(d.life)
		if err == nil {
			return near, nil
		}
		if d.life.Err() != nil {
			return neighbours{}, err
		}
		d.log.WithError(err).Error("start")
		d.show(login.State{Phase: login.Failed, Problem: problem.Of(err), ProblemAt: time.Now()})
		if !d.wantsAgain() {
			return neighbours{}, err
		}
		d.show(login.State{Phase: login.Starting, Since: time.Now()})
	}
}

func (d *desk) wantsAgain() bool {
	for {
		select {
		case <-d.life.Done():
			return false
		case intent := <-d.early:
			if _, again := intent.(login.TryAgain); again {
				return true
			}
		}
	}
}

func forward(ctx context.Context, nudge <-chan struct{}, look func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-nudge:
			look()
		}
	}
}
