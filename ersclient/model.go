// Package ersclient has the types of the NHS e-Referral Service that its platforms share: who signs
// in ([User]) and as what ([Permission], [BusinessFunction]), the [Ticket] a session is created
// with and its [SessionKey], and the errors that programs decide by. It sends nothing: packages
// hscn and fhir make the calls, and package transport carries them.
package ersclient

import (
	"strings"

	"github.com/ers-login/ers-login/internal/secret"
)

// Ticket is the smartcard's ticket, sent in the member "token" of A001 and A002. It is masked.
// [NewTicket] trims it, since the published A001 example begins with a space.
type Ticket struct{ secret.Text }

// NewTicket wraps a ticket without the white space around it.
func NewTicket(ticket string) Ticket { return Ticket{secret.New(strings.TrimSpace(ticket))} }

// Equal compares two tickets in constant time.
func (t Ticket) Equal(other Ticket) bool { return t.Text.Equal(other.Text) }

// SessionKey is a professional session's id. Together with the organisation's endpoint certificate
// it allows acting as the user, so it is masked.
type SessionKey struct{ secret.Text }

// NewSessionKey wraps a session's id.
func NewSessionKey(id string) SessionKey { return SessionKey{secret.New(id)} }

// Reveal returns the key itself, for the header HTTP_X_SESSION_KEY. Any other way to print a key
// shows a mask.
func (k SessionKey) Reveal() string { return k.Text.Reveal() }

// AccessToken is the bearer token of the e-RS FHIR API. It allows acting as the user until it ends,
// about ten minutes after its issue, so it is masked.
type AccessToken struct{ secret.Text }

// NewAccessToken wraps an access token.
func NewAccessToken(token string) AccessToken { return AccessToken{secret.New(token)} }

// Reveal returns the token itself, for the header Authorization and the keyring. Any other way to
// print a token shows a mask.
func (t AccessToken) Reveal() string { return t.Text.Reveal() }

// Session is a professional session at e-RS: provisional after A001, valid once A002 has set its
// Permission.
type Session struct {
	// Key is the session's id. A002's answer may have another than A001's: the later one counts.
	Key SessionKey
	// Ticket is the ticket the session was created with, which A002 sends again.
	Ticket Ticket
	// User is the person who signed in, with all organisations and business functions that e-RS
	// offers them.
	User User
	// Permission is the selected pair, nil before A002.
	Permission *Permission
}

// User is a person as e-RS describes them. Names are trimmed for display.
type User struct {
	// Identifier is the 12-digit national id, which the field calls UUID although it is not one of
	// RFC 4122.
	Identifier string
	FirstName  string
	MiddleName string
	LastName   string
	// Permissions is empty for a user without roles, for whom A001 answers 201 too.
	Permissions []Permission
}

// Name returns the name's non-empty parts, joined by spaces.
func (u User) Name() string {
	return strings.Join(strings.Fields(u.FirstName+" "+u.MiddleName+" "+u.LastName), " ")
}

// Permission is a pair of organisation and business function: one way to work in e-RS.
type Permission struct {
	BusinessFunction BusinessFunction
	// OrgIdentifier is the organisation's ODS code.
	OrgIdentifier string
	// OrgName is the organisation's name, trimmed for display. A002 does not select by it.
	OrgName string
	// OnBehalfOf is the 12-digit id of the clinician that a [ServiceProviderClinicianAdmin] works for;
	// empty for every other function, and in what e-RS offers.
	OnBehalfOf string
}

// Same reports whether two permissions are the same one of those that e-RS offers. Names do not
// count, since A001 and A002 spell them differently, nor does OnBehalfOf.
func (p Permission) Same(other Permission) bool {
	return p.BusinessFunction == other.BusinessFunction && p.OrgIdentifier == other.OrgIdentifier
}

// NeedsClinician reports whether a clinician to act for has yet to be chosen.
func (p Permission) NeedsClinician() bool {
	return p.BusinessFunction == ServiceProviderClinicianAdmin && p.OnBehalfOf == ""
}

// BusinessFunction is a role in e-RS. A value outside the published list is kept unchanged: it is
// shown and can be selected.
type BusinessFunction string

// The published business functions.
const (
	ReferringClinician            BusinessFunction = "REFERRING_CLINICIAN"
	ReferringClinicianAdmin       BusinessFunction = "REFERRING_CLINICIAN_ADMIN"
	ReferringAdmin                BusinessFunction = "REFERRING_ADMIN"
	BMSHCPProxy                   BusinessFunction = "BMS_HCP_PROXY"
	BMSAdmin                      BusinessFunction = "BMS_ADMIN"
	ServiceProviderClinician      BusinessFunction = "SERVICE_PROVIDER_CLINICIAN"
	ServiceProviderClinicianAdmin BusinessFunction = "SERVICE_PROVIDER_CLINICIAN_ADMIN"
	ServiceProviderAdmin          BusinessFunction = "SERVICE_PROVIDER_ADMIN"
	ServiceDefiner                BusinessFunction = "SERVICE_DEFINER"
	BookingManager                BusinessFunction = "BOOKING_MANAGER"
	Commissioner                  BusinessFunction = "COMMISSIONER"
	InformationAnalyst            BusinessFunction = "INFORMATION_ANALYST"
	ERSAdmin                      BusinessFunction = "ERS_ADMIN"
	AdditionalRequirementsManager BusinessFunction = "ADDITIONAL_REQUIREMENTS_MANAGER"
	ReferrerRightsManager         BusinessFunction = "REFERRER_RIGHTS_MANAGER"
)
