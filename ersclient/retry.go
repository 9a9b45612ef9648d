package ersclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Bounds of trying again. A user is waiting: what does not come back within seconds is told, and theirs to try again.
const (
	maxTries     = 3
	firstBackoff = 250 * time.Millisecond
	longestWait  = 10 * time.Second
)

// retryPolicy tries a call again where that is safe, and soon enough to help.
type retryPolicy struct {
	// sleep waits, or returns the context's error.
	sleep func(context.Context, time.Duration) error
	// jitter returns a random time below a limit, so that the computers of a hospital do not come back all at once.
	jitter func(limit time.Duration) time.Duration
}

func newRetryPolicy() retryPolicy {
	return retryPolicy{sleep: sleep, jitter: rand.N[time.Duration]}
}

// do makes a call until it succeeds, cannot be repeated, or was tried often enough.
func (p retryPolicy) do(ctx context.Context, call call, attempt func(context.Context) error) error {
	for tried := 1; ; tried++ {
		err := attempt(ctx)
		wait, again := p.next(call, tried, err)
		if !again {
			return err
		}
		if ended := p.pause(ctx, wait); ended != nil {
			if errors.Is(ended, context.Canceled) {
				return cancelled.Because(fmt.Errorf("%w while waiting to try again after: %w", ended, err))
			}
			return err
		}
	}
}

// pause waits before the next try, until the context ends or the caller has given up.
func (p retryPolicy) pause(ctx context.Context, wait time.Duration) error {
	givenUp, _ := ctx.Value(givenUpKey{}).(<-chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if givenUp != nil {
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			select {
			case <-givenUp:
				cancel()
			case <-stop:
			}
		}()
	}
	if err := p.sleep(ctx, wait); err != nil {
		return err
	}
	select {
	case <-givenUp:
		return context.Canceled
	default:
		return nil
	}
}

type givenUpKey struct{}

// WithGivenUp returns a context for a call whose caller may give up, which closes the channel: the try under way goes on, so that
// its answer is not lost, and no other follows. An A001 that was given up has to be waited for, since only its answer has
// the key by which the session that it may have created can be deleted.
func WithGivenUp(ctx context.Context, givenUp <-chan struct{}) context.Context {
	return context.WithValue(ctx, givenUpKey{}, givenUp)
}

// next decides whether to make a call again, and when. A001 is made again if e-RS cannot have seen it, or if a gateway could
// not pass it on; A003 only if e-RS cannot have seen it, and once; A002 never.
func (p retryPolicy) next(call call, tried int, err error) (wait time.Duration, again bool) {
	if err == nil || call == callA002 || tried >= maxTries || call == callA003 && tried >= 2 {
		return 0, false
	}
	backoff := p.jitter(firstBackoff << (tried - 1))
	var transport *transportError
	if errors.As(err, &transport) {
		return backoff, transport.passing && !transport.sent
	}
	var status *StatusError
	if call == callA001 && errors.As(err, &status) && isGateway(status.Status) {
		return status.RetryAfter + backoff, status.RetryAfter <= longestWait
	}
	return 0, false
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
