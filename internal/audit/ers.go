package audit

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
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

// ERS is e-RS with an audit log: it records each call before its result is returned, failed and
// cancelled ones too. Retries by the client count as one call.
type ERS struct {
	recorder
	next  Caller
	known memory[knownSession]
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
	e.known.keep(made, func(known knownSession) bool { return known.key == made.key })
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
	_ = e.record(ctx, event, err)
	return err
}

// Reach passes on what is no call, and has no record.
func (e *ERS) Reach(ctx context.Context) error { return e.next.Reach(ctx) }

// recall returns what is known of a session.
func (e *ERS) recall(key ersclient.SessionKey) (user string, selected ersclient.Permission) {
	digest := sha256.Sum256([]byte(key.Reveal()))
	session, _ := e.known.find(func(known knownSession) bool { return known.key == digest })
	return session.user, session.selected
}
