package handoff

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/ers-login/ers-login/internal/keyring/entry"
)

// How a watch looks at the keyring.
const (
	// pace is how often it looks if nothing tells it to. On Linux the Secret Service tells of changes, on the others nothing does.
	pace = time.Second
	// rest is the least time between two looks: other programs may keep a keyring busy.
	rest = 20 * time.Millisecond
	// patience bounds a look.
	patience = 5 * time.Second
)

// Watch tells what there is now, and then each change, until the context ends or the loop is left:
//
//	for session, err := range handoff.Watch(ctx) {
//		switch {
//		case err == nil:
//			// signed in, or another session than before
//		case errors.Is(err, handoff.ErrNotFound):
//			// signed out
//		default:
//			// the keyring cannot be read: take it for signed out, and go on
//		}
//	}
//
// A session that is over by its own ExpiresAt is ErrNotFound, even if its entry is still there. A change back and forth between
// two looks is not seen; the loop's body takes its time at the cost of nothing but that. Errors of the same kind are told once.
//
// Everything happens within the loop, which is not entered again once the context has ended: whoever needs to know why it was
// left asks the context. On Linux changes are told at once by the Secret Service, and by a look each second where it does not tell
// all; on Windows and macOS by a look each second. Nothing prompts, as with [Read].
func Watch(ctx context.Context) iter.Seq2[Session, error] {
	return func(yield func(Session, error) bool) {
		w := watch{ctx: ctx}
		defer w.unlisten()
		var known *seen
		for ctx.Err() == nil {
			// Listening comes before looking, so that nothing happens in between.
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

// Wait returns the session as soon as there is one, at once if there is one now. It waits while nobody is signed in, and while the
// keyring is locked or does not answer, and returns what waiting does not cure: no keyring at all, or an entry of another version.
// When the context ends the error has the context's in its chain, and why there was no session: [ErrNotFound] for nobody.
func Wait(ctx context.Context) (Session, error) {
	last := error(ErrNotFound)
	for session, err := range Watch(ctx) {
		if err == nil {
			return session, nil
		}
		if !passing(err) {
			return Session{}, err
		}
		last = err
	}
	return Session{}, fmt.Errorf("%w: %w", last, ctx.Err())
}

// passing tells whether an error can be expected to go by itself.
func passing(err error) bool {
	for _, kind := range []error{ErrNotFound, ErrLocked, entry.ErrNoDatabase, ErrTimeout, ErrStopped} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// seen is what one look has found.
type seen struct {
	session Session
	err     error
}

// kinds are the errors that a reader can meet. Others are told apart by their text.
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

// same compares two sessions whose keys cannot be compared by ==.
func (s Session) same(other Session) bool {
	return s.SessionKey.Equal(other.SessionKey.Text) && s.Version == other.Version && s.Generation == other.Generation &&
		s.BaseURL == other.BaseURL && s.ASID == other.ASID && s.UserIdentifier == other.UserIdentifier &&
		s.UserName == other.UserName && s.OrgIdentifier == other.OrgIdentifier && s.OrgName == other.OrgName &&
		s.BusinessFunction == other.BusinessFunction && s.OnBehalfOf == other.OnBehalfOf && s.IssuedAt.Equal(other.IssuedAt) &&
		s.ExpiresAt.Equal(other.ExpiresAt) && s.Publisher == other.Publisher &&
		s.Owner == other.Owner && s.Kind == other.Kind && s.others.Equal(other.others)
}

// watch looks and waits.
type watch struct {
	ctx  context.Context
	bell *entry.Bell
}

// listen makes sure that somebody tells of changes, if there is somebody.
func (w *watch) listen() {
	if w.bell != nil {
		select {
		case <-w.bell.Lost():
			w.unlisten()
		default:
			return
		}
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	bell, err := entry.Listen(ctx)
	if err != nil {
		// Then there is only looking from time to time, and Read says what is wrong.
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
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	session, err := Read(ctx)
	if err == nil && session.Expired(time.Now()) {
		return seen{err: fmt.Errorf("%w: the session has expired", ErrNotFound)}
	}
	return seen{session, err}
}

// wait waits until it is worth looking again.
func (w *watch) wait(now seen) {
	if !w.sleep(rest, nil, nil) {
		return
	}
	next := pace - rest
	if left := time.Until(now.session.ExpiresAt); now.err == nil && !now.session.ExpiresAt.IsZero() && left < next {
		next = max(left, 0)
	}
	var rung, lost <-chan struct{}
	if w.bell != nil {
		rung, lost = w.bell.Rung(), w.bell.Lost()
	}
	w.sleep(next, rung, lost)
}

// sleep tells whether it was left to sleep.
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
