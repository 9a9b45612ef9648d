package hscn

import (
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
	return transport.StatusProblem(cause, ownGuidance(r, cause.Status))
}

// ownGuidance returns the text of a status for a call in particular, nil if it has none.
func ownGuidance(r request, status int) *problem.Problem {
	switch own := callGuidance[r.call.Name][status]; {
	case r.call == callA002 && r.permission.BusinessFunction == ersclient.ServiceProviderClinicianAdmin && status == http.StatusForbidden:
		return onBehalfOf
	case own != nil:
		return own
	case r.call == callA003 && status/100 != 3 && !transport.HasGuidance(status):
		return notClosed
	}
	return nil
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
	serviceDesk  = "If it happens again, give your local service desk the reference below."
	askDesk      = "Give your local service desk the reference below."
	stepNewCard  = "Remove your smartcard and insert it again."
	stepPasscode = "Enter your passcode, then press **Try again**."
)

var (
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
)
