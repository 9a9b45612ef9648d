package fhir

import (
	"net/http"

	"github.com/ers-login/ers-login/internal/problem"
)

const (
	serviceDesk = "If it happens again, contact your local service desk and quote the reference below."
	tryAgain    = "Press **Try again**."
	quoted      = "Message from e-RS: {{.Outcome}}"
)

// statusGuidance is what a status means on this platform, where transport's guidance for all calls
// does not hold.
var statusGuidance = map[int]*problem.Problem{
	http.StatusUnauthorized: {
		Title:    "Your sign-in to e-RS has ended",
		Happened: "e-RS no longer accepts your sign-in.",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusForbidden: {
		Title:    "e-RS did not let you in",
		Happened: "e-RS does not allow you, your organisation or e-RS Login to see what you can work as.",
		Quoted:   quoted,
		Steps:    []string{tryAgain, serviceDesk},
		ServiceDesk: []string{
			"If other users can sign in on this computer, check with the Registration Authority what this user can do in e-RS.",
			"If no user can, check that fhir_base_url, oauth_url and client_id belong to the same environment. If they do, contact the e-RS " +
				"support of NHS England. Quote the message, if there is one, the reference, the time and, if the support file has one, the " +
				"request ID (X-Correlation-ID).",
		},
		Retry: true,
	},
	http.StatusNotAcceptable: {
		Title:       "There is a problem with e-RS Login",
		Happened:    "e-RS does not offer the kind of answer that e-RS Login needs.",
		ServiceDesk: []string{"Check the setting fhir_base_url, and whether there is a newer version of e-RS Login."},
	},
}

// cliniciansGuidance is what a status of A040 means: the user has signed in, and chooses.
var cliniciansGuidance = map[int]*problem.Problem{
	http.StatusForbidden: {
		Title:       "You cannot use this role at the moment",
		Happened:    "e-RS does not allow you to see who you can work for.",
		Quoted:      quoted,
		Steps:       []string{"If you need this role, contact your local service desk and quote the reference below."},
		ServiceDesk: []string{"Check with the Registration Authority that the user has this role at this organisation."},
	},
	http.StatusInternalServerError: {
		Title:    "There is a problem with e-RS",
		Happened: "e-RS could not say who you can work for.",
		Steps:    []string{"Press **Try again** to choose the role again.", serviceDesk},
		Retry:    true,
	},
}

var (
	levelTooLow = &problem.Problem{
		Title:    "e-RS needs a more secure way to sign in",
		Happened: "The way you signed in with NHS Care Identity is not secure enough for e-RS.",
		Quoted:   quoted,
		Steps: []string{
			"Press **Try again**, and sign in another way, such as with your smartcard or a security key.",
			"If you have no other way, ask your Registration Authority for one. Quote the reference below.",
		},
		ServiceDesk: []string{"If the user signed in with a smartcard or security key, check the setting acr_values."},
		Retry:       true,
	}
	identityTooLow = &problem.Problem{
		Title:    "e-RS needs better proof of your identity",
		Happened: "Your identity has not been verified to the level that e-RS needs.",
		Quoted:   quoted,
		Steps:    []string{"Ask your Registration Authority to verify your identity to a higher level. Quote the reference below."},
	}
	asidMissing = &problem.Problem{
		Title:    "e-RS Login is not fully registered for e-RS",
		Happened: "The registration of your organisation is not complete, so you cannot sign in to e-RS.",
		ServiceDesk: []string{
			"Ask NHS England to add the ASID to the application's registration on the NHS API platform. No setting of e-RS Login does it.",
		},
	}
	functionNotHeld = &problem.Problem{
		Title:       "You cannot use this role at the moment",
		Happened:    "By the records of e-RS, you do not have this role at this organisation.",
		Quoted:      quoted,
		Steps:       []string{"If you need this role, ask your Registration Authority to add it. Quote the reference below."},
		ServiceDesk: []string{"Check with the Registration Authority that the user has this role at this organisation."},
	}
	organisationNotAllowed = &problem.Problem{
		Title:       "e-RS Login may not be used for this organisation",
		Happened:    "The registration of e-RS Login does not cover this organisation.",
		Steps:       []string{"If you need this organisation, contact your local service desk and quote the reference below."},
		ServiceDesk: []string{"Ask NHS England to add the organisation's ODS code to the application's allow list."},
	}
)
