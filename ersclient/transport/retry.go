package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ers-login/ers-login/ersclient"
)

// Bounds of retries. A user is waiting: a failure that lasts longer than seconds is shown, and the
// user decides when to try again.
const (
	// maxTries is the maximum number of attempts of a call.
	maxTries = 3
	// firstBackoff bounds the wait after a failure seen by this computer alone. It doubles with
	// each try.
	firstBackoff = 250 * time.Millisecond
	// busyBackoff bounds the wait after a failure of e-RS or its gateway. It is long, since such
	// faults last, and since all other workstations have failed in the same second.
	busyBackoff = 4 * time.Second
	// longestWait is the longest Retry-After that is obeyed.
	longestWait = 10 * time.Second
	// oneIn is the inverse chance of a retry whose load e-RS would bear.
	oneIn = 4
)

// retryPolicy repeats a call where that is safe, soon enough to help, and without adding to an
// overload of e-RS.
//
// When e-RS sheds load at nine o'clock, thousands of workstations fail within a minute, and none
// knows of the others. If each tried three times, e-RS would get three times the load just when it
// can bear the least. A budget of retries, as between servers, does not help a program that signs
// in once a morning. So the workstations draw lots: one in four tries again, once, after up to four
// seconds, or after the pause that e-RS asked for and up to four seconds more. Whatever e-RS does,
// that is 1.25 times the calls of A001 at most. The users of the other three get the error at once,
// and one key press tries again: people spread better than programs, they can be asked to wait, and
// they give up.
//
// TestIO06TheRushOfAMorning measures it: 20,000 workstations within ten minutes, an outage of a
// minute, and an e-RS that bears from less than the average load to more than the peak. Our calls
// are 1.03 to 1.15 times those that people alone would make, and 1.27 times those that key presses
// have asked for in the worst minute. Three tries on every workstation would make 2.0 to 3.3 times
// the calls, and in the worst case 38 % fewer people would get in.
//
// Failures before e-RS (no network, a failing name server) put no load on it, and are tried three
// times.
type retryPolicy struct {
	// sleep is sleep, but for tests.
	sleep func(context.Context, time.Duration) error
	// jitter returns a random time below limit, so that a hospital's computers do not all retry at
	// once.
	jitter func(limit time.Duration) time.Duration
	// draw returns true one time in oneIn.
	draw func() bool
}

func newRetryPolicy() retryPolicy {
	return retryPolicy{
		sleep:  sleep,
		jitter: rand.N[time.Duration],
		draw:   func() bool { return rand.IntN(oneIn) == 0 }, //nolint:gosec // G404: predicting a retry gains nothing
	}
}

// do makes a call until it succeeds, must not be repeated, or maxTries is reached.
func (p retryPolicy) do(ctx context.Context, call Call, attempt func(context.Context) error) error {
	for tried := 1; ; tried++ {
		err := attempt(ctx)
		wait, again := p.next(call, tried, err)
		if deadline, limited := ctx.Deadline(); !again || limited && time.Until(deadline) < wait {
			return err
		}
		if ended := p.sleep(ctx, wait); ended != nil {
			if errors.Is(ended, context.Canceled) {
				return cancelled.Because(fmt.Errorf("%w while waiting to try again after: %w", ended, err))
			}
			return err
		}
	}
}

// next reports whether to make a call again, and after how long. A call is repeated if e-RS cannot
// have seen it or a gateway could not forward it, and a Safe one if the connection was cut; one
// with Ends once, if e-RS cannot have seen it; one with Once never.
func (p retryPolicy) next(call Call, tried int, err error) (wait time.Duration, again bool) {
	if err == nil || call.Once || tried >= maxTries || call.Ends && tried >= 2 {
		return 0, false
	}
	var transport *transportError
	var status *StatusError
	switch {
	case errors.As(err, &transport) && (transport.sent && !call.Safe || !transport.passing):
		return 0, false
	case transport != nil && transport.unnoticed && !transport.sent:
		return p.jitter(firstBackoff << (tried - 1)), true
	case transport != nil && call.Ends:
		// A session left open is worse than one call too many, and few users sign out in the same
		// minute.
		return p.jitter(firstBackoff), true
	case transport != nil:
		return p.jitter(busyBackoff), tried == 1 && p.draw()
	case !call.Ends && errors.As(err, &status) && isGateway(status.Status):
		return status.RetryAfter + p.jitter(busyBackoff), tried == 1 && status.RetryAfter <= longestWait && p.draw()
	}
	return 0, false
}

// isGivenUp reports whether the caller has given the call up.
func isGivenUp(ctx context.Context) bool {
	select {
	case <-ersclient.GivenUp(ctx):
		return true
	default:
		return false
	}
}

// sleep waits, or returns the context's error, or context.Canceled if the caller gives up.
func sleep(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		if isGivenUp(ctx) { // as well
			return context.Canceled
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-ersclient.GivenUp(ctx):
		return context.Canceled
	}
}
