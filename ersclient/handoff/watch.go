package handoff

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/ers-login/ers-login/internal/keyring/entry"
)

// Times of a watch.
const (
	// pollInterval bounds the delay of a change. On Linux the Secret Service also signals changes.
	pollInterval = time.Second
	// minPause is the shortest time between two reads: a keyring has other users.
	minPause = 20 * time.Millisecond
	// readTimeout bounds one read.
	readTimeout = 5 * time.Second
)

// Watch yields the present state on the HSCN platform and then each change, until the context ends
// or the loop is left:
//
//	for session, err := range handoff.Watch(ctx) {
//		switch {
//		case err == nil:
//			// signed in, or another session than before
//		case errors.Is(err, handoff.ErrNotFound):
//			// signed out
//		default:
//			// the keyring cannot be read: treat as signed out, and go on
//		}
//	}
//
// A session that has expired is ErrNotFound, even if its entry exists. Errors of the same kind are
// yielded once. A change and its reversal between two reads are missed, as during a slow loop body.
// Once the context has ended the loop is not entered again. On Linux the Secret Service signals
// changes at once; otherwise they take up to a second. Like [Read], it never prompts.
func Watch(ctx context.Context) iter.Seq2[Session, error] { return changes(ctx, Read) }

// WatchFHIR is Watch for the FHIR platform. Each new access token is a change.
func WatchFHIR(ctx context.Context) iter.Seq2[FHIRSession, error] { return changes(ctx, ReadFHIR) }

// WatchAny is Watch for both platforms.
func WatchAny(ctx context.Context) iter.Seq2[Entry, error] { return changes(ctx, ReadAny) }

// Wait returns the session of the HSCN platform as soon as there is one. It waits while no user is
// signed in, the keyring is locked or it does not answer, and returns errors that waiting does not
// cure: no keyring, or an entry of another version. When the context ends, the error wraps its error
// and the reason why there was no session, such as [ErrNotFound].
func Wait(ctx context.Context) (Session, error) { return await(ctx, Read) }

// WaitFHIR is Wait for the FHIR platform.
func WaitFHIR(ctx context.Context) (FHIRSession, error) { return await(ctx, ReadFHIR) }

// WaitAny is Wait for whichever platform the user signs in to first.
func WaitAny(ctx context.Context) (Entry, error) { return await(ctx, ReadAny) }

// reading is a function that reads the session of a platform.
type reading[S Entry] func(context.Context) (S, error)

func changes[S Entry](ctx context.Context, read reading[S]) iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		w := watch{ctx: ctx}
		defer w.unlisten()
		var known *seen[S]
		for ctx.Err() == nil {
			// Subscribe before reading, so that no change is missed in between.
			w.listen()
			now := look(ctx, read)
			if ctx.Err() != nil {
				return
			}
			if known == nil || !known.same(now) {
				known = &now
				if !yield(now.session, now.err) {
					return
				}
			}
			w.wait(now.next())
		}
	}
}

func await[S Entry](ctx context.Context, read reading[S]) (none S, _ error) {
	last := error(ErrNotFound)
	for session, err := range changes(ctx, read) {
		if err == nil {
			return session, nil
		}
		if !isTemporary(err) {
			return none, err
		}
		last = err
	}
	return none, fmt.Errorf("%w: %w", last, ctx.Err())
}

func look[S Entry](ctx context.Context, read reading[S]) seen[S] {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	session, err := read(ctx)
	if err == nil && session.Expired(time.Now()) {
		return seen[S]{err: fmt.Errorf("%w: the session has expired", ErrNotFound)}
	}
	return seen[S]{session, err}
}

// isTemporary reports whether an error may go away by itself.
func isTemporary(err error) bool {
	for _, kind := range []error{ErrNotFound, ErrLocked, entry.ErrNoDatabase, ErrTimeout, ErrStopped} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// seen is the result of one read.
type seen[S Entry] struct {
	session S
	err     error
}

// next is how long after minPause the next read is due.
func (s seen[S]) next() time.Duration {
	next := pollInterval - minPause
	if s.err != nil {
		return next
	}
	return max(min(next, time.Until(s.session.end())), 0)
}

// kinds are the errors that a reader can meet. Others are compared by their text.
var kinds = []error{
	ErrNotFound, ErrLocked, ErrNoBus, ErrNoService, ErrNoCollection, ErrTimeout, ErrStopped, ErrNoLogonSession, ErrForbidden,
	ErrVersion, ErrMalformed,
}

func (s seen[S]) same(other seen[S]) bool {
	if s.err == nil && other.err == nil {
		return same(s.session, other.session)
	}
	if s.err == nil || other.err == nil {
		return false
	}
	for _, kind := range kinds {
		if first, second := errors.Is(s.err, kind), errors.Is(other.err, kind); first || second {
			return first == second
		}
	}
	return s.err.Error() == other.err.Error()
}

// watch waits for changes of the keyring.
type watch struct {
	ctx  context.Context
	bell *entry.Bell
}

// listen subscribes to changes, if the keyring signals them.
func (w *watch) listen() {
	if w.bell != nil {
		select {
		case <-w.bell.Lost():
			w.unlisten()
		default:
			return
		}
	}
	ctx, cancel := context.WithTimeout(w.ctx, readTimeout)
	defer cancel()
	bell, err := entry.Listen(ctx)
	if err != nil {
		// Then the watch only polls, and Read reports the fault.
		return
	}
	w.bell = bell
}

func (w *watch) unlisten() {
	if w.bell != nil {
		w.bell.Close()
		w.bell = nil
	}
}

// wait waits until the next read is due.
func (w *watch) wait(next time.Duration) {
	var rung, lost <-chan struct{}
	if w.bell != nil {
		rung, lost = w.bell.Rung(), w.bell.Lost()
	}
	select {
	case <-time.After(minPause):
	case <-w.ctx.Done():
		return
	}
	select {
	case <-time.After(next):
	case <-rung:
	case <-lost:
	case <-w.ctx.Done():
	}
}
