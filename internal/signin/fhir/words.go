package fhir

import (
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// MissingBrowser is what a user has to do who is not signed in and has no browser open for it.
var MissingBrowser = signin.Missing{
	Name: "browser", Picture: signin.PictureBrowser, Title: "Sign in to e-RS",
	Text:  "Your web browser opens. Use your smartcard, security key, passkey or Windows Hello there.",
	Again: "Your web browser opens. Use your smartcard, security key, passkey or Windows Hello there.",
}

// Prompting is what a user has to do while the browser is open.
var Prompting = signin.Missing{
	Name: "browser-open", Picture: signin.PictureBrowser, Title: "Finish signing in in your web browser",
	Text: "Sign in there with NHS Care Identity. This window comes back by itself.",
}

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

// about is what the platform says of itself.
var about = signin.About{
	Start: signin.Report{
		Source:  signin.Link{Health: signin.HealthAttention, Text: "Not signed in"},
		Missing: MissingBrowser,
	},
	Ready:     MissingBrowser,
	Prompting: Prompting,
	InPlace:   true,
	Calls: struct{ Prompt, Open, Select, Refresh, Close string }{
		Prompt: "browser", Open: "code, userinfo, A030", Select: "A040", Refresh: "refresh", Close: "sign-out",
	},
	Unseen: unseen, NoRoles: noRoles, NotClosed: notClosed,
}

// About returns names for the log, and words for the window.
func (p *Platform) About() signin.About { return about }
