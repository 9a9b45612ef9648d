// Package hscn is the platform of the smartcard: the Identity Agent's ticket is the proof of the
// user, and A001, A002 and A003 make a session of it, select a role and close it. It is behind the
// seam of package signin, which knows nothing of tickets and cards, and goes when the NHS ends
// HSCN.
package hscn

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
)

// spineAge is how long a Spine session lives at most. No session of e-RS outlives it.
const spineAge = 10 * time.Hour

// ERS is e-RS as this platform calls it; the Client of ersclient/hscn is one. Every error is a
// *problem.Problem.
type ERS interface {
	// CreateSession is A001.
	CreateSession(context.Context, ersclient.Ticket) (ersclient.Session, error)
	// SelectRole is A002.
	SelectRole(context.Context, ersclient.Session, ersclient.Permission) (ersclient.Session, error)
	// DeleteSession is A003.
	DeleteSession(context.Context, ersclient.SessionKey) error
	// Reach connects to e-RS and asks nothing.
	Reach(context.Context) error
}

// Settings is what a Platform is made of.
type Settings struct {
	ERS   ERS
	Agent smartcard.Agent
	// PollInterval is the pause between two questions to the agent, which are asked more often while a
	// card is in and a user may be signing in; zero is smartcard's own.
	PollInterval time.Duration
	// Changed delivers when a card or reader may have moved, so that ticket and Presence are looked
	// at. Both may be nil, where the readers are out of sight.
	Changed  <-chan struct{}
	Presence func() Presence
	// BaseURL and ASID are where ERS signs in. Both stand in the keyring entry.
	BaseURL, ASID string
	Log           logrus.FieldLogger
}

// Platform signs in with a smartcard.
type Platform struct {
	Settings
	nudge chan struct{}
	// cardIn is what presence saw last.
	cardIn atomic.Bool
}

var _ signin.Platform = (*Platform)(nil)

// New makes a Platform. It does nothing before Watch.
func New(settings Settings) *Platform {
	return &Platform{Settings: settings, nudge: make(chan struct{}, 1)}
}

// Look has the agent polled now.
func (p *Platform) Look() {
	select {
	case p.nudge <- struct{}{}:
	default:
		// A look is due already, and will see what this one would.
	}
}

// Prompt has the Identity Agent ask for card and passcode. The ticket it returns is dropped: Watch
// reports it next, and is the only source of tickets.
func (p *Platform) Prompt(ctx context.Context, fresh bool) error {
	prompt := p.Agent.Ticket
	if fresh {
		prompt = p.Agent.NewTicket
	}
	_, err := prompt(ctx)
	switch {
	case err == nil:
		p.Look()
		return nil
	case errors.Is(err, smartcard.UserAbort), errors.Is(err, smartcard.TicketNotAvailable):
		return fmt.Errorf("%w: %w", signin.ErrPromptCancelled, err)
	default:
		return err
	}
}

// Open is A001. The answer to one that was given up is waited for: it alone has the key of the
// session that it may have created.
func (p *Platform) Open(ctx context.Context, proof signin.Proof, givenUp <-chan struct{}) (signin.Grant, error) {
	session, err := p.ERS.CreateSession(ersclient.WithGivenUp(ctx, givenUp), ersclient.Ticket{Text: proof.Text})
	return signin.Grant{
		Key: session.Key.Text, Credential: proof.Text, User: session.User, ExpiresAt: proof.ExpiresAt,
	}, err
}

// Select is A002.
func (p *Platform) Select(ctx context.Context, grant signin.Grant, permission ersclient.Permission) (signin.Grant, error) {
	session, err := p.ERS.SelectRole(ctx, ersclient.Session{
		Key: key(grant), Ticket: ersclient.Ticket{Text: grant.Credential}, User: grant.User,
	}, permission)
	if !session.Key.IsZero() {
		grant.Key = session.Key.Text
	}
	if err == nil {
		grant.Permission = permission
	}
	return grant, err
}

// Refresh is never asked for: no grant has a time for it.
func (p *Platform) Refresh(context.Context, signin.Grant) (signin.Grant, error) {
	return signin.Grant{}, ersclient.ErrRefreshRefused
}

// Close is A003.
func (p *Platform) Close(ctx context.Context, grant signin.Grant) error {
	return p.ERS.DeleteSession(ctx, key(grant))
}

// Reach connects to e-RS and asks nothing.
func (p *Platform) Reach(ctx context.Context) error { return p.ERS.Reach(ctx) }

// Entry is what other applications read.
func (p *Platform) Entry(grant signin.Grant, details signin.EntryDetails) handoff.Entry {
	return handoff.Session{
		Version:          handoff.Version,
		Generation:       details.Generation,
		SessionKey:       key(grant),
		BaseURL:          p.BaseURL,
		ASID:             p.ASID,
		UserIdentifier:   grant.User.Identifier,
		UserName:         grant.User.Name(),
		OrgIdentifier:    grant.Permission.OrgIdentifier,
		OrgName:          grant.Permission.OrgName,
		BusinessFunction: string(grant.Permission.BusinessFunction),
		IssuedAt:         details.IssuedAt,
		ExpiresAt:        details.ExpiresAt,
		Publisher:        details.Publisher,
	}
}

// key is the session key of a grant.
func key(grant signin.Grant) ersclient.SessionKey { return ersclient.SessionKey{Text: grant.Key} }

// Leftover is the session of an entry of this platform.
func (p *Platform) Leftover(left handoff.Entry) signin.Grant {
	session, ofHSCN := left.(handoff.Session)
	if !ofHSCN || session.BaseURL != p.BaseURL || session.ASID != p.ASID {
		return signin.Grant{}
	}
	return signin.Grant{Key: session.SessionKey.Text}
}
