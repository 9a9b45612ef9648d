package handoff

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
)

// Service is the service name of all entries in the OS keyring. Service and accounts are a public
// interface, as stable as a wire format.
const Service = "ers-login"

// The accounts of a session of the HSCN platform.
const (
	// AccountSession holds the whole session as one JSON object: the only entry whose parts are
	// certain to belong together.
	AccountSession = "session"
	// AccountSessionKey holds the session key alone, for shell scripts.
	AccountSessionKey = "session-key"
)

// Version is the version of the contract that this package writes.
const Version = 1

// SessionKey is the professional session's id. It is masked; Reveal returns it for the header
// HTTP_X_SESSION_KEY.
type SessionKey = ersclient.SessionKey

// NewSessionKey wraps a session key.
func NewSessionKey(id string) SessionKey { return ersclient.NewSessionKey(id) }

// KindDemonstration is the Kind of a demonstration's session, whose e-RS is a stand-in on this
// computer. A real session has no Kind.
const KindDemonstration = "demonstration"

// MaxGeneration is the highest generation that both a 64-bit integer and a JavaScript number
// represent.
const MaxGeneration = 1<<53 - 1

// Session is the user's e-RS session on the HSCN platform, as handed over to other applications.
type Session struct {
	// Version is the contract's version, 1.
	Version int
	// Generation increases with every published session: Unix milliseconds, or the previous one + 1
	// if greater, up to [MaxGeneration]. Readers compare it to detect a replacement. It can
	// decrease if the clock was set back between sessions.
	Generation int64
	// SessionKey goes into the header HTTP_X_SESSION_KEY of every e-RS call.
	SessionKey SessionKey
	// BaseURL is the e-RS platform the session is valid at.
	BaseURL string
	// ASID is the accredited system id that the session was created with, for the header XAPI_ASID.
	ASID string
	// UserIdentifier is the user's 12-digit national id.
	UserIdentifier string
	// UserName is the user's name for display.
	UserName string
	// OrgIdentifier is the ODS code of the selected organisation, OrgName its name for display (cut
	// if very long).
	OrgIdentifier string
	OrgName       string
	// BusinessFunction is the selected role, such as REFERRING_CLINICIAN.
	BusinessFunction string
	// OnBehalfOf is empty in this version of the contract.
	OnBehalfOf string
	// IssuedAt and ExpiresAt bound the session's life, in UTC. If it ends earlier, the entries
	// vanish.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Publisher is the name and version of the program that wrote the entry.
	Publisher string
	// Owner names the lock that the publishing program holds while it runs, for other instances of
	// that program. It may be empty.
	Owner string
	// Kind is [KindDemonstration] for a demonstration's session, else empty.
	Kind string

	// others are members that a later program within version 1 wrote, as JSON without braces. They
	// are masked, since it is unknown whether they are secret.
	others secret.Text
}

var _ Entry = Session{}

// Expired reports whether the session is over at a time, or has no ExpiresAt. Readers must not use
// such a session: its entries remain only if the program that removes them did not run.
func (s Session) Expired(at time.Time) bool { return over(s, at) }

// Details returns what the session says besides its key and ASID.
func (s Session) Details() Details {
	return Details{
		Platform: HSCN, Generation: s.Generation, BaseURL: s.BaseURL, UserIdentifier: s.UserIdentifier, UserName: s.UserName,
		OrgIdentifier: s.OrgIdentifier, OrgName: s.OrgName, BusinessFunction: s.BusinessFunction, OnBehalfOf: s.OnBehalfOf,
		IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt, Publisher: s.Publisher, Owner: s.Owner, Kind: s.Kind,
	}
}

func (s Session) parts() parts { return sessionParts(&s) }

func (s Session) end() time.Time { return s.ExpiresAt }

// sessionParts describes the entry [AccountSession], whose members are in s.
func sessionParts(s *Session) parts {
	return parts{
		at: &hscnPlaces, version: &s.Version, secret: &s.SessionKey.Text, others: &s.others,
		members: []member{
			{name: "generation", value: &s.Generation},
			{name: "sessionKey", value: &s.SessionKey.Text, limit: 256},
			{name: "baseURL", value: &s.BaseURL, limit: 200},
			{name: "asid", value: &s.ASID, limit: 32},
			{name: "userIdentifier", value: &s.UserIdentifier, limit: 32},
			{name: "userName", value: &s.UserName},
			{name: "orgIdentifier", value: &s.OrgIdentifier, limit: 32},
			{name: "orgName", value: &s.OrgName},
			{name: "businessFunction", value: &s.BusinessFunction, limit: 64},
			{name: "onBehalfOf", value: &s.OnBehalfOf, limit: 32},
			{name: "issuedAt", value: &s.IssuedAt},
			{name: "expiresAt", value: &s.ExpiresAt},
			{name: "publisher", value: &s.Publisher, limit: 64},
			{name: "owner", value: &s.Owner, limit: 107, optional: true},
			{name: "kind", value: &s.Kind, limit: 32, optional: true},
		},
	}
}
