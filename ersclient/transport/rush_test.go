package transport

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/testing/timeline"
)

// The rush of a morning: 20,000 workstations sign in within ten minutes, to an e-RS that sheds load
// above its capacity and is down for the minute after the peak. Time is virtual, a queue of events.
// The decisions are retryPolicy's, on errors of the client's kinds.
const (
	workstations = 20_000
	rushTime     = 10 * time.Minute
	outageBegins = 5 * time.Minute
	outageEnds   = 6 * time.Minute
)

// A cautious guess of behaviour: a user with a Problem presses Try again four times in five,
// between five seconds and a minute later, at most five times; then they ring for help. A role is
// chosen within two to ten seconds.
const (
	pressesAgain        = 0.8
	maxPresses          = 6
	hesitates, hesitant = 5 * time.Second, time.Minute
	chooses, choosy     = 2 * time.Second, 10 * time.Second
)

// manners decide after a failure: whether a call is repeated, and whether a sign-in starts again.
type manners struct {
	next  func(call Call, tried int, err error) (wait time.Duration, again bool)
	again func(err error) bool
}

// ourManners are the client's, with repeatable chance.
func ourManners(random *rand.Rand) manners {
	policy := retryPolicy{
		jitter: func(limit time.Duration) time.Duration { return time.Duration(random.Int64N(int64(limit))) },
		draw:   func() bool { return random.IntN(oneIn) == 0 },
	}
	return manners{policy.next, func(err error) bool { return errors.Is(err, ersclient.ErrStartAgain) }}
}

// noManners leave everything to people, as without retries.
func noManners(*rand.Rand) manners {
	return manners{
		func(Call, int, error) (time.Duration, bool) { return 0, false },
		func(error) bool { return false },
	}
}

// plainManners always try three times, and start again after every A002 with a lost answer.
func plainManners(random *rand.Rand) manners {
	return manners{func(call Call, tried int, err error) (time.Duration, bool) {
		wait := time.Duration(random.Int64N(int64(firstBackoff << tried)))
		var status *StatusError
		if errors.As(err, &status) {
			wait += status.RetryAfter
		}
		return wait, call != selects && tried < maxTries
	}, func(err error) bool { return errors.Is(err, ersclient.ErrAnswerLost) }}
}

// sheds returns a gateway's refusal, with one of the pauses if there are any.
func sheds(status int, pauses ...time.Duration) func(*rand.Rand) error {
	return func(random *rand.Rand) error {
		cause := &StatusError{Status: status}
		if len(pauses) > 0 {
			cause.RetryAfter = pauses[random.IntN(len(pauses))]
		}
		return cause
	}
}

// refuses returns the error of a refused connection.
func refuses(*rand.Rand) error {
	kind := kindOf(refusedErrors[0])
	return kind.problem.Because(&transportError{passing: kind.passing, unnoticed: kind.unnoticed, err: refusedErrors[0]})
}

// platform simulates e-RS.
type platform struct {
	// capacity is its number of calls a second.
	capacity float64
	// crowded is its answer above capacity, away its answer in the outage.
	crowded, away func(*rand.Rand) error
}

// rush is one simulated morning.
type rush struct {
	platform platform
	manners  manners
	people   *rand.Rand
	network  *rand.Rand

	now  time.Duration
	line timeline.Timeline
	// bucket is the number of calls that e-RS can take at once, as of filled.
	bucket float64
	filled time.Duration

	// calls counts the calls of each minute, automatic those without a key press.
	calls, automatic [60]int
	signedIn         int
}

// morning simulates one rush.
func morning(platform platform, mannersOf func(*rand.Rand) manners) *rush {
	chance := func(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(2026, stream)) }
	r := &rush{platform: platform, manners: mannersOf(chance(1)), people: chance(2), network: chance(3), bucket: platform.capacity}
	arrivals := chance(4)
	for range workstations {
		// Arrivals peak in the middle, at twice the average rate.
		at := (arrivals.Float64() + arrivals.Float64()) / 2 * float64(rushTime)
		r.after(time.Duration(at), func() { r.signIn(1, false) })
	}
	for at, happen := r.line.Next(); happen != nil; at, happen = r.line.Next() {
		r.now = at
		happen()
	}
	return r
}

// signIn is A001 and A002, as the flow makes them after a number of key presses. again marks a
// start without a key press.
func (r *rush) signIn(presses int, again bool) {
	r.send(opens, 1, again, func(err error) {
		if err != nil {
			r.fail(presses)
			return
		}
		thinking := r.between(chooses, choosy)
		if again {
			thinking = 0
		}
		r.after(thinking, func() { r.choose(presses, again) })
	})
}

func (r *rush) choose(presses int, again bool) {
	r.send(selects, 1, again, func(err error) {
		if err == nil {
			r.signedIn++
			return
		}
		once := !again && r.manners.again(err)
		// The session is deleted, whatever follows.
		r.send(closes, 1, again, func(error) {
			if once {
				r.signIn(presses, true)
			} else {
				r.fail(presses)
			}
		})
	})
}

