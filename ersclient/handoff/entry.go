package handoff

import (
	"crypto/subtle"
	"time"

	"github.com/ers-login/ers-login/internal/secret"
)

// Platform is a platform of e-RS.
type Platform string

// The platforms.
const (
	// HSCN is the platform of the smartcard, with session keys.
	HSCN Platform = "hscn"
	// FHIR is the e-RS FHIR API, with access tokens.
	FHIR Platform = "fhir"
)

// Entry is a session of either platform: a [Session] or a [FHIRSession], and no other type. What is
// sent to e-RS is in these types alone, since the platforms take it in different headers.
type Entry interface {
	// Expired reports whether the session is over at a time. Readers must not use it then.
	Expired(at time.Time) bool
	// Details returns what sessions of both platforms have.
	Details() Details

	// parts describes a copy of the session.
	parts() parts
	// end is when it expires.
	end() time.Time
}

// Details is what sessions of both platforms have. Each field is that of [Session] or
// [FHIRSession].
type Details struct {
	Platform Platform
	// Generation and Revision, which is 0 on HSCN, together detect a replacement.
	Generation, Revision   int64
	BaseURL                string
	UserIdentifier         string
	UserName               string
	OrgIdentifier          string
	OrgName                string
	BusinessFunction       string
	OnBehalfOf             string
	IssuedAt, ExpiresAt    time.Time
	Publisher, Owner, Kind string
}

// over reports whether a session has no end, or one that is not after at.
func over(e Entry, at time.Time) bool { return e.end().IsZero() || !at.Before(e.end()) }

// memberPlatform is the member by which the entries of two platforms differ. That of HSCN has none.
const memberPlatform = "platform"

// parts describes the main entry of a platform, with pointers into one session.
type parts struct {
	// at is where the platform's entries are.
	at      *places
	version *int
	// members are all but the version, in the order of the entry.
	members []member
	// secret is the text of the entry that holds it alone.
	secret *secret.Text
	// others are the members unknown to this package.
	others *secret.Text
}

// member is a member of an entry. Its value is a pointer to a number, to a text, to a secret or to
// a time; or it is the one text that the member always has.
type member struct {
	name  string
	value any
	// limit bounds a secret or an identifier, in bytes: printable ASCII that is never cut. A text
	// without a limit is a name, which is cut to fit.
	limit int
	// optional: it is left out if it is empty.
	optional bool
}

// same reports whether two entries are equal. Secrets do not support ==.
func same(one, other Entry) bool {
	a, b := one.parts(), other.parts()
	return *a.version == *b.version && subtle.ConstantTimeCompare(a.json(), b.json()) == 1
}
