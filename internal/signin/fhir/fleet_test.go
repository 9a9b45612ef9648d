package fhir

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The gateway's limits for one registered application, all its computers together, and what a
// sign-in counts: the page (authorize), token and userinfo; A030 and A040.
const (
	oauthPerMinute, ersPerMinute = 300, 600
	oauthOfASignIn, ersOfASignIn = 3, 2
	accessLife                   = 599 * time.Second
	// tokenTries is for how long a refresh is tried at least, and retryEarliest to retryLatest how
	// long after one that was refused (package signin).
	tokenTries                 = 2 * time.Minute
	retryEarliest, retryLatest = 20 * time.Second, 40 * time.Second
)

// fleet is a day of computers that share an application. Times count from midnight.
type fleet struct {
	events events
	// limited: the gateway refuses what is above its limit, counted by the minute in spent.
	limited bool
	spent   map[time.Duration]int
	// oauth and ers are the calls of each second.
	oauth, ers [26 * 60 * 60]int
	// signIns are those that succeeded, refused those that were to be begun again, and lost the
	// sessions whose token ended before a refresh got through.
	signIns, refused, lost int
}

// event is a sign-in, or a refresh of a token that ends.
type event struct {
	at, to, ends, tries time.Duration
	refresh             bool
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) } //nolint:errcheck // heap pushes what this file does
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// works adds a stretch of work at one computer, from a sign-in on. The computer is idle or locked
// after it, so that nothing is refreshed.
func (f *fleet) works(from, to time.Duration) { heap.Push(&f.events, event{at: from, to: to}) }

// allows reports whether the gateway carries calls out.
func (f *fleet) allows(at time.Duration, calls int) bool {
	f.oauth[at/time.Second] += calls
	minute := at.Truncate(time.Minute)
	if f.limited && f.spent[minute]+calls > oauthPerMinute {
		return false
	}
	f.spent[minute] += calls
	return true
}

// run lets the day pass.
func (f *fleet) run() {
	f.spent = map[time.Duration]int{}
	midnight := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for f.events.Len() > 0 {
		e := heap.Pop(&f.events).(event) //nolint:errcheck // as above
		calls := oauthOfASignIn
		if e.refresh {
			calls = 1
		}
		switch allowed := f.allows(e.at, calls); {
		case !allowed && !e.refresh:
			f.refused++
			e.at += at(0, 1, time.Minute) // "Wait a minute", says the window.
		case !allowed && e.at > max(e.ends, e.tries):
			f.lost++
			continue
		case !allowed:
			if e.tries == 0 {
				e.tries = e.at + tokenTries
			}
			e.at += retryEarliest + rand.N(retryLatest-retryEarliest)
		default:
			if !e.refresh {
				f.signIns++
				f.ers[e.at/time.Second] += ersOfASignIn
			}
			e.refresh, e.ends, e.tries = true, e.at+accessLife, 0
			e.at = refreshAt(midnight.Add(e.at), midnight.Add(e.ends)).Sub(midnight)
		}
		if e.at <= e.to {
			heap.Push(&f.events, e)
		}
	}
}

// worst returns the most calls in any 60 seconds.
func worst(calls []int) (most int) {
	sum := 0
	for i, n := range calls {
		sum += n
		if i >= 60 {
			sum -= calls[i-60]
		}
		most = max(most, sum)
	}
	return most
}

// at returns a time of the day, or one up to within later.
func at(hour, minute int, within time.Duration) time.Duration {
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + rand.N(within+1)
}

// days adds computers whose users come within a time from 7:30 on, and have lunch.
func (f *fleet) days(computers int, comes time.Duration) {
	for range computers {
		lunch := at(11, 45, 2*time.Hour)
		f.works(at(7, 30, comes), lunch)
		f.works(lunch+45*time.Minute, at(16, 30, 2*time.Hour))
	}
}

// shifts adds computers whose users change while others have lunch.
func (f *fleet) shifts(computers int) {
	for range computers {
		change := at(13, 30, time.Hour)
		f.works(at(6, 15, time.Hour), change)
		f.works(change+5*time.Minute, at(20, 30, time.Hour))
	}
}

// If this fails, a hospital on one registered application is refused calls on an ordinary day. The
// numbers in docs/deployment.md are these.
func TestIO06AFleetStaysUnderTheGatewaysLimits(t *testing.T) {
	for name, test := range map[string]struct {
		fills func(*fleet)
		fits  bool
	}{
		"1,400 computers in use at once, lunch and a change of shifts": {func(f *fleet) { f.days(1000, 2*time.Hour); f.shifts(400) }, true},
		"2,000 computers that come within half an hour":                {func(f *fleet) { f.days(2000, 30*time.Minute) }, false},
		"900 computers that come within half an hour":                  {func(f *fleet) { f.days(900, 30*time.Minute) }, true},
		"1,000 computers that come within ten minutes":                 {func(f *fleet) { f.days(1000, 10*time.Minute) }, false},
		"500 computers that come within ten minutes":                   {func(f *fleet) { f.days(500, 10*time.Minute) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var f fleet
			test.fills(&f)
			f.run()
			oauth, ers := worst(f.oauth[:]), worst(f.ers[:])
			t.Logf("in the worst minute %d OAuth calls of %d, and %d e-RS calls of %d", oauth, oauthPerMinute, ers, ersPerMinute)
			require.Equal(t, test.fits, oauth <= oauthPerMinute)
			if test.fits {
				require.LessOrEqual(t, ers, ersPerMinute)
			}
		})
	}
}

// A fleet that is a little above the limits in some minutes. If this fails, users are signed out in
// the middle of their work because others come.
func TestIO06AFleetAboveTheGatewaysLimits(t *testing.T) {
	f := fleet{limited: true}
	f.days(1400, 2*time.Hour)
	f.shifts(600)
	f.run()
	t.Logf("2,000 computers: %d sign-ins, %d asked for a pause, %d sessions lost", f.signIns, f.refused, f.lost)
	require.Zero(t, f.lost)
	require.Less(t, f.refused, f.signIns/50)
}
