package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Record is one line of the audit log, whose members docs/audit.md describes. Those from id to fqdn
// are required by LAL-001 and stand in every line, if only as an empty text.
type Record struct {
	// ID is the record's number, which grows by one; see the package's comment for gaps.
	ID int64 `json:"id"`
	// EventType is the call's HTTP method, empty for what is no call: see [RoleChosen].
	EventType string `json:"eventType"`
	// AuditType names the call: see [Call].
	AuditType string `json:"auditType"`
	// ResourceType, UBRN and NHSNumber are empty: the calls of this program are about no resource, no
	// referral and no patient.
	ResourceType string `json:"resourceType"`
	// EventDateTime is when the call began, in UTC.
	EventDateTime string `json:"eventDateTime"`
	// UserUUID is empty for a failed A001 or sign-in, whose answer would have it, and for an A003 of a
	// session of which only the id is known.
	UserUUID string `json:"userUUID"`
	// OnBehalfOfUUID is empty on HSCN: the JSON by which a user names another clinician is not public.
	OnBehalfOfUUID string `json:"onBehalfOfUUID"`
	UBRN           string `json:"ubrn"`
	NHSNumber      string `json:"nhsNumber"`
	// SessionID names the professional session, for an A002 by the id in the answer, which is valid from
	// then on; FormerSessionID is what an A002 was sent with, if the answer has another one.
	SessionID        string `json:"sessionID"`
	OrganisationName string `json:"organisationName"`
	BusinessFunction string `json:"businessFunction"`
	ASID             string `json:"asid"`
	FQDN             string `json:"fqdn"`

	// ODSCode identifies the organisation, whose name need not be unique.
	ODSCode         string `json:"odsCode"`
	FormerSessionID string `json:"formerSessionID,omitempty"`
	// Outcome is the HTTP status of e-RS's answer, or the kind of failure without a usable one; of a
	// retried call, that of its last attempt.
	Outcome string `json:"outcome"`
	// Reference is the code that a failed call's Problem has on the screen and in docs/errors.md.
	Reference string `json:"reference,omitempty"`
	// DurationMS is in milliseconds, tries and pauses between them included.
	DurationMS int64 `json:"durationMS"`
	// LostBefore is how many records were lost just before this one.
	LostBefore int `json:"lostBefore,omitempty"`
	// CorrelationID is the X-Correlation-ID of a call to the e-RS FHIR API, by which NHS England finds
	// it: that of the last attempt.
	CorrelationID string `json:"correlationID,omitempty"`
	Version       string `json:"version"`
}

// dateTimeLayout is how LAL-001 wants times written, in UTC.
const dateTimeLayout = "2006-01-02 15:04:05.000"

// Call is what a record is about: a call, or a step of the FHIR platform that needs none.
type Call int

// The calls, those to e-RS by their numbers in the documentation.
const (
	A001       Call = iota + 1 // creates a session
	A002                       // selects a role
	A003                       // deletes a session
	SignedIn                   // redeems the code of a sign-in in the browser
	Refreshed                  // redeems a refresh token
	A030                       // says who the user is and as what they may work
	A040                       // says for whom they may work
	RoleChosen                 // is no call: each later one says as what a user of the FHIR platform works
	SignedOut                  // is no call: the tokens are forgotten
)

// callNames are the words of LAL-001, or in their manner, and the outcome of a success.
var callNames = map[Call]struct{ event, audit, success string }{
	A001: {"POST", "API Establish Session", "201"},
	A002: {"PUT", "API Professional login attempt", "200"},
	A003: {"DELETE", "API Close Session", "204"},

	SignedIn:   {"POST", "API Establish Session", "200"},
	Refreshed:  {"POST", "API Refresh Session", "200"},
	A030:       {"GET", "API Retrieve Practitioner Role", "200"},
	A040:       {"GET", "API Retrieve Practitioner", "200"},
	RoleChosen: {"", "API Professional login attempt", "done"},
	SignedOut:  {"", "API Close Session", "done"},
}

// Event is a call to e-RS that has been made, from which a [Log] makes a [Record].
type Event struct {
	Call Call
	// Began is when the call was made, and Took how long it went on.
	Began time.Time
	Took  time.Duration
	// User is the user's 12-digit national id.
	User string
	// Key is the session's id, and Former the one that it had before, if that was another.
	Key, Former ersclient.SessionKey
	// Session names the session where there is no Key: on the FHIR platform. It is no secret.
	Session string
	// CorrelationID is the call's X-Correlation-ID.
	CorrelationID string
	// Selected is the organisation and business function.
	Selected ersclient.Permission
	// Outcome is the HTTP status or the kind of failure, and Reference the code of a failed call's Problem.
	Outcome, Reference string
}

// Limits of a record, in characters. Names come from another machine, and the end of a file must
// show a whole line.
const (
	longestName = 200
	longestID   = 100
)

// record makes the record of an event, without its number. form is how it names the session.
func (s Settings) record(event Event, form SessionID) Record {
	name, id := bounded(longestName), bounded(longestID)
	words := callNames[event.Call]
	made := Record{
		EventType: words.event, AuditType: words.audit,
		EventDateTime: event.Began.UTC().Format(dateTimeLayout),
		UserUUID:      id(event.User), OnBehalfOfUUID: id(event.Selected.OnBehalfOf),
		SessionID:        form.of(event.Key),
		OrganisationName: name(event.Selected.OrgName), BusinessFunction: id(string(event.Selected.BusinessFunction)),
		ASID: id(s.ASID), FQDN: name(s.FQDN),
		ODSCode: id(event.Selected.OrgIdentifier),
		Outcome: id(event.Outcome), Reference: id(event.Reference),
		DurationMS:    max(0, event.Took.Milliseconds()),
		CorrelationID: id(event.CorrelationID),
		Version:       id(s.Version),
	}
	if event.Session != "" {
		made.SessionID = id(event.Session)
	}
	if !event.Former.IsZero() && !event.Former.Equal(event.Key.Text) {
		made.FormerSessionID = form.of(event.Former)
	}
	return made
}

func bounded(limit int) func(string) string {
	return func(text string) string { return problem.Clean(text, limit) }
}

// encode writes a line of JSON. & and < are not escaped, since no web page contains these lines as
// they are: a search for "Smith & Partners" must find them.
func encode(to io.Writer, line any) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return fmt.Errorf("could not encode an audit record: %w", err)
	}
	return nil
}

// SessionID is how the records name a session. Every value but [Full] means [Digest], so that a
// mistake reveals nothing.
type SessionID string

const (
	// Digest is "sha256:" and the first 16 hex digits of the SHA-256 of the session's id.
	Digest SessionID = "digest"
	// Full is the id itself, which is a secret while the session lives.
	Full SessionID = "full"
)

// digestBytes suffice: among a billion sessions, two share a digest with a chance of one in forty.
const digestBytes = 8

// longestSessionID bounds a full id, in characters.
const longestSessionID = 300

// of names a session. No key has no name.
func (f SessionID) of(key ersclient.SessionKey) string {
	switch {
	case key.IsZero():
		return ""
	case f == Full:
		return problem.Clean(key.Reveal(), longestSessionID)
	default:
		return nameOf(digestOf(key.Text))
	}
}

func digestOf(text secret.Text) [sha256.Size]byte { return sha256.Sum256([]byte(text.Reveal())) }

func nameOf(digest [sha256.Size]byte) string {
	return "sha256:" + hex.EncodeToString(digest[:digestBytes])
}
