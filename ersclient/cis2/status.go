package cis2

import (
	"fmt"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// documented is what the gateway's published configuration answers, by error and description. Those
// without a description stand for all others of their error, and come last.
var documented = []struct {
	code, description string
	problem           *problem.Problem
}{
	{"invalid_grant", "authorization_code is invalid", codeRefused},
	{"invalid_grant", "refresh token refresh period has expired", refreshEnded},
	{"invalid_grant", "refresh_token is invalid", RefreshUsed},
	{"invalid_client", "client_id or client_secret is invalid", secretRefused},
	{"invalid_request", "client_secret is missing", noSecret},
	{"invalid_request", "client_id is invalid", unknownClient},
	{"invalid_request", "client_id is missing", unknownClient},
	{"access_denied", "API Key supplied does not have access to this resource. Please check the API Key you are using belongs to an " +
		"app which has sufficient access to access this resource.", noAccess},
	{"access_denied", "The developer app associated with the API key is not approved or revoked", notApproved},
	{"access_denied", "The company associated with the developer app that has the API key you are using has an inactive status",
		companyInactive},
	{"access_denied", "The developer who created the developer app that has the API key you are using has an inactive status",
		developerInactive},
	{"unauthorized_client", "", grantNotAllowed},
	{"invalid_request", "redirect_uri is invalid", redirectRefused},
	{"invalid_request", "redirect_uri is missing", redirectRefused},
	{"invalid_request", "Invalid state parameter.", stateRefused},
	{"invalid_request", "state is missing", stateRefused},
	{"invalid_request", "response_type is missing", responseType},
	{"unsupported_response_type", "", responseType},
	{"invalid_request", "Content-Type header must be application/x-www-form-urlencoded", contentType},
	{"invalid_request", "grant_type is invalid", grantType},
	{"invalid_request", "grant_type is missing", grantType},
	{"unsupported_grant_type", "", grantType},
	{"invalid_request", "authorization_code is missing", fieldMissing},
	{"invalid_request", "refresh_token is missing", fieldMissing},
	{"invalid_request", "Not Found", notFound},
	{"invalid_request", "The Userinfo endpoint is only supported for Combined Auth integrations. Currently this is only for NHS CIS2 " +
		"authentications - for more guidance see https://digital.nhs.uk/developer/guides-and-documentation/security-and-authorisation/" +
		"user-restricted-restful-apis-nhs-cis2-combined-authentication-and-authorisation", notCombined},
	// What answers only requests that are never made here: signed assertions, the exchange of a token,
	// the end of a session that CIS2 reports, the gateway's own monitoring.
	{"invalid_request", "Missing or invalid 'aud' claim in client_assertion JWT", notOurs},
	{"invalid_request", "Invalid 'iss'/'sub' claims in client_assertion JWT", notOurs},
	{"invalid_request", "Malformed JWT in client_assertion", notOurs},
	{"invalid_request", "Malformed JWT in External ID token", notOurs},
	{"invalid_request", "Malformed JWT in logout_token", notOurs},
	{"invalid_request", "Malformed JWT in subject_token", notOurs},
	{"invalid_request", "subject_token is invalid", notOurs},
	{"invalid_request", "Missing client_assertion", notOurs},
	{"invalid_request", "Missing subject_token", notOurs},
	{"invalid_request", "Invalid 'kid' header in client_assertion JWT - no matching public key", notOurs},
	{"invalid_request", "Invalid 'kid' header in external ID token JWT - no matching public key", notOurs},
	{"invalid_request", "Invalid 'kid' header in logout_token JWT - no matching public key", notOurs},
	{"invalid_request", "Invalid 'kid' header in subject_token JWT - no matching public key", notOurs},
	{"invalid_request", "missing or invalid subject_token_type - must be 'urn:ietf:params:oauth:token-type:id_token'", notOurs},
	{"invalid_request", "Missing or invalid client_assertion_type - must be 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'",
		notOurs},
	{"public_key error", "", notOurs},
	{"Access Denied", "", notOurs},
	{"not_implemented", "", notOurs},
	{"gateway_timeout", "The local logout successed but some downstream logouts have failed", notOurs},
	{"bad_request", "", notOurs},
	{"unknown_error", "", unknownError},
	{"invalid_grant", "", codeRefused},
	{"invalid_client", "", secretRefused},
	{"access_denied", "", noAccess},
	{"invalid_request", "", malformed},
}

// guidance returns the Problem of an error, or nil for one that is not documented.
func guidance(code, description string) *problem.Problem {
	for _, one := range documented {
		// Descriptions were cut to the length that is logged.
		if one.code == code && (one.description == "" || problem.Clean(one.description, maxName) == description) {
			return one.problem
		}
	}
	return nil
}

// statusProblem makes the Problem of a status other than success.
func statusProblem(call transport.Call, cause *transport.StatusError) *problem.Problem {
	cause.Meaning = meaningOf(call, cause)
	made := *withOutcome(guidanceFor(call, cause), cause.Outcome.Text())
	if made.Technical == "" {
		made.Technical = "The answer to {{.Call}} was {{.Answer}}"
	}
	return made.With("Answer", cause.Answer()).With("Call", cause.Call).Because(cause)
}

// withOutcome adds the words of the server, or leaves their line out if there are none.
func withOutcome(p *problem.Problem, text string) *problem.Problem {
	if text != "" {
		return p.With("Outcome", text)
	}
	made := *p
	made.Quoted = ""
	return &made
}

// meaningOf returns what a program decides by.
func meaningOf(call transport.Call, cause *transport.StatusError) error {
	code, _ := errorOf(cause)
	switch {
	case call == callToken && code == "invalid_grant":
		return ersclient.ErrProofRefused
	case call == callRefresh && (cause.Status == http.StatusBadRequest || cause.Status == http.StatusUnauthorized ||
		cause.Status == http.StatusForbidden):
		return ersclient.ErrRefreshRefused
	case call == callUserInfo && cause.Status == http.StatusUnauthorized:
		return ersclient.ErrSessionGone
	}
	return nil
}

func errorOf(cause *transport.StatusError) (code, description string) {
	if len(cause.Outcome.Issues) == 0 {
		return "", ""
	}
	issue := cause.Outcome.Issues[0]
	return issue.Code, issue.Details[0]
}

// guidanceFor chooses by the status where it says enough, else by the error.
func guidanceFor(call transport.Call, cause *transport.StatusError) *problem.Problem {
	code, description := errorOf(cause)
	known := guidance(code, description)
	switch status := cause.Status; {
	case status/100 == 2:
		return unusable
	case status/100 == 3, status == http.StatusNetworkAuthenticationRequired:
		return transport.NotERS.With("Call", call.Name)
	case byStatus[status] != nil:
		return byStatus[status].With("Call", call.Name)
	case call == callRefresh && (known == codeRefused || known == nil && code == "invalid_grant"):
		return RefreshUsed
	case known != nil:
		return known
	case status/100 == 5:
		return unavailable
	case call == callUserInfo && status == http.StatusUnauthorized:
		return ended
	case status == http.StatusNotFound:
		return notFound
	}
	return refusedOtherwise
}

// callbackError is the cause if the browser came back with an error (RFC 6749, section 4.1.2.1).
type callbackError struct{ text string }

func (e *callbackError) Error() string { return fmt.Sprintf("the callback has the error %q", e.text) }

// callbackProblem makes the Problem of an error in the callback.
func callbackProblem(code, description string) *problem.Problem {
	code, description = problem.Clean(code, maxName), problem.Clean(description, maxName)
	text := outcomeOf(code, description, "").Text()
	made := badCallback
	switch known := guidance(code, description); {
	case code == "access_denied":
		made = denied
	case code == "server_error", code == "temporarily_unavailable":
		made = unavailable
	case known != nil:
		made = known
	}
	return withOutcome(made, text).With("Answer", code).Because(&callbackError{text})
}
