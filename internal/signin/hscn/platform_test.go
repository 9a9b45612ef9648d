package hscn

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
)

const (
	baseURL = "https://ers.example/ers-api"
	asid    = "200000000205"
)

var (
	role  = ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}
	proof = signin.Proof{Text: secret.New("ticket"), ExpiresAt: time.Date(2026, 11, 20, 18, 42, 0, 0, time.UTC)}
)

// calls is an e-RS that answers with a session and an error.
type calls struct {
	ERS
	session ersclient.Session
	err     error
	// seen is what was sent, and deleted the key of an A003.
	seen    ersclient.Session
	deleted ersclient.SessionKey
}

func (c *calls) CreateSession(_ context.Context, token ersclient.Ticket) (ersclient.Session, error) {
	c.seen = ersclient.Session{Ticket: token}
	return c.session, c.err
}

func (c *calls) SelectRole(_ context.Context, session ersclient.Session, _ ersclient.Permission) (ersclient.Session, error) {
	c.seen = session
	return c.session, c.err
}

func (c *calls) DeleteSession(_ context.Context, key ersclient.SessionKey) error {
	c.deleted = key
	return c.err
}

// From ticket to entry: what A001 and A002 answer, and what other applications read.
func TestFromTicketToEntry(t *testing.T) {
	user := ersclient.User{Identifier: "555020964101", FirstName: "SA", LastName: "GP-Card", Permissions: []ersclient.Permission{role}}
	ers := &calls{session: ersclient.Session{Key: ersclient.NewSessionKey("one"), User: user}}
	p := New(Settings{ERS: ers, BaseURL: baseURL, ASID: asid})
	grant, err := p.Open(t.Context(), proof, nil)
	require.NoError(t, err)
	assert.True(t, ers.seen.Ticket.Text.Equal(proof.Text))
	assert.Equal(t, proof.ExpiresAt, grant.ExpiresAt, "Spine's session bounds it")
	assert.True(t, grant.RefreshAt.IsZero(), "it is never refreshed")

	ers.session = ersclient.Session{Key: ersclient.NewSessionKey("two"), User: user, Permission: &role}
	grant, err = p.Select(t.Context(), grant, role)
	require.NoError(t, err)
	assert.True(t, ers.seen.Key.Equal(secret.New("one")) && ers.seen.Ticket.Text.Equal(proof.Text), "A002 needs both")
	details := signin.EntryDetails{Generation: 7, IssuedAt: proof.ExpiresAt.Add(-time.Hour), ExpiresAt: proof.ExpiresAt, Publisher: "ers-login test"}
	entry, ofHSCN := p.Entry(grant, details).(handoff.Session)
	require.True(t, ofHSCN)
	assert.True(t, entry.SessionKey.Equal(secret.New("two")), "A002's id is the one to publish")
	entry.SessionKey = handoff.SessionKey{}
	assert.Equal(t, handoff.Session{
		Version: handoff.Version, Generation: 7, BaseURL: baseURL, ASID: asid, UserIdentifier: "555020964101", UserName: "SA GP-Card",
		OrgIdentifier: "R01", OrgName: "NHST_X3", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: details.IssuedAt, ExpiresAt: details.ExpiresAt, Publisher: "ers-login test",
	}, entry)
	require.NoError(t, p.Close(t.Context(), grant))
	assert.True(t, ers.deleted.Equal(secret.New("two")))
}

// An A002 whose answer is lost begins the sign-in anew, one that was refused does not, and its
// Problem is shown either way. If this fails, a session that may have been selected stays open, or
// a gateway that sheds load gets more of it.
func TestWhatAFailedA002Means(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		again  bool
	}{"lost": {202, true}, "refused": {403, false}, "load was shed": {503, false}} {
		t.Run(name, func(t *testing.T) {
			failure := (&problem.Problem{Code: "ERS-A002"}).Because(&transport.StatusError{Call: "A002", Status: test.status})
			ers := &calls{err: failure}
			grant, err := New(Settings{ERS: ers}).Select(t.Context(), signin.Grant{Key: secret.New("one")}, role)
			assert.Equal(t, test.again, errors.Is(err, ersclient.ErrStartAgain))
			assert.Equal(t, "ERS-A002", problem.Of(err).Code)
			assert.Equal(t, failure.Error(), err.Error(), "the log reads as before")
			assert.True(t, grant.Key.Equal(secret.New("one")), "it has to be closed")
			ers.session.Key = ersclient.NewSessionKey("two")
			grant, _ = New(Settings{ERS: ers}).Select(t.Context(), signin.Grant{Key: secret.New("one")}, role)
			assert.True(t, grant.Key.Equal(secret.New("two")), "of an answer of no use, the key still is")
		})
	}
}

// A user who closes the Identity Agent's window is shown no Problem; one whose card is blocked is.
func TestWhatAPromptEndsWith(t *testing.T) {
	for code, cancelled := range map[smartcard.Code]bool{
		smartcard.UserAbort: true, smartcard.TicketNotAvailable: true, smartcard.PINBlocked: false,
	} {
		d := newDesk()
		d.prompted = code.Problem()
		err := d.platform().Prompt(t.Context(), false)
		assert.Equal(t, cancelled, errors.Is(err, signin.ErrPromptCancelled), code)
		assert.ErrorIs(t, err, code)
	}
}

// The key of one platform is not shown to another.
func TestWhoseLeftoverItIs(t *testing.T) {
	ours := handoff.Session{SessionKey: handoff.NewSessionKey("left"), BaseURL: baseURL, ASID: asid}
	elsewhere, another := ours, ours
	elsewhere.BaseURL, another.ASID = "https://other.example/ers-api", "100000000101"
	p := New(Settings{BaseURL: baseURL, ASID: asid})
	assert.True(t, p.Leftover(ours).Key.Equal(secret.New("left")))
	assert.True(t, p.Leftover(elsewhere).Key.IsZero())
	assert.True(t, p.Leftover(another).Key.IsZero())
	ofFHIR := handoff.FHIRSession{AccessToken: handoff.NewAccessToken("left"), BaseURL: ours.BaseURL}
	assert.True(t, p.Leftover(ofFHIR).Key.IsZero(), "an access token is no session key")
}

// A user who signs out and whose session could not be closed reads what to do about it.
func TestA00303WhatIsLeftBehind(t *testing.T) {
	about := New(Settings{}).About()
	assert.Equal(t, "You are signed out here, but e-RS did not confirm it", about.NotClosed.Title)
	assert.Contains(t, about.NotClosed.WhatToDo()[0], "Remove your smartcard")
	assert.Equal(t, "ERS-A001-NO_ROLES", about.NoRoles.Code)
	assert.Equal(t, "CARD-TICKET_NOT_AVAILABLE", about.Unseen.Code)
}
