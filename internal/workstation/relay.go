package workstation

import (
	"context"
	"slices"
)

// maxQueue is the most events that wait for a reader.
const maxQueue = 16

// report is an event on its way to the reader.
type report struct {
	event Event
	// release ends the wait for what the reader does about it.
	release context.CancelFunc
}

// relay passes reports from the sources, which must not block, to the receiver. It alone knows what
// has been received, and so which events a Release is for.
func (w *Watcher) relay(ctx context.Context) {
	var queue, received []report
	release := func() {
		for _, r := range received {
			r.release()
		}
		received = nil
	}
	defer release()
	for {
		var next chan<- Event
		var first report
		if len(queue) > 0 {
			next, first = w.events, queue[0]
		}
		select {
		case r := <-w.reports:
			queue = push(queue, r)
		case next <- first.event:
			queue = queue[1:]
			if first.event == Sleeping || first.event == SessionEnding {
				received = push(received, first)
			} else {
				first.release()
			}
		case <-w.releases:
			release()
		case <-ctx.Done():
			return
		}
	}
}

// push appends a report to a queue. A full one drops its oldest that is not SessionEnding, and ends
// the wait for it. If all are SessionEnding, dropping one loses nothing.
func push(queue []report, r report) []report {
	if len(queue) >= maxQueue {
		oldest := max(0, slices.IndexFunc(queue, func(r report) bool { return r.event != SessionEnding }))
		queue[oldest].release()
		queue = slices.Delete(queue, oldest, oldest+1)
	}
	return append(queue, r)
}
