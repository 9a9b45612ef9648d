package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// Caller is e-RS for the flow; *hscn.Client implements it.
type Caller interface {
	// CreateSession is A001.
	CreateSession(context.Context, ersclient.Ticket) (ersclient.Session, error)
	// SelectRole is A002.
	SelectRole(context.Context, ersclient.Session, ersclient.Permission) (ersclient.Session, error)
	// DeleteSession is A003.
	DeleteSession(context.Context, ersclient.SessionKey) error
	// Reach connects to e-RS and asks nothing.
	Reach(context.Context) error
}

const (
	// signInWithin bounds the wait for the disk in a sign-in, endWithin at the end of a session,
	// which may block others. A disk needs milliseconds.
	signInWithin = 5 * time.Second
	endWithin    = 2 * time.Second
	// maxKnown bounds the remembered sessions. A flow has one, and seldom another to delete.
	maxKnown = 64
)

// ERS is e-RS with an audit log: it records each call before its result is returned, failed and
// cancelled ones too. Retries by the client count as one call.
type ERS struct {
	recorder
	next Caller

	mu    sync.Mutex
	known []knownSession
}

// recorder writes records for either platform.
type recorder struct {
	log      *Log
	required bool
}

// knownSession is what the record of an A003 says, which gets a key only.
type knownSession struct {
	key      [sha256.Size]byte
	user     string
	selected ersclient.Permission
}

// NewERS records the calls of a flow to e-RS. If required, CreateSession and SelectRole fail with
// [Required] when no record can be written: before the call or, if the disk fails during it, after
// it, with the session whose Key is to be deleted. DeleteSession never fails for that: a session
// left open is worse than a late record.
func NewERS(next Caller, log *Log, required bool) *ERS {
	return &ERS{recorder: recorder{log, required}, next: next}
}

// SetOwner names the user and role of a session that an earlier run has left, for the record of its
// end.
func (e *ERS) SetOwner(key ersclient.SessionKey, user string, selected ersclient.Permission) {
	if key.IsZero() {
		return
	}
	made := knownSession{sha256.Sum256([]byte(key.Reveal())), user, selected}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.known {
		if e.known[i].key == made.key {
			e.known[i] = made
			return
		}
	}
	e.known = append(e.known, made)
	e.known = e.known[max(0, len(e.known)-maxKnown):]
}

// CreateSession makes the call A001 and records it.
func (e *ERS) CreateSession(ctx context.Context, ticket ersclient.Ticket) (ersclient.Session, error) {
	if err := e.ready(ctx); err != nil {
		return ersclient.Session{}, err
	}
	event := e.begin(A001)
	session, err := e.next.CreateSession(ctx, ticket)
	e.SetOwner(session.Key, session.User.Identifier, ersclient.Permission{})
	event.Key, event.User = session.Key, session.User.Identifier
	return session, e.signIn(ctx, event, err)
}

// SelectRole makes the call A002 and records it.
func (e *ERS) SelectRole(
	ctx context.Context, session ersclient.Session, permission ersclient.Permission,
) (ersclient.Session, error) {
	if err := e.ready(ctx); err != nil {
		return session, err
	}
	event := e.begin(A002)
	event.User, event.Key, event.Former, event.Selected = session.User.Identifier, session.Key, session.Key, permission
	selected, err := e.next.SelectRole(ctx, session, permission)
	if !selected.Key.IsZero() {
		event.Key = selected.Key
	}
	if err == nil && selected.Permission != nil && selected.Permission.OrgName != "" {
		event.Selected.OrgName = selected.Permission.OrgName
	}
	known := ersclient.Permission{}
	if err == nil || errors.Is(err, ersclient.ErrAnswerLost) {
		known = event.Selected
	}
	// Both ids: after a failure the session may be deleted by either.
	e.SetOwner(event.Former, event.User, known)
	e.SetOwner(event.Key, event.User, known)
	return selected, e.signIn(ctx, event, err)
}

// DeleteSession makes the call A003 and records it.
func (e *ERS) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	event := e.begin(A003)
	event.Key = key
	event.User, event.Selected = e.recall(key)
	err := e.next.DeleteSession(ctx, key)
	// The log reports its trouble itself.
	_ = e.record(ctx, endWithin, event, err)
	return err
}

// Reach passes on what is no call, and has no record.
func (e *ERS) Reach(ctx context.Context) error { return e.next.Reach(ctx) }

func (r recorder) begin(call Call) Event {
	return Event{Call: call, Began: r.log.settings.Now()}
}

// ready fails if a record is required and none can be written, or if ctx ends first.
func (r recorder) ready(ctx context.Context) error {
	if !r.required {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, signInWithin)
	defer cancel()
	if err := r.log.Ready(limited); err != nil && ctx.Err() == nil {
		return r.refuse(err)
	}
	return nil
}

// signIn records a call of a sign-in, and returns its error.
func (r recorder) signIn(ctx context.Context, event Event, err error) error {
	unwritten := r.record(ctx, signInWithin, event, err)
	if err == nil && unwritten != nil && r.required {
		return r.refuse(unwritten)
	}
	return err
}

func (r recorder) refuse(err error) error {
	return Required.With("Folder", r.log.settings.Dir).Because(err)
}

// record records a call that was made, even if its caller has given up.
func (r recorder) record(ctx context.Context, within time.Duration, event Event, err error) error {
	event.Took = r.log.settings.Now().Sub(event.Began)
	event.Outcome, event.Reference = outcome(event.Call, err)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return r.log.Append(limited, event)
}

// outcome returns the status of e-RS's answer, or else the kind of failure, and the reference that
// the user sees.
func outcome(call Call, err error) (outcome, reference string) {
	if err == nil {
		return callNames[call].success, ""
	}
	reference = problem.Of(err).Code
	var status *transport.StatusError
	if errors.As(err, &status) {
		return strconv.Itoa(status.Status), reference
	}
	return reference, reference
}

// recall returns what is known of a session.
func (e *ERS) recall(key ersclient.SessionKey) (user string, selected ersclient.Permission) {
	digest := sha256.Sum256([]byte(key.Reveal()))
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, session := range e.known {
		if session.key == digest {
			return session.user, session.selected
		}
	}
	return "", ersclient.Permission{}
}
