package handoff

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/secret"
)

// The accounts of a session of the FHIR platform.
const (
	// AccountFHIRSession holds the whole session as one JSON object, with its access token.
	AccountFHIRSession = "fhir-session"
	// AccountAccessToken holds the access token alone, for shell scripts.
	AccountAccessToken = "access-token"
)

// AccessToken is the bearer token of the e-RS FHIR API. It is masked; Reveal returns it for the
// header Authorization.
type AccessToken = ersclient.AccessToken

// NewAccessToken wraps an access token.
func NewAccessToken(token string) AccessToken { return ersclient.NewAccessToken(token) }

// FHIRSession is the user's e-RS session on the FHIR platform, as handed over to other
// applications. Its access token lives for about ten minutes, and e-RS Login replaces it in place.
type FHIRSession struct {
	// Version is the contract's version, 1.
	Version int
	// Generation increases with every sign-in and switch of role, like that of [Session].
	Generation int64
	// Revision is 0 with a new Generation, and increases with every new access token. A call that was
	// refused (401) is worth repeating if Generation or Revision is another by then.
	Revision int64
	// AccessToken goes into the header Authorization of every e-RS call, after "Bearer ".
	AccessToken AccessToken
	// BaseURL is the base of the e-RS FHIR API the token is valid at.
	BaseURL string
	// UserIdentifier is the user's 12-digit national id.
	UserIdentifier string
	// UserName is the user's name for display. It may be empty.
	UserName string
	// OrgIdentifier is the ODS code of the selected organisation, for the header
	// NHSD-End-User-Organisation-ODS; OrgName is its name for display (cut if very long).
	OrgIdentifier string
	OrgName       string
	// BusinessFunction is the selected role, for the header NHSD-eRS-Business-Function.
	BusinessFunction string
	// OnBehalfOf is the id of the clinician whom a SERVICE_PROVIDER_CLINICIAN_ADMIN acts for, for the
	// header NHSD-eRS-On-Behalf-Of-User-ID. Without one the header must not be sent.
	OnBehalfOf string
	// IssuedAt and ExpiresAt bound the session's life, in UTC. If it ends earlier, the entries
	// vanish.
	IssuedAt  time.Time
	ExpiresAt time.Time
	// TokenExpiresAt is the end of AccessToken, and not after ExpiresAt. If it passes, nothing renews
	// the token any more: no user is signed in.
	TokenExpiresAt time.Time
	// Publisher is the name and version of the program that wrote the entry.
	Publisher string
	// Owner and Kind are those of [Session].
	Owner string
	Kind  string

	others secret.Text
}

var _ Entry = FHIRSession{}

// Expired reports whether the session or its access token is over at a time, or has no end. Readers
// must not use such a session.
func (s FHIRSession) Expired(at time.Time) bool { return over(s, at) }

// Details returns what the session says besides its access token and the end of that.
func (s FHIRSession) Details() Details {
	return Details{
		Platform: FHIR, Generation: s.Generation, Revision: s.Revision, BaseURL: s.BaseURL, UserIdentifier: s.UserIdentifier,
		UserName: s.UserName, OrgIdentifier: s.OrgIdentifier, OrgName: s.OrgName, BusinessFunction: s.BusinessFunction,
		OnBehalfOf: s.OnBehalfOf, IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt, Publisher: s.Publisher, Owner: s.Owner, Kind: s.Kind,
	}
}

func (s FHIRSession) parts() parts {
	if s.TokenExpiresAt.After(s.ExpiresAt) {
		s.TokenExpiresAt = s.ExpiresAt
	}
	return fhirParts(&s)
}

func (s FHIRSession) end() time.Time {
	if s.TokenExpiresAt.Before(s.ExpiresAt) {
		return s.TokenExpiresAt
	}
	return s.ExpiresAt
}

// fhirParts describes the entry [AccountFHIRSession], whose members are in s.
func fhirParts(s *FHIRSession) parts {
	return parts{
		at: &fhirPlaces, version: &s.Version, secret: &s.AccessToken.Text, others: &s.others,
		members: []member{
			{name: memberPlatform, value: FHIR},
			{name: "generation", value: &s.Generation},
			{name: "revision", value: &s.Revision},
			{name: "accessToken", value: &s.AccessToken.Text, limit: 600},
			{name: "baseURL", value: &s.BaseURL, limit: 200},
			{name: "userIdentifier", value: &s.UserIdentifier, limit: 32},
			{name: "userName", value: &s.UserName},
			{name: "orgIdentifier", value: &s.OrgIdentifier, limit: 32},
			{name: "orgName", value: &s.OrgName},
			{name: "businessFunction", value: &s.BusinessFunction, limit: 64},
			{name: "onBehalfOf", value: &s.OnBehalfOf, limit: 32},
			{name: "issuedAt", value: &s.IssuedAt},
			{name: "tokenExpiresAt", value: &s.TokenExpiresAt},
			{name: "expiresAt", value: &s.ExpiresAt},
			{name: "publisher", value: &s.Publisher, limit: 64},
			{name: "owner", value: &s.Owner, limit: 107, optional: true},
			{name: "kind", value: &s.Kind, limit: 32, optional: true},
		},
	}
}
