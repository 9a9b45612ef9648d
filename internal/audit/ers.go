package audit

import (
	"context"
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
	Caller
}

// NewERS records the calls of a flow to e-RS. If required, CreateSession and SelectRole fail with
// [Required] when no record can be written: before the call or, if the disk fails during it, after
// it, with the session whose Key is to be deleted. DeleteSession never fails for that: a session
// left open is worse than a late record.
func NewERS(next Caller, log *Log, required bool) *ERS {
	return &ERS{recorder{log: log, required: required}, next}
}

// SetOwner names the user and role of a session that an earlier run has left, for the record of its
// end.
func (e *ERS) SetOwner(key ersclient.SessionKey, user string, selected ersclient.Permission) {
	if key.IsZero() {
		return
	}
	digest := digestOf(key.Text)
	e.sessions.keep(remembered{key: digest, name: nameOf(digest), user: user, selected: selected})
}

// CreateSession makes the call A001 and records it.
func (e *ERS) CreateSession(ctx context.Context, ticket ersclient.Ticket) (ersclient.Session, error) {
	if err := e.Ready(ctx); err != nil {
		return ersclient.Session{}, err
	}
	event := e.begin(A001)
	session, err := e.Caller.CreateSession(ctx, ticket)
	e.SetOwner(session.Key, session.User.Identifier, ersclient.Permission{})
	event.Key, event.User = session.Key, session.User.Identifier
	return session, e.signIn(ctx, event, err)
}

// SelectRole makes the call A002 and records it.
func (e *ERS) SelectRole(
	ctx context.Context, session ersclient.Session, permission ersclient.Permission,
) (ersclient.Session, error) {
	if err := e.Ready(ctx); err != nil {
		return session, err
	}
	event := e.begin(A002)
	event.User, event.Key, event.Former, event.Selected = session.User.Identifier, session.Key, session.Key, permission
	selected, err := e.Caller.SelectRole(ctx, session, permission)
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
	known := e.sessions.find(key.Text)
	event.Key, event.User, event.Selected = key, known.user, known.selected
	err := e.Caller.DeleteSession(ctx, key)
	// The log reports its trouble itself.
	_ = e.record(ctx, event, err)
	return err
}
