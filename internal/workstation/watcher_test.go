package workstation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain is a watcher without the platform.
func plain(t *testing.T, settings times) (*Watcher, context.Context) {
	ctx, end := context.WithCancel(t.Context())
	w := newWatcher(ctx, settings)
	w.start(ctx, nil)
	t.Cleanup(func() { finish(t, w, end) })
	return w, ctx
}

// A source that waits for the window to read would miss the next event, and on Windows hang the desktop. And of all events
// the one that the keyring is cleared for must not be lost.
func TestAFullQueueLosesTheOldestButNotTheEnd(t *testing.T) {
	w, ctx := plain(t, usual)
	held := w.hold(ctx, SessionEnding)
	for range maxQueue {
		w.emit(ctx, Locked)
		w.emit(ctx, CameBack)
	}
	expect(t, w, SessionEnding)
	require.NoError(t, held.Err(), "the end of the session is no longer held")
	expect(t, w, CameBack)
	for range maxQueue/2 - 1 {
		expect(t, w, Locked, CameBack)
	}
}

func TestPushKeepsTheEnd(t *testing.T) {
	of := func(events ...Event) (queue []report) {
		for _, e := range events {
			queue = append(queue, report{event: e, release: func() {}})
		}
		return queue
	}
	repeat := func(e Event, n int) (events []Event) {
		for range n {
			events = append(events, e)
		}
		return events
	}
	cases := map[string]struct{ before, after []Event }{
		"empty": {nil, []Event{Woke}},
		"room":  {[]Event{Locked}, []Event{Locked, Woke}},
		"full":  {repeat(Locked, maxQueue), append(repeat(Locked, maxQueue-1), Woke)},
		"the end is oldest": {
			append([]Event{SessionEnding}, repeat(Locked, maxQueue-1)...),
			append(append([]Event{SessionEnding}, repeat(Locked, maxQueue-2)...), Woke),
		},
		"nothing but ends": {repeat(SessionEnding, maxQueue), append(repeat(SessionEnding, maxQueue-1), Woke)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var after []Event
			for _, r := range push(of(c.before...), report{event: Woke, release: func() {}}) {
				after = append(after, r.event)
			}
			assert.Equal(t, c.after, after)
		})
	}
}

// A shutdown that went on because a sleep was dealt with would leave the key in the keyring.
func TestReleaseIsForWhatWasReceived(t *testing.T) {
	w, ctx := plain(t, times{hold: time.Hour})
	sleep, end := w.hold(ctx, Sleeping), w.hold(ctx, SessionEnding)
	w.Release()
	require.NoError(t, sleep.Err(), "released before it was received")
	expect(t, w, Sleeping)
	w.Release()
	<-sleep.Done()
	require.NoError(t, end.Err(), "released before it was received")
	expect(t, w, SessionEnding)
	w.Release()
	<-end.Done()
	w.Release() // of nothing
}

func TestOneReleaseIsForAllThatWasReceived(t *testing.T) {
	w, ctx := plain(t, times{hold: time.Hour})
	sleep, end := w.hold(ctx, Sleeping), w.hold(ctx, SessionEnding)
	expect(t, w, Sleeping, SessionEnding)
	w.Release()
	<-sleep.Done()
	<-end.Done()
}

// A computer whose lid was closed must not stay awake in a bag since this program hangs.
func TestAHoldEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		w := newWatcher(ctx, usual)
		w.start(ctx, nil)
		held := w.hold(ctx, SessionEnding)
		<-held.Done()
		require.ErrorIs(t, held.Err(), context.DeadlineExceeded)
		end()
		for range w.Events() {
			continue
		}
	})
}

func TestTheEndOfTheWatcherReleasesAll(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	w := newWatcher(ctx, times{hold: time.Hour})
	w.start(ctx, nil)
	held := w.hold(ctx, Sleeping)
	finish(t, w, end)
	<-held.Done()
	w.Release()
	w.emit(ctx, Locked) // comes too late, and does not wait
}

