package app

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// openReaders watches the readers of the FHIR platform, where a card is one of several ways to sign
// in, if the settings want it and the helper is there.
func (r RealServices) openReaders(settings config.Config) CardSide {
	none := CardSide{removals: noRemovals(), Close: func() error { return nil }}
	if !settings.EndOnCardRemoval {
		return none
	}
	bridge := r.bridgeSettings(config.RemovalByTicket)
	if _, err := os.Stat(bridge.Command[0]); errors.Is(err, fs.ErrNotExist) {
		r.Log.Info("smartcard readers are not watched: the helper is not installed")
		return none
	}
	readers := ticketapi.NewReaders(bridge)
	removals := watchRemovals(readers.Changed(), readers.Seen)
	return CardSide{readers: readers, removals: removals, Close: func() error {
		removals.close()
		return readers.Close()
	}}
}

// removals passes on the removals that end a session: of each card that was in a reader at some time
// since its sign-in began. One that is in again when the session opens does not count as removed.
type removals struct {
	// removed delivers when such a card was removed; nil if readers are not watched.
	removed chan struct{}
	seen    func() ticketapi.Seen
	ending  chan struct{}
	ended   chan struct{}

	mu sync.Mutex
	// signingIn is set from the start of a sign-in until its session opens.
	signingIn bool
	// count is how many removals were looked at, and readers had a card since the sign-in began.
	count   int
	readers []string
}

// noRemovals are those of readers that are not watched.
func noRemovals() *removals {
	return &removals{seen: func() ticketapi.Seen { return ticketapi.Seen{} }}
}

// watchRemovals looks at what was seen with each change, until close.
func watchRemovals(changed <-chan struct{}, seen func() ticketapi.Seen) *removals {
	w := &removals{removed: make(chan struct{}, 1), seen: seen, ending: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for {
			select {
			case <-changed:
				w.look()
			case <-w.ending:
				return
			}
		}
	}()
	return w
}

func (w *removals) close() {
	close(w.ending)
	<-w.ended
}

// begin is called when a sign-in begins. Earlier removals do not count any more.
func (w *removals) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen()
	w.signingIn, w.count, w.readers = true, seen.Removals, nil
	w.note(seen)
	select {
	case <-w.removed:
	default:
	}
}

// open is called before a session opens. A card of its sign-in that is gone by now ends it, and so
// does each that goes from now on.
func (w *removals) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen()
	w.signingIn = false
	w.note(seen)
	in := seen.WithCard()
	w.end(slices.ContainsFunc(w.latest(seen), func(reader string) bool { return !slices.Contains(in, reader) }))
}

// look is called when something has changed.
func (w *removals) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen()
	if w.signingIn {
		w.note(seen)
		return
	}
	w.end(slices.ContainsFunc(w.latest(seen), func(reader string) bool { return slices.Contains(w.readers, reader) }))
}

// note notes the readers that have a card. The mutex is held.
func (w *removals) note(seen ticketapi.Seen) {
	for _, reader := range seen.WithCard() {
		if !slices.Contains(w.readers, reader) {
			w.readers = append(w.readers, reader)
		}
	}
}

// latest returns the readers of the removals that were not looked at yet. The mutex is held.
func (w *removals) latest(seen ticketapi.Seen) []string {
	unseen := min(len(seen.Latest), max(0, seen.Removals-w.count))
	w.count = seen.Removals
	return seen.Latest[len(seen.Latest)-unseen:]
}

// end ends the session if the user's card has gone.
func (w *removals) end(gone bool) {
	if gone {
		select {
		case w.removed <- struct{}{}:
		default:
		}
	}
}
