package hscn

import (
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
	made := transport.StatusProblem(cause, ownGuidance(r, cause.Status))
	if r.call == callA002 && !made.Retry {
		// The same role would be refused again, and e-RS offers others.
		made.Steps = slices.Concat([]string{stepOtherRole}, made.Steps)
		made.Button, made.Retry = "Choose another role", true
	}
	return made
}

// ownGuidance returns the text of a status for a call in particular, nil if it has none.
func ownGuidance(r request, status int) *problem.Problem {
	switch own := callGuidance[r.call.Name][status]; {
	case r.call == callA002 && r.permission.BusinessFunction == ersclient.ServiceProviderClinicianAdmin && status == http.StatusForbidden:
		return onBehalfOf
	case own != nil:
		return own
	case r.call == callA003 && !transport.FromNetwork(status):
		// What a status means for a sign-in is of no use to a user who leaves.
		return NotClosed
	}
	return nil
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
)
