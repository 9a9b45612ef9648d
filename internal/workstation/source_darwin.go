package workstation

import (
	"context"
	"errors"
)

// errNoSource is what is missing on macOS: the sources there (NSWorkspace, IOKit) need C and
// Objective-C, which this program does without on macOS.
var errNoSource = errors.New("on macOS, only that the computer has slept can be seen, afterwards and by the wall clock: " +
	"locking, switching users, falling asleep and logging off are not told")

// sources has none but the clock, which every platform has.
func (w *Watcher) sources() []func(context.Context) {
	w.unseen.note("macOS", errNoSource)
	return nil
}
