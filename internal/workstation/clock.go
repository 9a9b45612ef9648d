package workstation

import (
	"context"
	"time"
)

const (
	// tick is how often the wall clock is looked at.
	tick = time.Second
	// longestTick is the wall-clock time between two ticks from which on the computer has slept,
	// the program was stopped, or the clock was set. Each is a reason to check deadlines.
	longestTick = 10 * time.Second
)

// watchClock calls leapt when the wall clock has leapt from one tick to the next: the safety net
// for wake-ups that the platform does not report, and the only sign on macOS.
func watchClock(ctx context.Context, now func() time.Time, ticks <-chan time.Time, leapt func()) {
	for before := now(); ; {
		select {
		case <-ticks:
		case <-ctx.Done():
			return
		}
		after := now()
		if leaps(before, after) {
			leapt()
		}
		before = after
	}
}

// leaps reports whether between two looks more time has passed than lies between two ticks of a
// computer that is awake. Both are wall-clock times without Go's monotonic reading. That one is of
// no help: it stands still in the sleep of Linux and macOS, but not in that of Windows.
func leaps(before, after time.Time) bool { return after.Sub(before) > longestTick }

// wallClock is the wall clock alone.
func wallClock() time.Time { return time.Now().Round(0) }
