package hscn

import (
	"fmt"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// meanings are what a program decides by, where the status has a meaning for a call.
var meanings = map[string]map[int]error{
	// The same ticket will be refused again.
	callA001.Name: {http.StatusForbidden: ersclient.ErrProofRefused},
	callA003.Name: {http.StatusNotFound: ersclient.ErrSessionGone, http.StatusGone: ersclient.ErrSessionGone},
}

// statusProblem makes the Problem of a status, with the published guidance.
func statusProblem(r request, cause *transport.StatusError) *problem.Problem {
	cause.Meaning = meanings[r.call.Name][cause.Status]
	made := *guidanceFor(r, cause)
	if made.Code == "" {
		made.Code = fmt.Sprintf("ERS-%s-%d", r.call.Name, cause.Status)
	}
	return made.
		With("Call", r.call.Name).
		With("Answer", cause.Answer()).
		With("Outcome", cause.Outcome.Text()).
		Because(cause)
}

// guidanceFor chooses the text: the call's own, the status's, or that of its class.
func guidanceFor(r request, cause *transport.StatusError) *problem.Problem {
	status := cause.Status
	if r.call == callA002 && r.permission.BusinessFunction == ersclient.ServiceProviderClinicianAdmin && status == http.StatusForbidden {
		return onBehalfOf
	}
	if own := callGuidance[r.call.Name][status]; own != nil {
		return own
	}
	switch {
	case status/100 == 3:
		return redirected
	case status == http.StatusUnprocessableEntity && cause.Outcome.Text() == "":
		return invalidSilently
	case statusGuidance[status] != nil:
		return statusGuidance[status]
	case r.call == callA003:
		return notClosed
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
		Steps:    []string{askDesk},
	},
	http.StatusForbidden: {
		Title:    "e-RS did not allow this",
		Happened: "e-RS does not regard you as authorised for this (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{stepNewCard, stepPasscode, serviceDesk},
		Retry:    true,
	},
	http.StatusNotFound: {
		Title:    "e-RS is not at this address",
		Happened: "There is no e-RS where this program looked for it (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Give your local service desk the reference below. They can check the setting base_url."},
	},
	http.StatusMethodNotAllowed: {
		Title:    "e-RS does not know this request",
		Happened: "e-RS does not support what this program asked for (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{askDesk},
	},
	http.StatusProxyAuthRequired: {
		Code:  transport.ProxyAuth.Code,
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
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	},
	http.StatusGone: {
		Title:    "Your e-RS session has ended",
		Happened: "What this program asked for is no longer there (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusPreconditionFailed: {
		Title:    "A rule of e-RS does not allow this",
		Happened: "The request goes against one of the business rules of e-RS (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{askDesk},
	},
	http.StatusRequestedRangeNotSatisfiable: {
		Title:    "e-RS could not deliver what was asked for",
		Happened: "The part that this program asked for does not exist (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{tryAgain, serviceDesk},
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
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	},
	http.StatusTooManyRequests: {
		Title:    "e-RS asks for a pause",
		Happened: "Too many requests came from your organisation (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	},
	http.StatusInternalServerError: {
		Title:    "e-RS had an internal problem",
		Happened: "Something went wrong inside e-RS (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusBadGateway:         gatewayFailed,
	http.StatusServiceUnavailable: gatewayFailed,
	http.StatusGatewayTimeout:     gatewayFailed,
	// RFC 6585: this comes from the network alone, which wants its terms accepted.
	http.StatusNetworkAuthenticationRequired: transport.NotERS,
}

// What a status means for one call in particular.
var callGuidance = map[string]map[int]*problem.Problem{
	callA001.Name: {
		http.StatusForbidden: {
			Title:    "e-RS did not accept your smartcard sign-in",
			Happened: "Your smartcard session may have ended while this window was open (e-RS answered {{.Answer}} to {{.Call}}).",
			Steps:    []string{stepNewCard, stepPasscode, serviceDesk},
			Retry:    true,
		},
	},
	callA002.Name: {
		http.StatusBadRequest: {
			Title: "e-RS could not select this role",
			Happened: "A role may have been selected for this session already, or the request was malformed " +
				"(e-RS answered {{.Answer}} to {{.Call}}).",
			Steps: []string{"Press **Try again** to start a new session, and choose the role again.", serviceDesk},
			Retry: true,
		},
		http.StatusForbidden: {
			Title: "e-RS did not let you work in this role",
			Happened: "The organisation and role may no longer be valid for you, or your session had ended " +
				"(e-RS answered {{.Answer}} to {{.Call}}).",
			Steps: []string{
				"Press **Try again**, and choose the role again or another one.",
				"If it happens again, ask your organisation's Registration Authority whether your smartcard still has this role.",
				askDesk,
			},
			Retry: true,
		},
		http.StatusNotFound: sessionEnded,
		http.StatusGone:     sessionEnded,
	},
	callA003.Name: {
		http.StatusNotFound:  hadEnded,
		http.StatusGone:      hadEnded,
		http.StatusForbidden: notClosed,
	},
}

const (
	tryAgain     = "Press **Try again**."
	serviceDesk  = "If it happens again, give your local service desk the reference below."
	askDesk      = "Give your local service desk the reference below."
	stepNewCard  = "Remove your smartcard and insert it again."
	stepPasscode = "Enter your passcode, then press **Try again**."
)

var (
	gatewayFailed = &problem.Problem{
		Title:    "e-RS cannot be reached at the moment",
		Happened: "A system in front of e-RS failed or got no answer in time (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	}
	sessionEnded = &problem.Problem{
		Title:    "Your e-RS session has ended",
		Happened: "e-RS ended the session before the role was selected (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	}
	// onBehalfOf is about the further call of a service provider clinician admin (AUT-005), whose
	// JSON is not public.
	onBehalfOf = &problem.Problem{
		Title: "e-RS did not let you work in this role",
		Happened: "A service provider clinician admin works on behalf of a clinician, and this version of the program cannot " +
			"yet tell e-RS on whose. The role may also no longer be valid for you (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps: []string{
			"Press **Try again**, and choose another role.",
			"If you need this role, give your local service desk the reference below.",
		},
		Retry: true,
	}
	hadEnded = &problem.Problem{
		Title:    "Your e-RS session had already ended",
		Happened: "e-RS no longer knew the session that was to be closed (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"There is nothing for you to do."},
	}
	notClosed = &problem.Problem{
		Title:    "e-RS did not confirm that your session is closed",
		Happened: "The session may still be open at e-RS (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps: []string{
			"Remove your smartcard. Your session at e-RS ends with it.",
			serviceDesk,
		},
	}
	redirected = &problem.Problem{
		Code:  "NET-REDIRECT",
		Title: "Something redirected the connection to e-RS",
		Happened: "The request was answered with a redirection, which e-RS never does ({{.Answer}} to {{.Call}}). " +
			"A proxy or a sign-in page of the network may be in between.",
		Steps: []string{
			"If this network asks you to sign in or to accept terms, do that in your web browser first.",
			tryAgain,
			serviceDesk,
		},
		Retry: true,
	}
	invalidSilently = &problem.Problem{
		Title:    "e-RS found a mistake in the request",
		Happened: "The request failed validation, and e-RS did not say why (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{askDesk},
	}
	unexpectedSuccess = &problem.Problem{
		Title:    "The answer from e-RS was not the expected one",
		Happened: "e-RS accepted the request in a way that this program does not know (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	}
	refusedOtherwise = &problem.Problem{
		Title:    "e-RS refused the request",
		Happened: "e-RS did not do what this program asked for (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	}
)
