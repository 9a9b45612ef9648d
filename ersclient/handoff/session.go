package handoff

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
)

// The address of the two entries in the OS keyring: a public interface, as stable as a wire format.
const (
	// Service is the entries' service name.
	Service = "ers-login"
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

// KindDemonstration is the [Session.Kind] of a demonstration, whose e-RS is a stand-in on this
// computer. A real session has no Kind.
const KindDemonstration = "demonstration"

// MaxGeneration is the highest generation that both a 64-bit integer and a JavaScript number
// represent.
const MaxGeneration = 1<<53 - 1

// Session is the user's e-RS session, as handed over to other applications.
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

// Expired reports whether the session is over at a time, or has no ExpiresAt. Readers must not use
// such a session: its entries remain only if the program that removes them did not run.
func (s Session) Expired(at time.Time) bool {
	return s.ExpiresAt.IsZero() || !at.Before(s.ExpiresAt)
}
