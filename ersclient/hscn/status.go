package hscn

import (
	"fmt"
	"net/http"
	"slices"

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
	if cause.Outcome.Text() == "" && made.Quoted != "" {
		made.Quoted, made.Steps = "", []string{askDesk}
	}
	if r.call == callA002 && !made.Retry {
		// The same role would be refused again, and e-RS offers others.
		made.Steps = slices.Concat([]string{stepOtherRole}, made.Steps)
		made.Button, made.Retry = "Choose another role", true
	}
	if made.Technical == "" {
		made.Technical = "e-RS answered {{.Answer}} to {{.Call}}"
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
	general := statusGuidance[status]
	switch {
	case status/100 == 3:
		return redirected
	case r.call == callA003 && (general == nil || general.Code == ""):
		// What a status means for a sign-in is of no use to a user who leaves.
		return NotClosed
	case general != nil:
		return general
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
	http.StatusForbidden: {
		Title:    "e-RS did not allow this",
		Happened: "e-RS says that you are not authorised for this.",
		Steps:    []string{stepNewCard, stepPasscode, serviceDesk},
		Retry:    true,
	},
	http.StatusNotFound: {
		Title:       "e-RS was not found at its address",
		Happened:    "e-RS Login cannot find e-RS at the address that is set up on this computer.",
		Steps:       []string{askDesk},
		ServiceDesk: []string{"Check the setting base_url."},
	},
	http.StatusMethodNotAllowed: notUnderstood,
	http.StatusProxyAuthRequired: {
		Code:        transport.ProxyAuth.Code,
		Title:       "The network's proxy asks for a user name and password",
		Happened:    "Something between this computer and e-RS asks for a user name and password. It reads what is sent to e-RS.",
		Technical:   "The answer to {{.Call}} was {{.Answer}}",
		Steps:       []string{askDesk},
		ServiceDesk: []string{"Exempt e-RS from the proxy's inspection."},
	},
	http.StatusConflict: {
		Title:    "Something changed in e-RS",
		Happened: "e-RS has newer information than e-RS Login.",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	},
	http.StatusGone: {
		Title:    "Your e-RS session has ended",
		Happened: "e-RS ended it before you were signed in.",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusPreconditionFailed: {
		Title:    "A rule in e-RS does not allow this",
		Happened: "Signing in would break one of the business rules of e-RS.",
		Steps:    []string{askDesk},
	},
	http.StatusRequestedRangeNotSatisfiable: {
		Title:    notUnderstood.Title,
		Happened: notUnderstood.Happened,
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	},
	http.StatusUnprocessableEntity: {
		Title:    "e-RS did not accept your sign-in",
		Happened: "e-RS rejected something that e-RS Login sent.",
		Quoted:   messageFromERS,
		Steps:    []string{quoteMessage},
	},
	http.StatusLocked: {
		Title:    "e-RS is not available at the moment",
		Happened: "Someone else may be using the same record.",
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	},
	http.StatusTooManyRequests: {
		Title:    "e-RS is busy",
		Happened: "Your organisation sent too many requests to e-RS.",
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	},
	http.StatusInternalServerError: {
		Title:    "There is a problem with e-RS",
		Happened: "e-RS could not complete your sign-in.",
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
			Happened: "Your smartcard session may have ended while this window was open.",
			Steps:    []string{stepNewCard, stepPasscode, serviceDesk},
			Retry:    true,
		},
	},
	callA002.Name: {
		http.StatusBadRequest: {
			Title:    "e-RS could not select this role",
			Happened: "You may already have a role in this e-RS session.",
			Steps:    []string{"Press **Try again** to start a new session, and choose the role again.", serviceDesk},
			Retry:    true,
		},
		http.StatusForbidden: {
			Title:    titleRoleRefused,
			Happened: "The role may no longer be valid for you, or your session ended.",
			Steps: []string{
				"Ask your organisation's Registration Authority whether your smartcard still has this role.",
				stepNeedRole,
			},
		},
		http.StatusUnprocessableEntity: {
			Title:    "e-RS did not accept this role",
			Happened: "e-RS rejected the role that you chose.",
			Quoted:   messageFromERS,
			Steps:    []string{quoteMessage},
		},
		http.StatusNotFound: sessionEnded,
		http.StatusGone:     sessionEnded,
	},
	callA003.Name: {
		http.StatusNotFound: hadEnded,
		http.StatusGone:     hadEnded,
	},
}

const (
	tryAgain      = "Press **Try again**."
	serviceDesk   = "If it happens again, contact your local service desk and quote the reference below."
	askDesk       = "Contact your local service desk and quote the reference below."
	stepNewCard   = "Remove your smartcard and insert it again."
	stepPasscode  = "Enter your passcode, then press **Try again**."
	stepOtherRole = "If you have another role, press **Choose another role**."
	stepNeedRole  = "If you need this role, contact your local service desk and quote the reference below."
	quoteMessage  = "Contact your local service desk. Quote the reference below and the message from e-RS."

	titleRoleRefused = "You cannot use this role at the moment"
	messageFromERS   = "Message from e-RS: {{.Outcome}}"
)

var (
	// notUnderstood is a fault of this program.
	notUnderstood = &problem.Problem{
		Title:    "There is a problem with e-RS Login",
		Happened: "e-RS did not understand e-RS Login. This is a fault in e-RS Login, not something you did.",
		Steps:    []string{askDesk},
	}
	gatewayFailed = &problem.Problem{
		Title:    "e-RS is not available at the moment",
		Happened: "e-RS, or the network in front of it, did not respond in time.",
		Steps:    []string{"Wait a minute, then press **Try again**.", serviceDesk},
		Retry:    true,
	}
	sessionEnded = &problem.Problem{
		Title:    "Your e-RS session has ended",
		Happened: "e-RS ended the session before your role was selected.",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	}
	// onBehalfOf is about the further call of a service provider clinician admin (AUT-005), whose
	// JSON is not public.
	onBehalfOf = &problem.Problem{
		Title: titleRoleRefused,
		Happened: "With this role you work for a clinician, and this version of e-RS Login cannot send e-RS their name yet. " +
			"The role may also no longer be valid for you.",
		Steps: []string{stepNeedRole},
	}
	hadEnded = &problem.Problem{
		Title:    "Your e-RS session had already ended",
		Happened: "e-RS had already closed your session.",
		Steps:    []string{"You do not need to do anything."},
	}
	// NotClosed is for a user who has signed out, where A003 has failed (A003-03): with any error
	// of A003, and its code.
	NotClosed = &problem.Problem{
		Title: "You are signed out here, but e-RS did not confirm it",
		Happened: "Your session on this computer is over, and other applications can no longer use it. " +
			"It may still be open at e-RS.",
		Steps: []string{
			"Remove your smartcard. This ends your session at e-RS.",
			"Press **Done**. e-RS Login asks e-RS again to close the session.",
			serviceDesk,
		},
		Button: "Done",
		Retry:  true,
	}
	redirected = &problem.Problem{
		Code:      "NET-REDIRECT",
		Title:     "Your network redirected the connection to e-RS",
		Happened:  "e-RS never does this. You may need to sign in to the network or Wi-Fi.",
		Technical: "The answer to {{.Call}} was {{.Answer}}",
		Steps: []string{
			"If your network or Wi-Fi asks you to sign in or accept terms, do that in your web browser first.",
			tryAgain,
			serviceDesk,
		},
		Retry: true,
	}
	unexpectedSuccess = &problem.Problem{
		Title:    "e-RS sent an unexpected answer",
		Happened: "e-RS accepted the sign-in in a way that e-RS Login does not know.",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	}
	refusedOtherwise = &problem.Problem{
		Title:    "e-RS refused to sign you in",
		Happened: "e-RS did not say why.",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	}
)
