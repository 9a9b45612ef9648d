package cis2

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// documented is what the gateway's published configuration answers, by error and the beginning of its
// description. What answers only requests that are never made here is not distinguished.
var documented = []struct {
	code, description string
	problem           *problem.Problem
}{
	{"invalid_grant", "refresh token refresh period has expired", refreshEnded},
	{"invalid_grant", "refresh_token is invalid", RefreshUsed},
	{"invalid_grant", "", codeRefused},
	{"invalid_client", "", secretRefused},
	{"invalid_request", "client_secret is missing", noSecret},
	{"invalid_request", "client_id is", unknownClient},
	{"invalid_request", "redirect_uri is", redirectRefused},
	{"invalid_request", "The Userinfo endpoint is only supported for Combined Auth", notCombined},
	{"invalid_request", "", malformed},
	{"unsupported_response_type", "", malformed},
	{"unsupported_grant_type", "", malformed},
	{"access_denied", "The developer ", notApproved},
	{"access_denied", "The company ", notApproved},
	{"access_denied", "", noAccess},
	{"unauthorized_client", "", grantNotAllowed},
	{"unknown_error", "", unavailable},
}

// guidance returns the Problem of an error, or nil for one that is not documented.
func guidance(code, description string) *problem.Problem {
	for _, one := range documented {
		if one.code == code && strings.HasPrefix(description, one.description) {
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
	case status == http.StatusNotFound:
		return notFound
	case call == callRefresh && known == codeRefused:
		return RefreshUsed
	case known != nil:
		return known
	case status/100 == 5:
		return unavailable
	case call == callUserInfo && status == http.StatusUnauthorized:
		return ended
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
