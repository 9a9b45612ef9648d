package pcsc

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// Settings tunes [Watch]. The zero value is right for the PC/SC service of this computer.
type Settings struct {
	// Establish connects to the service; it is this computer's if it is nil.
	Establish func() (Context, error)
	// RetryMin is the pause before the service is tried again, 100 ms if it is not set. It doubles up to RetryMax, 2 s if
	// not set.
	RetryMin, RetryMax time.Duration
	// Clock times those pauses; it is the system's if it is nil.
	Clock Clock
}

// Clock is the time for [Watch].
type Clock interface {
	After(time.Duration) <-chan time.Time
}

// Watch looks at the readers until the context ends, and tells what there is at first (ReaderConnected, CardInserted) and
// then what changes. Where there is a service without a reader, it has nothing to tell.
//
// A removal is told at once and never lost: one that was followed by an insertion before anybody looked is told as both. So
// is an insertion that was followed by a removal. A reader that is unplugged with a card in it is told as CardRemoved, then
// ReaderDisconnected; one that gives no answer holds no card as far as anybody knows, and is told as CardRemoved.
//
// Without a service there is a ServiceGone, and another if the [Reason] becomes a different one: a service that crashes is a
// ConnectionLost first, then NoService until it is started again. Nobody knows then whether a card is still where it was, so
// no CardRemoved is made up: ServiceGone is itself a reason to ask for the ticket. After ServiceBack comes what is different
// from what was told before; a card that was changed in the meantime and is there again is no difference that could be seen.
// Windows stops its service with the last reader, so that what that one held may be told by ServiceGone alone.
//
// News waits for its reader without growing old: a slow one is not told of each of ten removals in a row, but of one at
// least, and of what is true now.
//
// The channel is closed when the context has ended and the connection with it. A service that hangs, so that it cannot even
// be told to stop, is left to itself after a second. There must not be two Watch at a time in one process, see establish.
func Watch(ctx context.Context, settings Settings) <-chan Event {
	w := &watch{
		Settings: settings.orDefaults(),
		pace:     rate.NewLimiter(rate.Every(20*time.Millisecond), 50),
	}
	events := make(chan Event)
	go func() {
		defer close(events)
		w.run(ctx, events)
	}()
	return events
}

func (s Settings) orDefaults() Settings {
	if s.Establish == nil {
		s.Establish = establish
	}
	if s.RetryMin <= 0 {
		s.RetryMin = 100 * time.Millisecond
	}
	if s.RetryMax <= 0 {
		s.RetryMax = 2 * time.Second
	}
	if s.Clock == nil {
		s.Clock = systemClock{}
	}
	return s
}

// grace is how long a service may take to let go of a connection.
const grace = time.Second

// watch is the work behind Watch. One goroutine calls the service, since that waits, and reports to another, which has all
// the knowledge and waits for whoever reads the events.
type watch struct {
	Settings
	// pace bounds how often the service is asked, should it answer at once and for ever. The burst is more than what happens
	// when a person plays with a card.
	pace *rate.Limiter

	readers []*reader
	// gone is why there is no service, nil if there is one.
	gone error
	// outage is the last gone that was not told, even if it has passed: what changed meanwhile was not seen.
	outage error
	// toldGone is the Reason that the reader of the events was told last, empty if the service is there as far as he knows.
	toldGone Reason
}

// run tells news until the context ends.
func (w *watch) run(ctx context.Context, events chan<- Event) {
	reports := make(chan report)
	go func() {
		defer close(reports)
		w.attend(ctx, reports)
	}()
	for {
		event, tell := w.news()
		out := events
		if tell == nil {
			out = nil
		}
		select {
		case out <- event:
			tell()
			w.forget()
		case brought, open := <-reports:
			if !open {
				return
			}
			w.learn(brought)
		case <-ctx.Done():
			await(reports)
			return
		}
	}
}

// await waits for the end of the reports, but not for ever.
func await(reports <-chan report) {
	patience := time.NewTimer(grace)
	defer patience.Stop()
	for {
		select {
		case _, open := <-reports:
			if !open {
				return
			}
		case <-patience.C:
			return
		}
	}
}

// learn brings the knowledge up to date.
func (w *watch) learn(r report) {
	w.gone = r.gone
	if r.gone != nil {
		if w.toldGone == "" {
			w.outage = r.gone
		}
		return
	}
	seen := make(map[string]bool, len(r.readers))
	for _, state := range r.readers {
		seen[state.Reader] = true
		reader := w.reader(state.Reader)
		if r.first {
			reader.counted = false
		}
		reader.see(state.Current)
	}
	for _, reader := range w.readers {
		if !seen[reader.name] {
			reader.unplug()
		}
	}
	w.forget()
}

// reader returns the reader with that name, a new one if there is none.
func (w *watch) reader(name string) *reader {
	for _, reader := range w.readers {
		if reader.name == name {
			return reader
		}
	}
	added := &reader{name: name}
	w.readers = append(w.readers, added)
	return added
}

// forget drops the readers that are gone and of which all is told.
func (w *watch) forget() { w.readers = slices.DeleteFunc(w.readers, (*reader).settled) }

// news returns the next event and what to do once it is told, which is nil if there is none.
func (w *watch) news() (Event, func()) {
	if w.gone == nil {
		if w.toldGone != "" {
			return Event{Kind: ServiceBack}, func() { w.toldGone = "" }
		}
		if w.outage != nil {
			return w.serviceGone(w.outage)
		}
	}
	for _, reader := range w.readers {
		if event, tell := reader.news(); tell != nil {
			return event, tell
		}
	}
	if w.gone != nil && reasonIn(w.gone) != w.toldGone {
		return w.serviceGone(w.gone)
	}
	return Event{}, nil
}

func (w *watch) serviceGone(why error) (Event, func()) {
	return Event{Kind: ServiceGone, Err: why}, func() { w.toldGone, w.outage = reasonIn(why), nil }
}

// reasonIn returns the Reason in an error's chain.
func reasonIn(err error) Reason {
	var reason Reason
	if !errors.As(err, &reason) {
		return ServiceFailing
	}
	return reason
}

// systemClock is the time of the computer.
type systemClock struct{}

func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