// A missed lock leaves a session to the next passer-by; a false one, as when the screen only
// changed hands between two programs, signs out a user at work.
func TestAUT003PresenceMergesItsSources(t *testing.T) {
	cases := map[string]struct {
		do   func(*presence)
		want []Event
	}{
		"one source":     {func(p *presence) { p.lock("a", true); p.lock("a", false) }, []Event{Locked, CameBack}},
		"the same again": {func(p *presence) { p.lock("a", false); p.lock("a", true); p.lock("a", true) }, []Event{Locked}},
		"two sources, one after the other": {func(p *presence) {
			p.lock("a", true)
			p.lock("b", true)
			p.lock("a", false)
			p.lock("b", false)
		}, []Event{Locked, CameBack}},
		"an unconfirmed request":      {func(p *presence) { p.askToLock(true); p.askToLock(true) }, []Event{Locked, Locked}},
		"a lock after such a request": {func(p *presence) { p.askToLock(true); p.lock("a", true) }, []Event{Locked, Locked}},
		"a request to unlock what is locked": {func(p *presence) {
			p.lock("a", true)
			p.askToLock(false)
			p.lock("a", false)
		}, []Event{Locked, CameBack}},
		"an unconfirmed request to unlock": {func(p *presence) { p.askToLock(false) }, []Event{CameBack}},
		"another user": {func(p *presence) {
			p.switchAway(false)
			p.switchAway(true)
			p.switchAway(true)
			p.switchAway(false)
			p.switchAway(false)
		}, []Event{UserSwitchedAway, CameBack}},
		"another user, and back at the locked screen": {func(p *presence) {
			p.lock("a", true)
			p.switchAway(true)
			p.switchAway(false)
			p.lock("a", false)
		}, []Event{Locked, UserSwitchedAway, CameBack}},
		"locked while another user is here": {func(p *presence) {
			p.switchAway(true)
			p.lock("a", true)
			p.switchAway(false)
			p.lock("a", false)
		}, []Event{UserSwitchedAway, Locked, CameBack}},
		"unlocked while another user is here": {func(p *presence) {
			p.lock("a", true)
			p.switchAway(true)
			p.lock("a", false)
			p.askToLock(false)
			p.switchAway(false)
		}, []Event{Locked, UserSwitchedAway, CameBack}},
		"locked again": {func(p *presence) {
			p.lock("a", true)
			p.lock("a", false)
			p.lock("a", true)
		}, []Event{Locked, CameBack, Locked}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var sent []Event
			c.do(newPresence(func(e Event) { sent = append(sent, e) }))
			assert.Equal(t, c.want, sent)
		})
	}
}

// A session that was open when the lid was closed would be shown as good after its ten hours, until the next timer.
func TestAUT003ALeapOfTheClockIsAWake(t *testing.T) {
	cases := map[string]struct {
		passed []time.Duration
		leaps  int
	}{
		"awake":                   {[]time.Duration{time.Second, time.Second, 1100 * time.Millisecond}, 0},
		"busy":                    {[]time.Duration{9 * time.Second}, 0},
		"ten seconds are no leap": {[]time.Duration{10 * time.Second}, 0},
		"a nap":                   {[]time.Duration{time.Second, 11 * time.Second, time.Second}, 1},
		"a night":                 {[]time.Duration{12 * time.Hour, time.Second}, 1},
		"twice":                   {[]time.Duration{time.Minute, time.Second, time.Minute}, 2},
		"the clock is put back":   {[]time.Duration{-time.Hour, time.Second}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC)
			times, ticks, leaps := make(chan time.Time), make(chan time.Time), 0
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				watchClock(ctx, func() time.Time { return <-times }, ticks, func() { leaps++ })
			}()
			times <- now
			for _, passed := range c.passed {
				now = now.Add(passed)
				ticks <- now
				times <- now
			}
			end()
			<-ended
			assert.Equal(t, c.leaps, leaps)
		})
	}
}

// With Go's monotonic reading, the time asleep would be missing on Linux and macOS.
func TestTheWallClockIsTheWallClock(t *testing.T) {
	now := wallClock()
	assert.Equal(t, now.Round(0).String(), now.String())
	assert.NotContains(t, now.String(), "m=")
}

// This explains why a session survived a lock.
func TestUnseenNamesEverySource(t *testing.T) {
	u := newUnseen()
	require.NoError(t, u.err())
	first, second := errors.New("no b"), errors.New("no a")
	u.note("b", first)
	u.note("a", second)
	require.ErrorIs(t, u.err(), first)
	require.EqualError(t, u.err(), "no a\nno b")
	u.note("b", nil)
	require.EqualError(t, u.err(), "no a")
	u.note("a", nil)
	require.NoError(t, u.err())
}
