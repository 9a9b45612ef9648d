package pcsc

import (
	"context"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// Event is one change that [Watch] reports.
type Event struct {
	Kind presence.Kind
	// Reader is the reader's name as PC/SC gives it. It is empty for ServiceGone and ServiceBack.
	Reader string
	// Err is why the service is gone: its chain holds a [Code] if the service gave one. It is nil for every other kind.
	Err error
}

// The first pause before the service is tried again, and the longest: it doubles.
const firstPause, longestPause = 100 * time.Millisecond, 2 * time.Second

// Watch sends whether there is a service (ServiceBack, or ServiceGone), the readers and cards that there
// are (ReaderConnected, CardInserted) and then every change, until ctx ends.
//
// A removal is sent at once and never lost: a removal and an insertion between two looks become two
// events, and so do an insertion and a removal. A reader that is unplugged with a card in it gives
// CardRemoved, then ReaderDisconnected; one that does not answer counts as empty, and gives
// CardRemoved.
//
// Without a service there is a ServiceGone, and another when the [Code] changes: that of a crash comes
// first, then that of a missing service until it is started again. Whether a card is still
// in is unknown then, so no CardRemoved is made up: ServiceGone is itself a reason to ask for the
// ticket. After ServiceBack come the differences from what was sent before; a card that was changed
// meanwhile and is in again cannot be seen as one. Windows stops its service with the last reader,
// so ServiceGone may stand for that reader's events.
//
// Events do not queue: a slow reader receives at least one of several removals in a row, and the
// current state.
//
// The channel is closed when ctx has ended and the connection with it. A service that hangs and
// does not let go is abandoned after a second. There must not be two Watch at a time in one
// process, see establish.
func Watch(ctx context.Context) <-chan Event { return newWatch().start(ctx) }

// grace is how long a service may take to release a connection.
const grace = time.Second

// watch is the state of Watch. One goroutine calls the service, which blocks, and reports to
// another, which keeps the state and sends the events.
type watch struct {
	// establish connects to the service, and after times the pauses before another attempt.
	establish func() (Context, error)
	after     func(time.Duration) <-chan time.Time
	// pace bounds how often the service is called, should it return at once for ever. The burst
	// exceeds what playing with a card causes.
	pace *rate.Limiter

	readers []*reader
	// looked reports whether the service was looked at, and begun whether that was sent.
	looked, begun bool
	// gone is why there is no service, nil if there is one.
	gone error
	// outage is the last gone that was not sent, even if it has passed: changes during it were not
	// seen.
	outage error
	// sentGone is the one sent last, nil if the service was there then.
	sentGone error
}

func newWatch() *watch {
	return &watch{establish: establish, after: time.After, pace: rate.NewLimiter(rate.Every(20*time.Millisecond), 50)}
}

func (w *watch) start(ctx context.Context) <-chan Event {
	events := make(chan Event)
	go func() {
		defer close(events)
		w.run(ctx, events)
	}()
	return events
}

func (w *watch) run(ctx context.Context, events chan<- Event) {
	reports, ended := make(chan report), make(chan struct{})
	go func() {
		defer close(ended)
		w.attend(ctx, reports)
	}()
	for {
		event, sent := w.news()
		out := events
		if sent == nil {
			out = nil
		}
		select {
		case out <- event:
			sent()
			w.forget()
		case brought := <-reports:
			w.learn(brought)
		case <-ctx.Done():
			select {
			case <-ended:
			case <-time.After(grace):
			}
			return
		}
	}
}

func (w *watch) learn(r report) {
	w.looked, w.gone = true, r.gone
	if r.gone != nil {
		if w.begun && w.sentGone == nil {
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

// reader returns the reader with that name, a new one if it is not known.
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

// forget drops the readers that are settled.
func (w *watch) forget() { w.readers = slices.DeleteFunc(w.readers, (*reader).settled) }

// news returns the next event and the function to call once it is sent, nil if there is none.
func (w *watch) news() (Event, func()) {
	switch {
	case !w.looked:
		return Event{}, nil
	case w.gone == nil && (w.sentGone != nil || !w.begun):
		return Event{Kind: presence.ServiceBack}, func() { w.sentGone, w.begun = nil, true }
	case w.gone == nil && w.outage != nil:
		return w.serviceGone(w.outage)
	case !w.begun:
		return w.serviceGone(w.gone)
	}
	for _, reader := range w.readers {
		if event, sent := reader.news(); sent != nil {
			return event, sent
		}
	}
	if w.gone != nil && (w.sentGone == nil || codeIn(w.gone) != codeIn(w.sentGone)) {
		return w.serviceGone(w.gone)
	}
	return Event{}, nil
}

func (w *watch) serviceGone(why error) (Event, func()) {
	return Event{Kind: presence.ServiceGone, Err: why}, func() { w.sentGone, w.outage, w.begun = why, nil, true }
}
