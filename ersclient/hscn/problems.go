package hscn

import (
	"net/http"

	"github.com/ers-login/ers-login/internal/problem"
)

const (
	serviceDesk   = "If it happens again, contact your local service desk and quote the reference below."
	stepNewCard   = "Remove your smartcard and insert it again."
	stepPasscode  = "Enter your passcode, then press **Try again**."
	stepOtherRole = "If you have another role, press **Choose another role**."
	stepNeedRole  = "If you need this role, contact your local service desk and quote the reference below."
	quoteMessage  = "Contact your local service desk. Quote the reference below and the message from e-RS."

	deskRole = "Check with the Registration Authority that the user's smartcard profile has this role at this organisation, and that e-RS " +
		"knows the organisation. If both are right, contact the e-RS support of NHS England with the reference, the role and the time."

	titleRoleRefused = "You cannot use this role at the moment"
	messageFromERS   = "Message from e-RS: {{.Outcome}}"
)

var settingFQDN = &problem.Problem{
	Code:  "SETTING-FQDN",
	Title: "Your organisation's certificate has no name",
	Happened: "The setting send_fqdn sends the certificate's common name to e-RS, and this " +
		"certificate does not have a usable one.",
	ServiceDesk: []string{
		"Switch send_fqdn off, or check the certificate.",
	},
}

// What a status means for one call in particular.
var callGuidance = map[string]map[int]*problem.Problem{
	callA001.Name: {
		http.StatusForbidden: {
			Title:    "e-RS did not accept your smartcard sign-in",
			Happened: "Your smartcard session may have ended while this window was open.",
			Steps:    []string{stepNewCard, stepPasscode, serviceDesk},
			ServiceDesk: []string{
				"If another user's smartcard works on this computer, ask your Registration Authority to check this user's smartcard.",
				"If no smartcard works, check that base_url, asid and the certificate belong to the same environment of e-RS, and that " +
					"the Identity Agent signs in to that environment too. If they do, contact the e-RS support of NHS England with the " +
					"time and, if the support file has one, the request ID.",
			},
			Retry: true,
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
			ServiceDesk: []string{deskRole},
		},
		http.StatusUnprocessableEntity: {
			Title:    "e-RS did not accept this role",
			Happened: "e-RS rejected the role that you chose.",
			Quoted:   messageFromERS,
			Steps:    []string{quoteMessage},
			ServiceDesk: []string{
				"If the message does not say what to change, contact the e-RS support of NHS England. Quote the message, if there is " +
					"one, the reference, the role and the time.",
			},
		},
		http.StatusNotFound: sessionEnded,
		http.StatusGone:     sessionEnded,
	},
	callA003.Name: {
		http.StatusNotFound: hadEnded,
		http.StatusGone:     hadEnded,
	},
}

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
		ServiceDesk: []string{
			"In this version the role can be used with NHS Care Identity alone: see the setting platform. Otherwise the user needs another role.",
		},
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
