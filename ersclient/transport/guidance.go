package transport

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/internal/problem"
)

// StatusProblem makes the Problem of a status. own is the text for this call and status, nil for
// the published guidance that all calls share; its code may be empty for ERS-call-status.
func StatusProblem(cause *StatusError, own *problem.Problem) *problem.Problem {
	if own == nil {
		own = guidanceFor(cause)
	}
	made := *own
	if made.Code == "" {
		made.Code = fmt.Sprintf("ERS-%s-%d", cause.Call, cause.Status)
	}
	return made.
		With("Call", cause.Call).
		With("Answer", cause.Answer()).
		With("Outcome", cause.Outcome.Text()).
		Because(cause)
}

// HasGuidance reports whether there is published guidance for a status in particular.
func HasGuidance(status int) bool { return statusGuidance[status] != nil }

// StatusProblems returns the Problems of a call for the list of codes in the documentation: of the
// statuses with guidance, the call's own among them, and of an unusable answer. Their texts are
// templates: {{.Answer}} and {{.Outcome}} are left in. refused is the call's Request.Refused.
func StatusProblems(call Call, own []int, refused func(*StatusError) *problem.Problem) []*problem.Problem {
	var list []*problem.Problem
	statuses := append(slices.Collect(maps.Keys(statusGuidance)), own...)
	slices.Sort(statuses)
	for _, status := range slices.Compact(statuses) {
		cause := &StatusError{Call: call.Name, Method: call.Method, Status: status}
		if status == http.StatusUnprocessableEntity {
			cause.Outcome = Outcome{Issues: []Issue{{Diagnostics: "{{.Outcome}}"}}}
		}
		list = append(list, refused(cause))
	}
	if call.Success != 0 { // without content nothing can be missing
		list = append(list, Unusable(call, errors.New("for the list")))
	}
	return list
}

// guidanceFor chooses the text: the status's, or that of its class.
func guidanceFor(cause *StatusError) *problem.Problem {
	status := cause.Status
	switch {
	case status/100 == 3:
		return redirected
	case status == http.StatusUnprocessableEntity && cause.Outcome.Text() == "":
		return invalidSilently
	case statusGuidance[status] != nil:
		return statusGuidance[status]
	case status/100 == 2:
		return unexpectedSuccess
	case status/100 == 5:
		return statusGuidance[http.StatusInternalServerError]
	}
	return refusedOtherwise
}

// The published guidance for each status. A service desk asks for "(e-RS answered … to …)" first.
var statusGuidance = map[int]*problem.Problem{
	http.StatusBadRequest: {
		Title:    "e-RS could not read the request",
		Happened: "e-RS took the request of this program for malformed (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepAskDesk},
	},
	http.StatusNotFound: {
		Title:    "e-RS is not at this address",
		Happened: "There is no e-RS where this program looked for it (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Give your local service desk the reference below. They can check the setting base_url."},
	},
	http.StatusMethodNotAllowed: {
		Title:    "e-RS does not know this request",
		Happened: "e-RS does not support what this program asked for (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepAskDesk},
	},
	http.StatusProxyAuthRequired: {
		Code:  ProxyAuth.Code,
		Title: "The network's proxy asks for a user name and password",
		Happened: "Something between this computer and e-RS wants to be signed in to (the answer to {{.Call}} was {{.Answer}}). " +
			"It reads what is sent to e-RS.",
		Steps: []string{
			"Give your local service desk the reference below. They can exempt e-RS from the proxy's inspection.",
		},
	},
	http.StatusConflict: {
		Title:    "Something has changed at e-RS in the meantime",
		Happened: "e-RS has a newer version of what this program worked with (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	},
	http.StatusGone: {
		Title:    "Your e-RS session has ended",
		Happened: "What this program asked for is no longer there (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusPreconditionFailed: {
		Title:    "A rule of e-RS does not allow this",
		Happened: "The request goes against one of the business rules of e-RS (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepAskDesk},
	},
	http.StatusRequestedRangeNotSatisfiable: {
		Title:    "e-RS could not deliver what was asked for",
		Happened: "The part that this program asked for does not exist (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	},
	http.StatusUnprocessableEntity: {
		Title:    "e-RS found a mistake in the request",
		Happened: "e-RS found something wrong with what this program sent (e-RS answered {{.Answer}} to {{.Call}}).",
		Quoted:   "In the words of e-RS: {{.Outcome}}",
		Steps:    []string{"Give your local service desk the reference below, and the words of e-RS above."},
	},
	http.StatusLocked: {
		Title:    "e-RS has locked this for the moment",
		Happened: "Somebody else may be working on the same thing (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusTooManyRequests: {
		Title:    "e-RS asks for a pause",
		Happened: "Too many requests came from your organisation (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusInternalServerError: {
		Title:    "e-RS had an internal problem",
		Happened: "Something went wrong inside e-RS (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusBadGateway:         gatewayFailed,
	http.StatusServiceUnavailable: gatewayFailed,
	http.StatusGatewayTimeout:     gatewayFailed,
	// RFC 6585: this comes from the network alone, which wants its terms accepted.
	http.StatusNetworkAuthenticationRequired: NotERS,
}

var (
	gatewayFailed = &problem.Problem{
		Title:    "e-RS cannot be reached at the moment",
		Happened: "A system in front of e-RS failed or got no answer in time (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	}
	redirected = &problem.Problem{
		Code:  "NET-REDIRECT",
		Title: "Something redirected the connection to e-RS",
		Happened: "The request was answered with a redirection, which e-RS never does ({{.Answer}} to {{.Call}}). " +
			"A proxy or a sign-in page of the network may be in between.",
		Steps: []string{
			"If this network asks you to sign in or to accept terms, do that in your web browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		Retry: true,
	}
	invalidSilently = &problem.Problem{
		Title:    "e-RS found a mistake in the request",
		Happened: "The request failed validation, and e-RS did not say why (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepAskDesk},
	}
	unexpectedSuccess = &problem.Problem{
		Title:    "The answer from e-RS was not the expected one",
		Happened: "e-RS accepted the request in a way that this program does not know (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
	refusedOtherwise = &problem.Problem{
		Title:    "e-RS refused the request",
		Happened: "e-RS did not do what this program asked for (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
)
