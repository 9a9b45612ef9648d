package workstation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start is a moment on the wall clock, and minutes are from then on.
var start = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func minutes(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Minute))) }

// A session left at a computer that is not locked would be the next passer-by's; one ended for a
// user who works would make them sign in all day.
func TestAUT003WhenAUserWentIdle(t *testing.T) {
	type look struct {
		at    float64 // minutes
		since time.Duration
		due   bool
	}
	wake := func(at float64, due bool) look { return look{at, -1, due} }
	// awake has looks every half minute without any input, from one time to another.
	awake := func(from, to float64) (looks []look) {
		for at := from; at < to; at += 0.5 {
			looks = append(looks, look{at, time.Duration((at - from) * float64(time.Minute)), false})
		}
		return looks
	}
	cases := map[string][]look{
		"at work":               {{0, 0, false}, {0.5, time.Second, false}, {1, 29 * time.Second, false}},
		"just before the limit": {{0, 15*time.Minute - time.Millisecond, false}},
		"at the limit":          {{0, 15 * time.Minute, true}},
		"long before the start": {{0, 100 * time.Hour, true}},
		"over time": append(awake(0, 15),
			look{15, 15 * time.Minute, true}, look{15.5, 15*time.Minute + 30*time.Second, false}),
		"input just before the limit": append(awake(0, 15),
			look{15, 10 * time.Second, false}, look{15.5, 40 * time.Second, false}),
		"once until the next limit": {
			{0, 15 * time.Minute, true},
			{0.5, 15*time.Minute + 30*time.Second, false},
			{14.5, 29*time.Minute + 30*time.Second, false},
			{15, 30 * time.Minute, true},
		},
		"a second time": {
			{0, 15 * time.Minute, true},
			{0.5, time.Second, false},
			{1, 31 * time.Second, false},
			{16, 15 * time.Minute, true},
		},
		"input that is stamped later than now": {{0, -time.Minute, false}, {14, 14 * time.Minute, false}},
		"asleep for longer than the limit":     append(awake(0, 5), wake(40, true), look{40, 0, false}, look{40.5, 0, false}),
		"asleep, and read before the wake-up":  append(awake(0, 5), look{40, 0, true}, wake(40, false), look{40.5, 0, false}),
		"asleep for a little":                  append(awake(0, 5), wake(10, false), look{10, 0, false}),
		"asleep until the limit, after not being idle for all of it": append(awake(0, 5),
			wake(14.9, false), look{14.9, 14*time.Minute + 54*time.Second, false}, look{15.4, 15*time.Minute + 24*time.Second, true}),
		"awake again, twice": append(awake(0, 5), wake(40, true), wake(40.1, false)),
		// A wake-up that another source reports must not take an old reading for a new one.
		"a wake-up without sleep":    append(awake(0, 15), wake(15.1, false), look{15.1, 0, false}),
		"nothing known yet":          {wake(40, false)},
		"a busy computer reads late": append(awake(0, 14.5), look{15.4, 0, false}),
		"the clock is put back": {
			{0, 15 * time.Minute, true},
			{-60, 15 * time.Minute, true},
			{-59.5, 15*time.Minute + 30*time.Second, false},
		},
		"the clock is put back, at work":  {{0, 0, false}, {-60, 0, false}, wake(-60, false)},
		"the clock is put forward a day":  {{0, 0, false}, {24 * 60, 0, true}, {24*60 + 0.5, 0, false}},
		"the clock is put forward a bit":  {{0, 0, false}, {10, 0, false}},
		"a source that counts for ever":   {{0, milliseconds(^uint64(0)), true}},
		"a source that is always at zero": {{0, 0, false}, {1, 0, false}, {2, 0, false}},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			i := idleness{limit: 15 * time.Minute}
			for n, l := range looks {
				due := false
				if l.since == -1 {
					due = i.dueAfterSleep(minutes(l.at))
				} else {
					due = i.look(minutes(l.at), l.since)
				}
				require.Equal(t, l.due, due, "look %d, in minute %v", n, l.at)
			}
		})
	}
}

// Without a source of the time without input, the user's service desk has to know.
func TestAUT003SourcesOfTheTimeWithoutInput(t *testing.T) {
	type said struct {
		since time.Duration
		err   error
	}
	long, none := 15*time.Minute, errors.New("not known")
	cases := map[string]struct {
		said    []said
		events  int
		missing string
	}{
		"nothing yet":     {nil, 0, "no source has answered yet"},
		"known":           {[]said{{long, nil}}, 1, ""},
		"not known":       {[]said{{long, none}}, 0, "not known"},
		"lost":            {[]said{{0, nil}, {0, none}}, 0, "not known"},
		"lost, and found": {[]said{{0, none}, {long, nil}}, 1, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			events := 0
			missing := errors.New("never set")
			count := func(e Event) {
				assert.Equal(t, WentIdle, e)
				events++
			}
			i := newIdle(15*time.Minute, count, func(err error) { missing = err })
			for n, s := range c.said {
				i.report(minutes(float64(n)/2), s.since, s.err)
			}
			assert.Equal(t, c.events, events)
			if c.missing == "" {
				require.NoError(t, missing)
				return
			}
			require.ErrorIs(t, missing, ErrIdleUnseen)
			require.ErrorContains(t, missing, c.missing)
		})
	}
}

// A reading that took longer would be taken for sleep.
func TestAReadingThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		w := newWatcher(ctx, times{idleLimit: time.Hour, idleEvery: time.Second})
		begun := time.Now()
		w.watchIdle(ctx, func(ctx context.Context) (time.Duration, error) {
			<-ctx.Done()
			end()
			return 0, ctx.Err()
		})
		assert.Equal(t, lookLimit, time.Since(begun))
	})
}

// What was known before the source was lost is no reason to end a session when the computer wakes.
func TestASourceThatWasLostIsForgotten(t *testing.T) {
	i := newIdle(15*time.Minute, func(Event) { t.Error("it sends an event") }, func(error) {})
	i.report(minutes(0), 10*time.Minute, nil)
	i.report(minutes(1), 0, errors.New("lost"))
	i.wake(minutes(60))
}

// A platform whose sessions do not end with idleness misses nothing.
func TestIdlenessIsNotWatched(t *testing.T) {
	i := newIdle(0, func(Event) { t.Error("it sends an event") }, func(error) { t.Error("it notes something") })
	i.wake(minutes(600))
	w, ctx := plain(t, usual)
	w.watchIdle(ctx, func(context.Context) (time.Duration, error) {
		t.Error("it is read")
		return 0, nil
	})
	require.NotErrorIs(t, w.MissingEvents(), ErrIdleUnseen)
}

// A session that is renewed on waking, before it is ended, costs e-RS a call for no user.
func TestAUT003IdlenessComesBeforeTheWakeUp(t *testing.T) {
	w, ctx := plain(t, times{idleLimit: 15 * time.Minute})
	w.idle.report(wallClock().Add(-time.Hour), 0, nil)
	w.wake(ctx)
	w.wake(ctx)
	expect(t, w, WentIdle, Woke, Woke)
}

func TestMillisecondsDoNotOverflow(t *testing.T) {
	const most = 365 * 24 * time.Hour
	for n, want := range map[uint64]time.Duration{0: 0, 1500: 1500 * time.Millisecond, 1 << 63: most, ^uint64(0): most} {
		assert.Equal(t, want, milliseconds(n), fmt.Sprint(n))
	}
}
