package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// watchedReaders are the smartcard readers of the FHIR platform, where a card is one of several ways
// to sign in.
type watchedReaders struct {
	CardSide
	// removed delivers when a card was removed from a reader that had one at the sign-in; nil if
	// readers are not watched.
	removed <-chan struct{}
	// signedIn notes which readers have a card.
	signedIn func()
}

// openReaders watches the readers, if the settings want it and the helper is there.
func (r RealServices) openReaders(settings config.Config) (watchedReaders, error) {
	none := watchedReaders{CardSide: CardSide{Close: func() error { return nil }}, signedIn: func() {}}
	if !settings.EndOnCardRemoval {
		return none, nil
	}
	bridge, err := r.bridgeSettings(config.RemovalByTicket)
	if err != nil {
		return none, err
	}
	if _, err := os.Stat(bridge.Command[0]); errors.Is(err, fs.ErrNotExist) {
		r.Log.Info("smartcard readers are not watched: the helper is not installed")
		return none, nil
	}
	readers := ticketapi.NewReaders(bridge)
	removals := watchRemovals(readers.Changed(), readers.Seen)
	return watchedReaders{
		CardSide: CardSide{readers: readers, Close: func() error {
			removals.close()
			return readers.Close()
		}},
		removed: removals.removed, signedIn: removals.signedIn,
	}, nil
}

// removals passes on the removals that end a session.
type removals struct {
	removed chan struct{}
	seen    func() ticketapi.Seen
	ending  chan struct{}
	ended   chan struct{}

	mu sync.Mutex
	// count is how many removals were looked at, and readers had a card at the sign-in.
	count   int
	readers []string
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

// signedIn notes the readers that have a card. Earlier removals do not count any more.
func (w *removals) signedIn() {
	seen := w.seen()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count, w.readers = seen.Removals, nil
	for _, reader := range seen.Readers {
		if reader.Card {
			w.readers = append(w.readers, reader.Name)
		}
	}
	select {
	case <-w.removed:
	default:
	}
}

func (w *removals) look() {
	seen := w.seen()
	w.mu.Lock()
	defer w.mu.Unlock()
	latest := seen.Latest[len(seen.Latest)-min(len(seen.Latest), max(0, seen.Removals-w.count)):]
	w.count = seen.Removals
	if !slices.ContainsFunc(latest, func(reader string) bool { return slices.Contains(w.readers, reader) }) {
		return
	}
	select {
	case w.removed <- struct{}{}:
	default:
	}
}

// seenReaders returns what the diagnostics look at, or nil if readers are not watched.
func (s *CardSide) seenReaders() func(context.Context) smartcard.Presence {
	if s.readers == nil {
		return nil
	}
	return func(ctx context.Context) smartcard.Presence { return seenReaders(ctx, s.readers.Presence) }
}
