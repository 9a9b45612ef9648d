package workstation

import (
	"context"
	"errors"
)

// errNothingTold is what is lost on macOS: what tells of these things there (NSWorkspace, IOKit) is for C and Objective-C,
// and this program does without there.
var errNothingTold = errors.New("on macOS, only that the computer has slept can be seen, afterwards and by the wall clock: " +
	"locking, switching users, falling asleep and logging off are not told")

// sources has none but the clock, which every platform has.
func (w *Watcher) sources() []func(context.Context) {
	w.unseen.note("macOS", errNothingTold)
	return nil
}
