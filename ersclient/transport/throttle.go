package transport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// The highest rate of a client's calls (IO-06). A sign-in is two calls, switching a role three.
const (
	callsPerSecond = 2
	callsAtOnce    = 4

	deletionsPerSecond = 1
	deletionsAtOnce    = 2

	// longestQueue bounds the wait for a turn. A longer queue means a program running wild, whose
	// calls are awaited by no user.
	longestQueue = 10 * time.Second
)

// Pace is when calls are sent: each waits for its turn, and some that have failed are sent again.
type Pace struct {
	throttle *throttle
	retry    retryPolicy
}

// NewPace returns a Pace whose turns no other client waits for.
func NewPace() *Pace { return &Pace{newThrottle(), newRetryPolicy()} }

// PaceOf returns a Pace for another service than e-RS, with so many calls a second and no two at
// once.
func PaceOf(perSecond float64) *Pace {
	pace := NewPace()
	pace.throttle.calls = rate.NewLimiter(rate.Limit(perSecond), 1)
	return pace
}

// Unpaced returns a Pace without limit for tests, with which no call is repeated by lot.
func Unpaced() *Pace {
	pace := NewPace()
	pace.throttle.calls, pace.throttle.deletions = rate.NewLimiter(rate.Inf, 0), rate.NewLimiter(rate.Inf, 0)
	pace.retry.draw = func() bool { return false }
	return pace
}

// throttle limits the rate of a client's calls: every attempt and every [Client.Reach] counts. A003
// has a lane of its own, so that other calls cannot keep a session from being closed. A call
// waiting for its turn was not sent, and can be cancelled.
type throttle struct {
	calls, deletions *rate.Limiter
	now              func() time.Time
	sleep            func(context.Context, time.Duration) error
}

func newThrottle() *throttle {
	return &throttle{
		calls:     rate.NewLimiter(callsPerSecond, callsAtOnce),
		deletions: rate.NewLimiter(deletionsPerSecond, deletionsAtOnce),
		now:       time.Now,
		sleep:     sleep,
	}
}

var errQueue = errors.New("too many calls wait for their turn")

// wait waits for the turn of a call made now. The error is context.Canceled if the call was given
// up, and errQueue if its turn would come too late.
func (t *throttle) wait(ctx context.Context, call Call, now time.Time) error {
	if isGivenUp(ctx) {
		return context.Canceled
	}
	lane := t.calls
	if call.Ends {
		lane = t.deletions
	}
	// Most calls need not wait, and do without a reservation.
	if lane.AllowN(now, 1) {
		return nil
	}
	turn := lane.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	deadline, limited := ctx.Deadline()
	if wait > longestQueue || limited && now.Add(wait).After(deadline) {
		turn.CancelAt(now)
		return errQueue
	}
	if err := t.sleep(ctx, wait); err != nil {
		turn.CancelAt(t.now())
		if errors.Is(err, context.Canceled) {
			return err
		}
		return fmt.Errorf("%w: %w", errQueue, err)
	}
	return nil
}

// turn waits until a call made now may be sent.
func (c *Client) turn(ctx context.Context, call Call, now time.Time) error {
	err := c.config.Pace.throttle.wait(ctx, call, now)
	if err == nil {
		return nil
	}
	cause := &transportError{call: call, err: fmt.Errorf("while waiting to be sent: %w", err)}
	if errors.Is(err, context.Canceled) {
		return cancelled.Because(cause)
	}
	return throttled.Because(cause)
}
