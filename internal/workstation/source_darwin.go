package workstation

import (
	"context"
	"errors"
	"time"
)

// errNoSource is what is missing on macOS: the sources there (NSWorkspace, IOKit) need C and
// Objective-C, which e-RS Login does not use on macOS.
var errNoSource = errors.New("locking, switching users, falling asleep and sign-out: on macOS, e-RS Login only sees " +
	"afterwards, by the clock, that the computer has slept")

// errNoIdle: CGEventSourceSecondsSinceLastEventType needs C, and what ioreg prints is the time
// without input of every user of the computer together.
var errNoIdle = errors.New("on macOS the time without input is not read")

// sources has none but the clock, which every platform has.
func (w *Watcher) sources() []func(context.Context) {
	w.unseen.note("macOS", errNoSource)
	return []func(context.Context){func(ctx context.Context) {
		w.watchIdle(ctx, func(context.Context) (time.Duration, error) { return 0, errNoIdle })
	}}
}
