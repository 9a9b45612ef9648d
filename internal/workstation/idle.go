package workstation

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrIdleUnseen is among the errors of [Watcher.MissingEvents] if WentIdle is wanted and no source
// reports the time without input.
var ErrIdleUnseen = errors.New("this desktop does not report how long there was no input, " +
	"so that sessions do not end when the computer is idle")

const (
	// idleNote is the time without input among the notes of [Watcher.MissingEvents].
	idleNote = "idle"
	// longestLook is the wall-clock time between two readings of the time without input from which on
	// the computer has slept: twice the usual interval, and lookLimit, which bounds a reading.
	longestLook = 90 * time.Second
	lookLimit   = 30 * time.Second
)

// idle sends WentIdle. It is safe for concurrent use.
type idle struct {
	emit func(Event)
	// note records why there is no source, or nil.
	note func(error)

	mutex    sync.Mutex
	idleness idleness
}

// newIdle returns one that sends nothing if the limit is 0.
func newIdle(limit time.Duration, emit func(Event), note func(error)) *idle {
	i := &idle{emit: emit, note: note, idleness: idleness{limit: limit}}
	if limit > 0 {
		note(fmt.Errorf("%w: no source has answered yet", ErrIdleUnseen))
	}
	return i
}

// report records what was read at now: how long there was no input, or why that is not known.
func (i *idle) report(now time.Time, since time.Duration, err error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if err != nil {
		i.idleness.forget()
		i.note(fmt.Errorf("%w: %w", ErrIdleUnseen, err))
		return
	}
	if i.idleness.look(now, since) {
		i.emit(WentIdle)
	}
	i.note(nil)
}

func (i *idle) wake(now time.Time) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.idleness.dueAfterSleep(now) {
		i.emit(WentIdle)
	}
}

// idleness decides when WentIdle is due. Its times are the wall clock's, which counts sleep.
type idleness struct {
	limit time.Duration
	// input is the last known input, and looked when it was read; zero if unknown.
	input, looked time.Time
	// sent is when WentIdle was due last.
	sent time.Time
}

// look records that there was no input for a time before now, and reports whether WentIdle is due.
func (i *idleness) look(now time.Time, since time.Duration) bool {
	slept := i.dueAfterSleep(now)
	i.input, i.looked = now.Add(-max(since, 0)), now
	return slept || i.due(now)
}

// dueAfterSleep reports whether WentIdle is due for the time in which the computer slept, or its clock was
// put forward. Input that woke it does not make up for that.
func (i *idleness) dueAfterSleep(now time.Time) bool {
	return now.Sub(i.looked) > longestLook && i.due(now)
}

// due reports whether the limit has passed since the last input, and since WentIdle was due last: a
// session may have begun since, at the request of another program.
func (i *idleness) due(now time.Time) bool {
	if i.sent.After(now) { // the clock was put back
		i.sent = time.Time{}
	}
	if i.input.IsZero() || now.Sub(i.input) < i.limit || now.Sub(i.sent) < i.limit {
		return false
	}
	i.sent = now
	return true
}

// forget is called when the time without input is no longer known.
func (i *idleness) forget() { i.input, i.looked = time.Time{}, time.Time{} }

// milliseconds returns a duration that no source can make overflow.
func milliseconds(n uint64) time.Duration {
	const most = uint64(365 * 24 * time.Hour / time.Millisecond)
	return time.Duration(min(n, most)) * time.Millisecond
}
