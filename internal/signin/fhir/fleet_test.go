package fhir

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The gateway's limits for one registered application, all its computers together, and what a
// sign-in counts: the page (authorize), token and userinfo, and A030 with A040.
const (
	oauthPerMinute, ersPerMinute = 300, 600
	oauthOfASignIn, ersOfASignIn = 3, 2
	accessLife                   = 599 * time.Second
)

// fleet counts the calls of a day by the second.
type fleet struct{ oauth, ers [26 * 60 * 60]int }

// works adds a stretch of work at one computer, from a sign-in on. The computer is idle or locked
// after it, so that nothing is refreshed.
func (f *fleet) works(from, to time.Duration) {
	midnight := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	count := func(calls []int, at time.Duration, n int) { calls[int(at/time.Second)] += n }
	count(f.oauth[:], from, oauthOfASignIn)
	count(f.ers[:], from, ersOfASignIn)
	for now := from; ; {
		now = refreshAt(midnight.Add(now), midnight.Add(now).Add(accessLife)).Sub(midnight)
		if now > to {
			return
		}
		count(f.oauth[:], now, 1)
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

// If this fails, a hospital on one registered application is refused calls on an ordinary day. The
// numbers in docs/deployment.md are these.
func TestIO06AFleetStaysUnderTheGatewaysLimits(t *testing.T) {
	day := func(f *fleet, computers int, comes time.Duration) {
		for range computers {
			lunch := at(11, 45, 2*time.Hour)
			f.works(at(7, 30, comes), lunch)
			f.works(lunch+45*time.Minute, at(16, 30, 2*time.Hour))
		}
	}
	shifts := func(f *fleet, computers int) {
		for range computers {
			change := at(13, 30, time.Hour)
			f.works(at(6, 15, time.Hour), change)
			f.works(change+5*time.Minute, at(20, 30, time.Hour))
		}
	}
	for name, test := range map[string]struct {
		fills func(*fleet)
		fits  bool
	}{
		"1,400 computers in use at once, lunch and a change of shifts": {func(f *fleet) { day(f, 1000, 2*time.Hour); shifts(f, 400) }, true},
		"2,000 computers that come within half an hour":                {func(f *fleet) { day(f, 2000, 30*time.Minute) }, false},
		"1,000 computers that come within half an hour":                {func(f *fleet) { day(f, 1000, 30*time.Minute) }, true},
		"1,000 computers that come within ten minutes":                 {func(f *fleet) { day(f, 1000, 10*time.Minute) }, false},
		"500 computers that come within ten minutes":                   {func(f *fleet) { day(f, 500, 10*time.Minute) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			var f fleet
			test.fills(&f)
			oauth, ers := worst(f.oauth[:]), worst(f.ers[:])
			t.Logf("in the worst minute %d OAuth calls of %d, and %d e-RS calls of %d", oauth, oauthPerMinute, ers, ersPerMinute)
			require.Equal(t, test.fits, oauth <= oauthPerMinute)
			if test.fits {
				require.LessOrEqual(t, ers, ersPerMinute)
			}
		})
	}
}
