package pcsc

import (
	"context"
	"time"
)

// Establish connects to the computer's service, for tests that stand between it and the watch.
var Establish = establish

// Settings are what tests replace of a watch; nil is what it has itself.
type Settings struct {
	Establish func() (Context, error)
	After     func(time.Duration) <-chan time.Time
}

// WatchWith is Watch with settings.
func WatchWith(ctx context.Context, settings Settings) <-chan Event {
	w := newWatch()
	if settings.Establish != nil {
		w.establish = settings.Establish
	}
	if settings.After != nil {
		w.after = settings.After
	}
	return w.start(ctx)
}
