package ticketapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// Readers watches the smartcard readers of this computer through a helper process. Without PC/SC
// its Presence has the reason in Err.
type Readers struct {
	helper *process

	changed chan struct{}
	want    chan struct{} // asks for a start of the helper

	mutex    sync.Mutex
	cards    cards
	nudges   []*time.Timer // still to come after a removal
	settling *time.Timer
	attempt  *attempt // the start of the helper that is under way or comes next
	failure  error    // of the one before it
	closed   bool

	sight     func(error)
	reporting sync.Mutex
	reported  string // the text of the error given to sight last, empty if it was nil

	cancel  context.CancelFunc
	stopped chan struct{}
}

// afterRemoval are the times of further values on Changed after a card was removed: the Identity
// Agent sees the removal at the same time and ends the session a moment later.
var afterRemoval = []time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond,
}

// heartbeat is how often the helper is checked while there are no calls.
const heartbeat = 5 * time.Second

// attempt is one start of the helper.
type attempt struct {
	over chan struct{}
	err  error // once it is over
}

// NewReaders starts the helper and watches until Close. Bridge has its own Readers; this is for
// other agents. If the helper cannot be started, Presence has the reason.
func NewReaders(settings Settings) *Readers {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Readers{
		changed: make(chan struct{}, 1), want: make(chan struct{}, 1), attempt: newAttempt(),
		cards: cards{err: NotLooked}, cancel: cancel, stopped: make(chan struct{}), sight: settings.OnSight,
	}
	r.helper = newProcess(settings, r.onEvent)
	go func() {
		defer close(r.stopped)
		r.keep(ctx)
	}()
	return r
}

// Changed receives a value when the ticket should be polled at once (the Nudge of a
// smartcard.Watch), and when the readers go out of sight or come back, which changes Presence.
// After a removed card several values follow within two seconds. It is never closed.
func (r *Readers) Changed() <-chan struct{} { return r.changed }

// Presence returns the current state. Its Err is a *problem.Problem.
func (r *Readers) Presence() smartcard.Presence { return r.Seen().Presence }

// Seen returns the current state and the removals so far, for [RemovalDecides].
func (r *Readers) Seen() Seen {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.cards.seen()
}

// Close ends the helper. The error means that its process could not be ended.
func (r *Readers) Close() error {
	r.cancel()
	err := r.helper.Close()
	<-r.stopped
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.closed = true
	r.hush()
	if r.settling != nil {
		r.settling.Stop()
	}
	return err
}

// keep keeps the helper running.
func (r *Readers) keep(ctx context.Context) {
	for {
		err := r.helper.start(ctx)
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", helper.ErrClosed, ctx.Err())
		}
		r.started(err)
		if ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-r.want:
		case <-time.After(heartbeat):
		}
	}
}

// started records the result of an attempt.
func (r *Readers) started(err error) {
	defer r.report()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.attempt.err, r.failure = err, err
	close(r.attempt.over)
	r.attempt = newAttempt()
	if err != nil && !errors.Is(err, helper.ErrClosed) {
		inSight := r.cards.err == nil
		r.cards.err = helperProblem(err)
		if inSight {
			r.settleAfter(lostSight)
			r.nudge()
		}
	}
}

func newAttempt() *attempt { return &attempt{over: make(chan struct{})} }

// ready waits until the helper runs. The end of ctx ends the wait, not the start, which may take
// longer; if the helper could not be started before, the error is the reason.
func (r *Readers) ready(ctx context.Context) error {
	r.mutex.Lock()
	attempt := r.attempt
	r.mutex.Unlock()
	select {
	case r.want <- struct{}{}:
	default:
	}
	select {
	case <-attempt.over:
		return attempt.err
	case <-r.stopped:
		return helper.ErrClosed
	case <-ctx.Done():
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.failure != nil {
		return ticketProblem(r.failure)
	}
	return fmt.Errorf("waiting for the helper to start: %w", ctx.Err())
}

// onEvent applies an event from the helper.
func (r *Readers) onEvent(event helper.Event) {
	var card wire.Card
	if len(event.Data) > 0 && json.Unmarshal(event.Data, &card) != nil {
		return
	}
	kind := presence.Kind(event.Name)
	r.mutex.Lock()
	known := r.cards.learn(kind, card)
	switch kind {
	case presence.CardRemoved:
		r.repeat()
	case presence.ServiceGone:
		r.repeat()
		r.settleAfter(lostSight)
	case presence.ServiceBack:
		r.settleAfter(settling)
	}
	r.mutex.Unlock()
	r.report()
	if known {
		r.nudge()
	}
}

// report calls sight if it has changed whether the readers can be seen, or why not.
func (r *Readers) report() {
	r.reporting.Lock()
	defer r.reporting.Unlock()
	err := r.Presence().Err
	if r.sight == nil || errors.Is(err, NotLooked) {
		return
	}
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now != r.reported {
		r.reported = now
		r.sight(err)
	}
}

func (r *Readers) nudge() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// repeat nudges several times from now on. The mutex is held.
func (r *Readers) repeat() {
	r.hush()
	if r.closed {
		return
	}
	for _, delay := range afterRemoval {
		r.nudges = append(r.nudges, time.AfterFunc(delay, r.nudge))
	}
}

// hush stops the scheduled nudges. The mutex is held.
func (r *Readers) hush() {
	for _, timer := range r.nudges {
		timer.Stop()
	}
	r.nudges = nil
}

// settleAfter calls settle after d without further events. The mutex is held.
func (r *Readers) settleAfter(d time.Duration) {
	if r.settling != nil {
		r.settling.Stop()
	}
	if r.closed {
		return
	}
	r.settling = time.AfterFunc(d, func() {
		r.mutex.Lock()
		before := r.cards.removals
		changed := r.cards.settle()
		if r.cards.removals > before {
			r.repeat()
		}
		r.mutex.Unlock()
		if changed {
			r.nudge()
		}
	})
}