// fail shows a Problem to the user.
func (r *rush) fail(presses int) {
	if presses < maxPresses && r.people.Float64() < pressesAgain {
		r.after(r.between(hesitates, hesitant), func() { r.signIn(presses+1, false) })
	}
}

// send makes a call until the manners end it.
func (r *rush) send(call Call, tried int, automatic bool, then func(error)) {
	minute := int(r.now / time.Minute)
	r.calls[minute]++
	if automatic || tried > 1 {
		r.automatic[minute]++
	}
	err := r.serve()
	r.after(r.between(20*time.Millisecond, 300*time.Millisecond), func() {
		wait, again := time.Duration(0), false
		if err != nil {
			wait, again = r.manners.next(call, tried, err)
		}
		if again {
			r.after(wait, func() { r.send(call, tried+1, automatic, then) })
		} else {
			then(err)
		}
	})
}

// serve returns e-RS's answer to a call.
func (r *rush) serve() error {
	if r.now >= outageBegins && r.now < outageEnds {
		return r.platform.away(r.network)
	}
	r.bucket = min(r.platform.capacity, r.bucket+(r.now-r.filled).Seconds()*r.platform.capacity)
	r.filled = r.now
	if r.bucket < 1 {
		return r.platform.crowded(r.network)
	}
	r.bucket--
	return nil
}

func (r *rush) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.people.Int64N(int64(most-least)))
}

func (r *rush) after(wait time.Duration, happen func()) { r.line.Add(r.now+wait, happen) }

// sent returns the number of calls.
func (r *rush) sent() int { return sum(r.calls[:]) }

// against compares the calls with those of a morning without retries, and with those that key
// presses asked for, in total and in the worst minute.
func (r *rush) against(people *rush) (compared, perPress, worst float64) {
	for minute, calls := range r.calls {
		// In a minute of few calls chance dominates.
		if calls > 500 {
			worst = max(worst, float64(calls)/float64(calls-r.automatic[minute]))
		}
	}
	sent := float64(r.sent())
	return sent / float64(people.sent()), sent / (sent - float64(sum(r.automatic[:]))), worst
}

func sum(counts []int) int {
	total := 0
	for _, one := range counts {
		total += one
	}
	return total
}

// If this fails, e-RS stays down at nine o'clock under the retries of this program.
func TestIO06TheRushOfAMorning(t *testing.T) {
	const bound = 1.3
	// A sign-in is two calls: 67 a second on average, and 133 at the peak.
	capacities := map[string]float64{"bears the peak": 200, "bears less than the peak": 100, "bears less than the average": 60}
	pauses := []time.Duration{time.Second, 3 * time.Second, 5 * time.Second, 9 * time.Second, 30 * time.Second}
	ways := map[string]platform{
		"503":                              {crowded: sheds(503), away: sheds(503)},
		"503, then refused":                {crowded: sheds(503), away: refuses},
		"503 with a pause of 2 s":          {crowded: sheds(503, 2*time.Second), away: sheds(503, 2*time.Second)},
		"503 with many pauses, then 502":   {crowded: sheds(503, pauses...), away: sheds(502)},
		"504, and 503 with a pause of 5 s": {crowded: sheds(504), away: sheds(503, 5*time.Second)},
	}
	for load, capacity := range capacities {
		people := morning(platform{capacity, sheds(503), sheds(503)}, noManners)
		require.Greater(t, people.sent(), 2*workstations, "there was something to try again")
		for way, e := range ways {
			t.Run(load+", "+way, func(t *testing.T) {
				e.capacity = capacity
				ours := morning(e, ourManners)
				compared, perPress, worst := ours.against(people)
				t.Logf("calls: people alone %d, ours %d: %.3f times; for each that was asked for %.3f, %.3f in the worst minute",
					people.sent(), ours.sent(), compared, perPress, worst)
				t.Logf("signed in: people alone %d, ours %d", people.signedIn, ours.signedIn)
				require.Less(t, compared, bound, "against a morning without retries")
				require.Less(t, perPress, bound, "against what key presses have asked for")
				require.Less(t, worst, bound, "the same in the worst minute")
				require.Greater(t, ours.signedIn, people.signedIn*95/100, "about as many get in as without")
			})
		}
		t.Run(load+", three tries each", func(t *testing.T) {
			plain := morning(platform{capacity, sheds(503), sheds(503)}, plainManners)
			compared, perPress, worst := plain.against(people)
			t.Logf("calls: %d, %.3f times; for each that was asked for %.3f, %.3f in the worst minute; signed in: %d",
				plain.sent(), compared, perPress, worst, plain.signedIn)
			require.Greater(t, compared, bound, "the simulation detects too many calls")
			require.Greater(t, worst, bound)
		})
	}
}
