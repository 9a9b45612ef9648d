package signin

import "time"

// SystemClock is the wall clock of the computer.
type SystemClock struct{}

// Now returns the wall-clock time alone. Go's monotonic reading is taken off, since it stands still
// while a laptop sleeps: with it, a session of ten hours would survive a night in a closed lid.
func (SystemClock) Now() time.Time { return time.Now().Round(0) }

// Tick is time.NewTicker.
func (SystemClock) Tick(every time.Duration) (<-chan time.Time, func()) {
	ticker := time.NewTicker(every)
	return ticker.C, ticker.Stop
}
