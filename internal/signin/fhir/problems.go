package fhir

import "github.com/ers-login/ers-login/internal/problem"

var (
	// noClinicians is about a service provider clinician admin whom no clinician has named.
	noClinicians = &problem.Problem{
		Code:     "ERS-A040-NONE",
		Title:    "There is no clinician you can work for",
		Button:   "Choose another role",
		Happened: "In this role you work for a clinician, and e-RS has none for you at this organisation.",
		Steps: []string{
			"If you have another role, press **Choose another role**.",
			"Ask the clinician, or your e-RS manager, to give you access.",
		},
		Retry: true,
	}
	// noRoles is about a user for whom e-RS has nothing.
	noRoles = &problem.Problem{
		Code:     "ERS-A030-NO_ROLES",
		Title:    "You have no role in e-RS",
		Happened: "NHS Care Identity knows you, but your profile has no e-RS role. You have been signed out.",
		Steps: []string{
			"Ask your organisation's Registration Authority for an e-RS role.",
			"When they have done this, press **Try again** and sign in.",
		},
		ServiceDesk: []string{
			"Check with the Registration Authority that the user's profile has an e-RS role, and that its organisation uses e-RS.",
		},
		Retry: true,
	}
	// spent is about a sign-in in the browser that was used already.
	spent = &problem.Problem{
		Code:     "CIS2-SPENT",
		Title:    "Sign in again",
		Happened: "Each sign-in in the browser can be used once.",
		Steps:    []string{"Press **Try again**, and sign in in your web browser."},
		Retry:    true,
	}
	// usedUp is about a session whose refresh was refused after an answer to the one before was lost.
	usedUp = &problem.Problem{
		Code:        "CIS2-REFRESH_LOST",
		Title:       "You have been signed out of e-RS",
		Button:      "Sign in",
		Happened:    "The answer of the sign-in service was lost when your session was last renewed, so it cannot be renewed again.",
		Steps:       []string{"Sign in again.", "If it happens again, contact your local service desk and quote the reference below."},
		ServiceDesk: []string{"Check the network between this computer and the sign-in service, and the proxy."},
		Retry:       true,
	}
	// unseen is about a sign-in whose outcome did not arrive.
	unseen = &problem.Problem{
		Code:     "CIS2-UNSEEN",
		Title:    "Your sign-in did not arrive",
		Happened: "The browser said that you have signed in, but e-RS Login did not get it.",
		Steps:    []string{"Press **Try again**, and sign in in your web browser."},
		Retry:    true,
	}
	// notClosed cannot happen: closing calls nothing.
	notClosed = &problem.Problem{Title: "You are signed out", Happened: "The access to e-RS ends by itself within ten minutes."}
)
