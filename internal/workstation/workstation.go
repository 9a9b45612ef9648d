// Package workstation reports what happens to the computer while a user is signed in: the screen is
// locked, another user takes over, the keyboard is not touched, the lid is closed, the user logs off.
// A session must not outlive its user's presence (SCAL AUT-003 and AUT-004); what follows from an
// event is decided elsewhere.
//
// Two events are chances to act before it is too late, [Sleeping] and [SessionEnding]: the platform
// is asked to wait until [Watcher.Release], so that the keyring is empty before the computer is
// off. It waits for some seconds only.
//
// The sources are logind's D-Bus interface (org.freedesktop.login1(5), with a delay inhibitor), the
// screen savers' and the GNOME session manager's on the session bus; on Windows the messages that a
// top-level window is sent (WM_WTSSESSION_CHANGE, WM_POWERBROADCAST, WM_ENDSESSION); and everywhere
// the wall clock, which leaps over the time in which a computer slept. The time without input is
// read every half minute: from GNOME's or Cinnamon's idle monitor, X11's screen saver extension, or
// logind's IdleHint; on Windows from GetLastInputInfo. What a desktop does not report cannot be
// seen: [Watcher.MissingEvents] names it, and everything else goes on.
//
// [FollowContrast] is separate: it reports whether the desktop is set to high contrast.
package workstation

import (
	"context"
	"sync"
	"time"
)

// Event is a change of the workstation, named as in logs. At the beginning the screen counts as unlocked and the user
// as present. If several sources report a change, it can be sent more than once.
type Event string

// The events.
const (
	// Locked: the screen is locked, or a screen saver has come on.
	Locked Event = "locked"
	// UserSwitchedAway: another user has the computer, or the remote desktop was left; the log-on
	// session lives on.
	UserSwitchedAway Event = "user switched away"
	// CameBack: the screen is unlocked again, and it is this user's.
	CameBack Event = "came back"
	// WentIdle: there was no input for the limit. It is sent again after each further limit.
	WentIdle Event = "went idle"
	// Sleeping: the computer is about to sleep, and waits for [Watcher.Release].
	Sleeping Event = "sleeping"
	// Woke: no program has run for some time. Check deadlines now.
	Woke Event = "woke"
	// SessionEnding: log-off or shutdown, which wait for [Watcher.Release].
	SessionEnding Event = "session ending"
)

// times are a watcher's.
type times struct {
	// hold is how long Sleeping and SessionEnding are held without a Release. More is of no use: logind
	// and Windows wait for five seconds, Windows before sleep for two.
	hold time.Duration
	// retryMin is the first pause before a missing D-Bus bus is looked for again; it doubles up to
	// retryMax.
	retryMin, retryMax time.Duration
	// idleLimit is how long there may be no input before WentIdle; 0 means that input is not watched.
	idleLimit time.Duration
	// idleEvery is the interval at which the time without input is read. WentIdle is late by as much.
	idleEvery time.Duration
}

// usual are the times but for the limit.
var usual = times{hold: 4 * time.Second, retryMin: time.Second, retryMax: time.Minute, idleEvery: 30 * time.Second}

// Who asks the platform to wait, and why, as it may show to the user.
const (
	applicant = "e-RS Login"
	purpose   = "Signing out of e-RS"
)

// Watcher watches the workstation until its context ends. It is safe for concurrent use.
type Watcher struct {
	times    times
	events   chan Event
	reports  chan report
	releases chan struct{}
	// ended is closed when releases are no longer received.
	ended    chan struct{}
	unseen   *unseen
	presence *presence
	idle     *idle
}

// Watch reports events until ctx ends; then it releases everything, and closes the channel of
// [Watcher.Events]. idleLimit is how long there may be no input before WentIdle; 0 means that input
// is not watched.
func Watch(ctx context.Context, idleLimit time.Duration) *Watcher {
	times := usual
	times.idleLimit = idleLimit
	return watchFor(ctx, times)
}

func watchFor(ctx context.Context, times times) *Watcher {
	w := newWatcher(ctx, times)
	w.start(ctx, w.sources())
	return w
}

func newWatcher(ctx context.Context, times times) *Watcher {
	w := &Watcher{
		times:  times,
		events: make(chan Event), reports: make(chan report), releases: make(chan struct{}), ended: make(chan struct{}),
		unseen: newUnseen(),
	}
	emit := func(e Event) { w.emit(ctx, e) }
	w.presence = newPresence(emit)
	w.idle = newIdle(times.idleLimit, emit, func(err error) { w.unseen.note(idleNote, err) })
	return w
}

// start starts the platform's sources, the clock, and what ends with them.
func (w *Watcher) start(ctx context.Context, platform []func(context.Context)) {
	var sources sync.WaitGroup
	for _, source := range platform {
		sources.Go(func() { source(ctx) })
	}
	sources.Go(func() {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		watchClock(ctx, wallClock, ticker.C, func() { w.wake(ctx) })
	})
	go func() {
		w.relay(ctx)
		close(w.ended)
		sources.Wait()
		close(w.events)
	}()
}

// Events returns the channel of events. A slow receiver loses the oldest, but never SessionEnding.
func (w *Watcher) Events() <-chan Event { return w.events }

// Release ends the hold of every Sleeping and SessionEnding that was received from Events. One that
// was not received yet is held.
func (w *Watcher) Release() {
	select {
	case w.releases <- struct{}{}:
	case <-w.ended:
	}
}

// MissingEvents returns the events that this desktop does not report, one error of [errors.Join] for each
// silent source and what is lost, or nil. It is for diagnostics; a source can come back.
func (w *Watcher) MissingEvents() error { return w.unseen.err() }

// emit sends an event that holds nothing.
func (w *Watcher) emit(ctx context.Context, e Event) {
	w.report(ctx, report{event: e, release: func() {}})
}

// wake sends Woke, after WentIdle if the user was away for longer than the limit while the computer
// slept: what is renewed on waking must not be.
func (w *Watcher) wake(ctx context.Context) {
	w.idle.wake(wallClock())
	w.emit(ctx, Woke)
}

// watchIdle reads the time without input now and then, if there is a limit to it.
func (w *Watcher) watchIdle(ctx context.Context, read func(context.Context) (time.Duration, error)) {
	for w.times.idleLimit > 0 {
		limited, cancel := context.WithTimeout(ctx, lookLimit)
		since, err := read(limited)
		cancel()
		w.idle.report(wallClock(), since, err)
		select {
		case <-time.After(w.times.idleEvery):
		case <-ctx.Done():
			return
		}
	}
}

// hold sends an event that the platform waits for. The returned context ends with Release, after
// w.times.hold at most, or with the watcher.
func (w *Watcher) hold(ctx context.Context, e Event) context.Context {
	held, release := context.WithTimeout(ctx, w.times.hold)
	w.report(ctx, report{event: e, release: release})
	return held
}

func (w *Watcher) report(ctx context.Context, r report) {
	select {
	case w.reports <- r:
	case <-ctx.Done():
		r.release()
	}
}
