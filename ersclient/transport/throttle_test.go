package transport

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/problem"
)

// standingClock advances only while a call waits for its turn.
type standingClock struct {
	mu  sync.Mutex
	now time.Time
	// waited is the total wait of all calls.
	waited time.Duration
}

func (c *standingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *standingClock) sleep(ctx context.Context, wait time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.waited = c.now.Add(wait), c.waited+wait
	return ctx.Err()
}

// standingThrottle is a throttle with its own clock.
func standingThrottle() (*throttle, *standingClock) {
	clock := &standingClock{now: time.Now()}
	made := newThrottle()
	made.now, made.sleep = clock.Now, clock.sleep
	return made, clock
}

// If this fails, a bug in this program, or a stuck key, is an attack on e-RS.
func TestIO06AClientSendsAFewCallsASecond(t *testing.T) {
	made, clock := standingThrottle()
	begin := clock.Now()
	const calls = 1000
	for range calls {
		require.NoError(t, made.wait(t.Context(), opens, made.now()))
	}
	require.InDelta(t, float64(calls-callsAtOnce)/callsPerSecond, clock.Now().Sub(begin).Seconds(), 0.001)
}

// Retries and Reach count like first attempts: everything sent has waited for its turn.
func TestIO06EveryTryWaitsForItsTurn(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	client, _ := clientOf(t, server)
	made, clock := standingThrottle()
	client.config.Pace.throttle, client.now = made, clock.Now
	turns := func() float64 { return made.calls.TokensAt(clock.Now()) }

	require.NoError(t, server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 503}))
	key, err := send(t.Context(), client, opens, "")
	require.NoError(t, err)
	require.InDelta(t, callsAtOnce-2, turns(), 0.001, "a try and another one")
	_, err = send(t.Context(), client, selects, key)
	require.NoError(t, err)
	require.NoError(t, client.Reach(t.Context()))
	require.InDelta(t, callsAtOnce-4, turns(), 0.001)
	require.Zero(t, clock.waited, "so far, nothing had to wait")
	require.NoError(t, client.Reach(t.Context()))
	require.InDelta(t, 1.0/callsPerSecond, clock.waited.Seconds(), 0.001)
}

// Other calls must not keep a session from being closed: it would stay open at e-RS.
func TestIO06A003HasALaneOfItsOwn(t *testing.T) {
	made, clock := standingThrottle()
	crowd := func(ctx context.Context, _ time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, disperse := context.WithCancel(t.Context())
	for range callsAtOnce {
		require.NoError(t, made.wait(ctx, opens, made.now()))
	}
	jammed := &throttle{calls: made.calls, deletions: made.deletions, now: made.now, sleep: crowd}
	var waiting sync.WaitGroup
	for range 10 {
		waiting.Go(func() { _ = jammed.wait(ctx, opens, jammed.now()) })
	}
	for range deletionsAtOnce {
		require.NoError(t, made.wait(t.Context(), closes, made.now()))
	}
	require.Zero(t, clock.waited)
	disperse()
	waiting.Wait()
}

// A call that waits for its turn was not sent, so giving it up needs no undoing.
func TestIO06ACallThatWaitsCanBeGivenUp(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	client, _ := clientOf(t, server)
	// The waiting call is given up.
	jam := func(giveUp func()) {
		made, _ := standingThrottle()
		made.calls.AllowN(made.now(), callsAtOnce)
		made.sleep = func(ctx context.Context, _ time.Duration) error {
			giveUp()
			return sleep(ctx, time.Hour)
		}
		client.config.Pace.throttle, client.now = made, made.now
	}

	t.Run("A002, cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		jam(cancel)
		_, err := send(ctx, client, selects, "key")
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "NET-CANCELLED", problem.Of(err).Code)
		require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "no role was selected")
		require.InDelta(t, 0, client.config.Pace.throttle.calls.TokensAt(client.config.Pace.throttle.now()), 0.001, "the turn is given back")
	})
	t.Run("A001, given up by its user", func(t *testing.T) {
		givenUp := make(chan struct{})
		jam(func() { close(givenUp) })
		ctx := ersclient.WithGivenUp(t.Context(), givenUp)
		_, err := send(ctx, client, opens, "")
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
	})
	t.Run("A001, given up before it began", func(t *testing.T) {
		givenUp := make(chan struct{})
		close(givenUp)
		_, err := send(ersclient.WithGivenUp(t.Context(), givenUp), client, opens, "")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("by the end of its time", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		late := errors.New("late")
		jam(func() {})
		client.config.Pace.throttle.sleep = func(context.Context, time.Duration) error { return late }
		_, err := send(ctx, client, opens, "")
		require.ErrorIs(t, err, late)
		require.Equal(t, "NET-THROTTLED", problem.Of(err).Code)
	})
	require.Empty(t, server.Requests(), "nothing was sent")
}

// The hundredth call in a queue has no user waiting for it, and would only delay the next one.
func TestIO06AQueueThatIsTooLong(t *testing.T) {
	made, _ := standingThrottle()
	made.calls.ReserveN(made.now(), callsAtOnce)
	for range int(longestQueue.Seconds() * callsPerSecond) {
		made.calls.Reserve()
	}
	before := made.calls.TokensAt(made.now())
	require.ErrorIs(t, made.wait(t.Context(), opens, made.now()), errQueue)
	require.InDelta(t, before, made.calls.TokensAt(made.now()), 0.001, "it leaves the queue as it was")

	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	made, _ = standingThrottle()
	made.calls.AllowN(made.now(), callsAtOnce)
	made.calls.ReserveN(made.now(), callsAtOnce)
	require.ErrorIs(t, made.wait(soon, opens, made.now()), errQueue, "its turn would come after its time is up")

	server := erstest.NewServer()
	defer server.Close()
	client, _ := clientOf(t, server)
	client.config.Pace.throttle, client.now = made, made.now
	err := client.Reach(soon)
	require.Equal(t, "NET-THROTTLED", problem.Of(err).Code)
	require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
}
