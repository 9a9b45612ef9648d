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

// Watch yields the present state and then each change, until the context ends or the loop is left:
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
// A session past its ExpiresAt is ErrNotFound, even if its entry exists. Errors of the same kind
// are yielded once. A change and its reversal between two reads are missed, as during a slow loop
// body. Once the context has ended the loop is not entered again. On Linux the Secret Service
// signals changes at once; otherwise they take up to a second. Like [Read], it never prompts.
func Watch(ctx context.Context) iter.Seq2[Session, error] {
	return func(yield func(Session, error) bool) {
		w := watch{ctx: ctx}
		defer w.unlisten()
		var known *seen
		for ctx.Err() == nil {
			// Subscribe before reading, so that no change is missed in between.
			w.listen()
			now := w.look()
			if ctx.Err() != nil {
				return
			}
			if known == nil || !known.same(now) {
				known = &now
				if !yield(now.session, now.err) {
					return
				}
			}
			w.wait(now)
		}
	}
}

// Wait returns the session as soon as there is one. It waits while no user is signed in, the
// keyring is locked or it does not answer, and returns errors that waiting does not cure: no
// keyring, or an entry of another version. When the context ends, the error wraps its error and the
// reason why there was no session, such as [ErrNotFound].
func Wait(ctx context.Context) (Session, error) {
	last := error(ErrNotFound)
	for session, err := range Watch(ctx) {
		if err == nil {
			return session, nil
		}
		if !isTemporary(err) {
			return Session{}, err
		}
		last = err
	}
	return Session{}, fmt.Errorf("%w: %w", last, ctx.Err())
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
type seen struct {
	session Session
	err     error
}

// kinds are the errors that a reader can meet. Others are compared by their text.
var kinds = []error{
	ErrNotFound, ErrLocked, ErrNoBus, ErrNoService, ErrNoCollection, ErrTimeout, ErrStopped, ErrNoLogonSession, ErrForbidden,
	ErrVersion, ErrMalformed,
}

func (s seen) same(other seen) bool {
	if s.err == nil && other.err == nil {
		return s.session.same(other.session)
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

// same compares sessions, whose keys do not support ==.
func (s Session) same(other Session) bool {
	return s.SessionKey.Equal(other.SessionKey.Text) && s.Version == other.Version && s.Generation == other.Generation &&
		s.BaseURL == other.BaseURL && s.ASID == other.ASID && s.UserIdentifier == other.UserIdentifier &&
		s.UserName == other.UserName && s.OrgIdentifier == other.OrgIdentifier && s.OrgName == other.OrgName &&
		s.BusinessFunction == other.BusinessFunction && s.OnBehalfOf == other.OnBehalfOf && s.IssuedAt.Equal(other.IssuedAt) &&
		s.ExpiresAt.Equal(other.ExpiresAt) && s.Publisher == other.Publisher &&
		s.Owner == other.Owner && s.Kind == other.Kind && s.others.Equal(other.others)
}

// watch reads the keyring and waits for changes.
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

func (w *watch) look() seen {
	ctx, cancel := context.WithTimeout(w.ctx, readTimeout)
	defer cancel()
	session, err := Read(ctx)
	if err == nil && session.Expired(time.Now()) {
		return seen{err: fmt.Errorf("%w: the session has expired", ErrNotFound)}
	}
	return seen{session, err}
}

// wait waits until the next read is due.
func (w *watch) wait(now seen) {
	if !w.sleep(minPause, nil, nil) {
		return
	}
	next := pollInterval - minPause
	if left := time.Until(now.session.ExpiresAt); now.err == nil && !now.session.ExpiresAt.IsZero() && left < next {
		next = max(left, 0)
	}
	var rung, lost <-chan struct{}
	if w.bell != nil {
		rung, lost = w.bell.Rung(), w.bell.Lost()
	}
	w.sleep(next, rung, lost)
}

// sleep reports whether the whole duration passed.
func (w *watch) sleep(duration time.Duration, rung, lost <-chan struct{}) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-rung:
	case <-lost:
	case <-w.ctx.Done():
	}
	return false
}
