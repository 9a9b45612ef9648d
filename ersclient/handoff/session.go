package handoff

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
)

// The address of the two entries in the OS keyring. They are a public interface, as firm as a wire format.
const (
	// Service is the entries' service name.
	Service = "ers-login"
	// AccountSession holds the whole session as one JSON object: the only entry whose parts are sure to belong together.
	AccountSession = "session"
	// AccountSessionKey holds the session key alone, for shell scripts.
	AccountSessionKey = "session-key"
)

// Version is the version of the contract that this package writes.
const Version = 1

// SessionKey is the professional session's id, masked; Reveal returns it, for the header HTTP_X_SESSION_KEY.
type SessionKey = ersclient.SessionKey

// NewSessionKey wraps a session key.
func NewSessionKey(id string) SessionKey { return ersclient.NewSessionKey(id) }

// KindDemonstration is the [Session.Kind] of a demonstration, whose e-RS is a stand-in on this computer. A real session has none,
// wherever its platform is.
const KindDemonstration = "demonstration"

// MaxGeneration is the highest generation: what a 64-bit integer and a JavaScript number both hold.
const MaxGeneration = 1<<53 - 1

// Session is what other applications learn about the user's e-RS session.
type Session struct {
	// Version is the contract's version, 1.
	Version int
	// Generation is another one for each session, so that a reader can tell a new session from the one it knew. It is the number of
	// milliseconds since 1970 at which the session was published, or the one after the last if that is more: it grows, unless the
	// computer's clock was set back while nobody was signed in. From 0 to [MaxGeneration].
	Generation int64
	// SessionKey goes into the header HTTP_X_SESSION_KEY of every e-RS call.
	SessionKey SessionKey
	// BaseURL is the e-RS platform the session is valid at.
	BaseURL string
	// ASID is the accredited system id that the session was created with, for the header XAPI_ASID.
	ASID string
	// UserIdentifier is the user's 12-digit national id.
	UserIdentifier string
	// UserName is the user's name for show.
	UserName string
	// OrgIdentifier is the ODS code of the selected organisation, OrgName its name for show (cut if it is very long).
	OrgIdentifier string
	OrgName       string
	// BusinessFunction is the selected role, such as REFERRING_CLINICIAN.
	BusinessFunction string
	// OnBehalfOf is empty in this version of the contract.
	OnBehalfOf string
	// IssuedAt and ExpiresAt bound the session's life, in UTC. The session can end earlier, and then the entries vanish.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Publisher is the name and version of the program that wrote the entry.
	Publisher string
	// Owner names the lock that the program which keeps the session holds for as long as it lives. It is for that program's other
	// instances, and empty where there is none.
	Owner string
	// Kind is [KindDemonstration] for the session of a demonstration, and empty for every other.
	Kind string

	// others are the members that a later program within version 1 has written, as they stand between the braces of the entry. They
	// are not known here, and so nobody knows whether they may be seen.
	others secret.Text
}

// Expired tells whether the session is over by then. A reader does not use one that is: its entries are still there only if the
// program that should have removed them is not. One that does not say when it is over is none to rely on, and counts as over.
func (s Session) Expired(at time.Time) bool {
	return s.ExpiresAt.IsZero() || !at.Before(s.ExpiresAt)
}
