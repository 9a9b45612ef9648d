package pcsc

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxReaders is the most readers that are looked at. pcsc-lite has no more than 16, and takes no more than 16 names in one
// call, of which one stands for the readers to come.
const maxReaders = 15

// maxMisses is how often in a row the service may say that it does not know a reader of its own list, when the list stays
// the same. Once is what happens when a reader is unplugged.
const maxMisses = 10

// cancelAgain is the time between two Cancel. One that comes just before the wait begins has no effect.
const cancelAgain = 10 * time.Millisecond

// report is what one look at the service has brought.
type report struct {
	// gone is why there is no service; then there is nothing else.
	gone error
	// first tells that it is the first of its connection. The counts of two connections are not to be compared: the service
	// may have been started anew between them.
	first bool
	// readers are all that are plugged in. Current is their state, StateUnaware if nobody has looked yet.
	readers []ReaderState
}

// attend connects, looks and connects again until the context ends.
func (w *watch) attend(ctx context.Context, reports chan<- report) {
	pause := w.RetryMin
	for ctx.Err() == nil {
		line, err := w.connect()
		if err == nil {
			pause = w.RetryMin
			err = w.serve(ctx, line, reports)
		}
		// Not to try again at once is to get a better answer: a process that is dying takes connections and drops them.
		send(ctx, reports, report{gone: err})
		select {
		case <-ctx.Done():
		case <-w.Clock.After(pause):
		}
		pause = min(2*pause, w.RetryMax)
	}
}

// connect begins a connection. What answers but cannot list its readers is no service.
func (w *watch) connect() (*line, error) {
	context, err := w.Establish()
	if err != nil {
		return nil, unavailable("could not connect", err, false)
	}
	line := &line{Context: context, first: true}
	if err := line.list(); err != nil {
		line.end()
		return nil, err
	}
	return line, nil
}

// serve looks until the connection is lost or the context ends.
func (w *watch) serve(ctx context.Context, line *line, reports chan<- report) error {
	defer line.end()
	for misses := 0; ; {
		send(ctx, reports, line.report())
		if pause := w.pace.Reserve().Delay(); pause > 0 {
			_ = sleep(ctx, pause) // if the context ends, so does the wait
		}
		err := line.wait(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			misses = 0
			send(ctx, reports, line.report())
		case errors.Is(err, ErrTimeout):
			line.forget()
		case errors.Is(err, ErrCancelled):
			// Not by us. It costs nothing to wait again.
		case isMiss(err) && misses < maxMisses:
			misses++
		default:
			return unavailable("could not wait for the readers", err, true)
		}
		before := line.names()
		if err := line.list(); err != nil {
			return err
		}
		if !slices.Equal(before, line.names()) {
			misses = 0 // that was why
		}
	}
}

// isMiss tells whether an error means that a reader has gone since it was listed.
func isMiss(err error) bool {
	return errors.Is(err, ErrUnknownReader) || errors.Is(err, ErrReaderUnavailable) || errors.Is(err, ErrNoReadersAvailable)
}

// send reports, unless the context has ended.
func send(ctx context.Context, reports chan<- report, r report) {
	select {
	case reports <- r:
	case <-ctx.Done():
	}
}

// line is one connection to the service and what it has told last. It belongs to one goroutine.
type line struct {
	Context
	first   bool
	readers []ReaderState
	// arrivals is the state of the reader plugAndPlay. Between two calls its count tells of readers that came in the
	// meantime.
	arrivals State
}

// list brings the list of readers up to date and keeps the states of those that stay.
func (l *line) list() error {
	names, err := l.ListReaders()
	if err != nil && !errors.Is(err, ErrNoReadersAvailable) {
		return unavailable("could not list the readers", err, true)
	}
	names = names[:min(len(names), maxReaders)]
	listed := make([]ReaderState, len(names))
	for i, name := range names {
		listed[i].Reader = name
		if known := slices.IndexFunc(l.readers, func(r ReaderState) bool { return r.Reader == name }); known >= 0 {
			listed[i] = l.readers[known]
		}
	}
	l.readers = listed
	return nil
}

// names returns the readers of the list.
func (l *line) names() []string {
	names := make([]string, len(l.readers))
	for i, reader := range l.readers {
		names[i] = reader.Reader
	}
	return names
}

// report returns what is known.
func (l *line) report() report {
	r := report{first: l.first, readers: slices.Clone(l.readers)}
	l.first = false
	return r
}

// wait waits until something is different from what is known, for longestWait at most, or until the context ends.
func (l *line) wait(ctx context.Context) error {
	states := slices.Clone(l.readers)
	if plugAndPlay != "" {
		states = append(states, ReaderState{Reader: plugAndPlay, Current: l.arrivals})
	}
	if len(states) == 0 {
		return sleep(ctx, longestWait)
	}
	ended, cancelled := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		l.cancel(ended)
	})
	err := l.GetStatusChange(states, longestWait)
	close(ended)
	if !stop() {
		<-cancelled // the connection must not be released under a Cancel
	}
	if err != nil {
		return err
	}
	for i := range states {
		// StateIgnore comes with StateUnknown, and would mean not to be told when the reader is back.
		states[i].Current = states[i].Event &^ (StateChanged | StateIgnore)
	}
	if plugAndPlay != "" {
		l.arrivals = states[len(states)-1].Current
	}
	l.readers = states[:len(l.readers)]
	return nil
}

// cancel ends the wait, again and again until it has ended.
func (l *line) cancel(ended <-chan struct{}) {
	again := time.NewTicker(cancelAgain)
	defer again.Stop()
	for {
		_ = l.Cancel() // the only remedy is to try again
		select {
		case <-ended:
			return
		case <-again.C:
		}
	}
}

// forget makes the next wait a look at every reader.
func (l *line) forget() {
	for i := range l.readers {
		l.readers[i].Current = StateUnaware
	}
}

// end releases the connection.
func (l *line) end() {
	_ = l.Release() // a service that is gone has released it already
}

// sleep lets time pass. The error is ErrTimeout, or the context's.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ErrTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}
