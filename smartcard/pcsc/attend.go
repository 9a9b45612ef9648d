package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxReaders is the most readers that are watched. pcsc-lite has at most 16, and takes at most 16
// names in one call, of which one stands for readers to come.
const maxReaders = 15

// maxMisses is how often in a row the service may report a reader of its unchanged list as unknown.
// Once is normal when a reader is unplugged.
const maxMisses = 10

// cancelAgain is the time between two Cancel: one that comes just before the wait begins has no
// effect.
const cancelAgain = 10 * time.Millisecond

// report is the result of one look at the service.
type report struct {
	// gone is why there is no service; if set, the rest is empty.
	gone error
	// first reports whether this is the first of its connection. Counts of two connections must not
	// be compared: the service may have been restarted between them.
	first bool
	// readers are all that are plugged in. Current is their state, StateUnaware before the first
	// look.
	readers []ReaderState
}

// attend connects, looks and connects again until the context ends.
func (w *watch) attend(ctx context.Context, reports chan<- report) {
	pause := firstPause
	for ctx.Err() == nil {
		line, err := w.connect()
		if err == nil {
			pause = firstPause
			err = w.serve(ctx, line, reports)
		}
		// A retry after a pause gets a better answer: a dying process accepts connections and drops
		// them. pcscd refuses by hanging up, which libpcsclite reports for any end of a connection.
		send(ctx, reports, report{gone: err})
		select {
		case <-ctx.Done():
		case <-w.after(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// connect opens a connection. A service that cannot list its readers does not count.
func (w *watch) connect() (*line, error) {
	context, err := w.establish()
	if err != nil {
		return nil, fmt.Errorf("could not connect to the PC/SC service: %w", err)
	}
	line := &line{Context: context, first: true}
	if err := line.list(); err != nil {
		_ = line.Release() // it is of no use
		return nil, err
	}
	return line, nil
}

// serve looks until the connection is lost or the context ends.
func (w *watch) serve(ctx context.Context, line *line, reports chan<- report) error {
	defer func() { _ = line.Release() }() // a service that is gone has released it already
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
			// The service cancelled the wait, not this program. Waiting again costs nothing.
		case isMiss(err) && misses < maxMisses:
			misses++
		default:
			return fmt.Errorf("could not wait for the smartcard readers: %w", err)
		}
		before := line.readers
		if err := line.list(); err != nil {
			return err
		}
		if !slices.EqualFunc(before, line.readers, func(a, b ReaderState) bool { return a.Reader == b.Reader }) {
			misses = 0 // that was why
		}
	}
}

// isMiss reports whether an error means that a reader has gone since it was listed.
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

// line is one connection to the service and its last report. It belongs to one goroutine.
type line struct {
	Context
	first   bool
	readers []ReaderState
	// arrivals is the state of the reader plugAndPlay. Its count covers readers that came between
	// two calls.
	arrivals State
}

// list updates the list of readers and keeps the states of those that stay.
func (l *line) list() error {
	names, err := l.ListReaders()
	if err != nil && !errors.Is(err, ErrNoReadersAvailable) {
		return fmt.Errorf("could not list the smartcard readers: %w", err)
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

func (l *line) report() report {
	r := report{first: l.first, readers: slices.Clone(l.readers)}
	l.first = false
	return r
}

// wait waits until a state differs from the known one, for longestWait at most, or until ctx ends.
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
		// StateIgnore comes with StateUnknown; passed back, it would suppress the reader's return.
		states[i].Current = states[i].Event &^ (StateChanged | StateIgnore)
	}
	if plugAndPlay != "" {
		l.arrivals = states[len(states)-1].Current
	}
	l.readers = states[:len(l.readers)]
	return nil
}

// cancel ends the wait, with repeated Cancel until it has ended.
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

// sleep lets time pass. The error is ErrTimeout, or the context's.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return ErrTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}
