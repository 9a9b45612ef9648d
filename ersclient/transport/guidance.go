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
	if cause.Outcome.Text() == "" && made.Quoted != "" {
		made.Quoted, made.Steps = "", []string{stepAskDesk}
	}
	if made.Technical == "" {
		made.Technical = "e-RS answered {{.Answer}} to {{.Call}}"
	}
	return made.
		With("Call", cause.Call).
		With("Answer", cause.Answer()).
		With("Outcome", cause.Outcome.Text()).
		Because(cause)
}

// FromNetwork reports whether a status comes from the network in place of e-RS.
func FromNetwork(status int) bool {
	known := statusGuidance[status]
	return status/100 == 3 || known != nil && known.Code != ""
}

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
	case statusGuidance[status] != nil:
		return statusGuidance[status]
	case status/100 == 2:
		return unexpectedSuccess
	case status/100 == 5:
		return statusGuidance[http.StatusInternalServerError]
	}
	return refusedOtherwise
}

// The published guidance for each status.
var statusGuidance = map[int]*problem.Problem{
	http.StatusBadRequest: notUnderstood,
	http.StatusNotFound: {
		Title:       "e-RS was not found at its address",
		Happened:    "e-RS Login cannot find e-RS at the address that is set up on this computer.",
		Steps:       []string{stepAskDesk},
		ServiceDesk: []string{"Check the setting base_url."},
	},
	http.StatusMethodNotAllowed: notUnderstood,
	http.StatusProxyAuthRequired: {
		Code:        ProxyAuth.Code,
		Title:       "The network's proxy asks for a user name and password",
		Happened:    "Something between this computer and e-RS asks for a user name and password. It reads what is sent to e-RS.",
		Technical:   "The answer to {{.Call}} was {{.Answer}}",
		Steps:       []string{stepAskDesk},
		ServiceDesk: []string{"Exempt e-RS from the proxy's inspection."},
	},
	http.StatusConflict: {
		Title:    "Something changed in e-RS",
		Happened: "e-RS has newer information than e-RS Login.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	},
	http.StatusGone: {
		Title:    "Your e-RS session has ended",
		Happened: "e-RS ended it before you were signed in.",
		Steps:    []string{"Press **Try again** to sign in again.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusPreconditionFailed: {
		Title:    "A rule in e-RS does not allow this",
		Happened: "Signing in would break one of the business rules of e-RS.",
		Steps:    []string{stepAskDesk},
	},
	http.StatusRequestedRangeNotSatisfiable: {
		Title:    notUnderstood.Title,
		Happened: notUnderstood.Happened,
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	},
	http.StatusUnprocessableEntity: {
		Title:    "e-RS did not accept your sign-in",
		Happened: "e-RS rejected something that e-RS Login sent.",
		Quoted:   "Message from e-RS: {{.Outcome}}",
		Steps:    []string{"Contact your local service desk. Quote the reference below and the message from e-RS."},
	},
	http.StatusLocked: {
		Title:    "e-RS is not available at the moment",
		Happened: "Another user may be using the same record.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusTooManyRequests: {
		Title:    "e-RS is busy",
		Happened: "Your organisation sent too many requests to e-RS.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusInternalServerError: {
		Title:    "There is a problem with e-RS",
		Happened: "e-RS could not complete your sign-in.",
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
	// notUnderstood is a fault of e-RS Login.
	notUnderstood = &problem.Problem{
		Title:    "There is a problem with e-RS Login",
		Happened: "e-RS did not understand e-RS Login. This is a fault in e-RS Login, not something you did.",
		Steps:    []string{stepAskDesk},
	}
	gatewayFailed = &problem.Problem{
		Title:    "e-RS is not available at the moment",
		Happened: "e-RS, or the network in front of it, did not respond in time.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	}
	redirected = &problem.Problem{
		Code:      "NET-REDIRECT",
		Title:     "Your network redirected the connection to e-RS",
		Happened:  "e-RS never does this. You may need to sign in to the network or Wi-Fi.",
		Technical: "The answer to {{.Call}} was {{.Answer}}",
		Steps: []string{
			"If your network or Wi-Fi asks you to sign in or accept terms, do that in your web browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		Retry: true,
	}
	unexpectedSuccess = &problem.Problem{
		Title:    "e-RS sent an unexpected answer",
		Happened: "e-RS accepted the sign-in in a way that e-RS Login does not know.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
	refusedOtherwise = &problem.Problem{
		Title:    "e-RS refused to sign you in",
		Happened: "e-RS did not say why.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
)
