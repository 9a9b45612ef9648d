package workstation

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// guard ends a test that hangs. No test waits for it.
const guard = 30 * time.Second

// finish ends a watcher and sees that it gives everything back.
func finish(t *testing.T, w *Watcher, end context.CancelFunc) {
	t.Helper()
	end()
	limit := time.After(guard)
	for {
		select {
		case _, open := <-w.Events():
			if !open {
				return
			}
		case <-limit:
			require.FailNow(t, "the watcher has not ended")
		}
	}
}

// expect receives these events, in this order.
func expect(t *testing.T, w *Watcher, events ...Event) {
	t.Helper()
	for _, wanted := range events {
		select {
		case e, open := <-w.Events():
			require.True(t, open, "the watcher has ended before it was %s", wanted)
			require.Equal(t, wanted, e)
		case <-time.After(guard):
			require.FailNow(t, "no event", "%s", wanted)
		}
	}
}
