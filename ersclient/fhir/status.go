package fhir

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// statusProblem makes the Problem of a status. Every 401 is an ersclient.ErrProofRefused: the same
// token is refused again.
func statusProblem(cause *transport.StatusError) *problem.Problem {
	if cause.Status == http.StatusUnauthorized {
		cause.Meaning = ersclient.ErrProofRefused
	}
	for _, one := range refusals {
		if one.status == cause.Status && says(cause.Outcome, one.says) {
			return one.problemOf(cause)
		}
	}
	return transport.StatusProblem(cause, statusGuidance[cause.Status])
}

// says reports whether e-RS's description has these words, in any case.
func says(outcome transport.Outcome, words string) bool {
	for _, issue := range outcome.Issues {
		if strings.Contains(strings.ToLower(issue.Diagnostics), words) {
			return true
		}
	}
	return false
}

// refusal is a reason for a status that needs a remedy of its own.
type refusal struct {
	status int
	// says is in the diagnostics, in lower case.
	says string
	// suffix makes a reference of its own, for the service desk.
	suffix  string
	problem *problem.Problem
}

func (r refusal) problemOf(cause *transport.StatusError) *problem.Problem {
	made := *r.problem
	made.Code = fmt.Sprintf("ERS-%s-%d-%s", cause.Call, cause.Status, r.suffix)
	return transport.StatusProblem(cause, &made)
}

// refusals differ in the words of e-RS's diagnostics alone, since e-RS gives all the same
// code. In other words a refusal has the text of its status.
var refusals = []refusal{
	{http.StatusUnauthorized, "authentication method", "LEVEL", levelTooLow},
	{http.StatusUnauthorized, "verify your identity", "IDENTITY", identityTooLow},
	{http.StatusForbidden, "asid", "ASID", asidMissing},
	{http.StatusForbidden, "business function", "FUNCTION", functionNotHeld},
	{http.StatusForbidden, "ods code", "ODS", organisationNotAllowed},
}

// statusGuidance is what a status means on this platform, where transport's guidance for all calls
// does not hold.
var statusGuidance = map[int]*problem.Problem{
	http.StatusUnauthorized: {
		Title:    "Your sign-in to e-RS has ended",
		Happened: "e-RS no longer accepts your sign-in (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusForbidden: {
		Title:    "e-RS did not allow this",
		Happened: "e-RS does not regard you as authorised for this (e-RS answered {{.Answer}} to {{.Call}}).",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	},
	http.StatusNotAcceptable: {
		Title: "e-RS cannot answer e-RS Login",
		Happened: "e-RS does not offer the kind of answer that e-RS Login asked for (e-RS answered {{.Answer}} to " +
			"{{.Call}}).",
		Steps: []string{
			"Give your local service desk the reference below. They can check the address of e-RS in the settings, and " +
				"whether there is a newer version of e-RS Login.",
		},
	},
}

const (
	serviceDesk   = "If it happens again, give your local service desk the reference below."
	tryAgain      = "Press **Try again**."
	stepOtherRole = "Press **Try again**, and choose another role."
	quoted        = "In the words of e-RS: {{.Outcome}}"
)

var (
	levelTooLow = &problem.Problem{
		Title: "e-RS needs a more secure way to sign in",
		Happened: "The way in which you signed in with NHS Care Identity is not secure enough for e-RS (e-RS answered " +
			"{{.Answer}} to {{.Call}}).",
		Quoted: quoted,
		Steps: []string{
			"Press **Try again**, and sign in another way, such as with your smartcard or a security key.",
			"If you have no other way, ask your Registration Authority for one, with the reference below.",
		},
		Retry: true,
	}
	identityTooLow = &problem.Problem{
		Title:    "e-RS needs better proof of your identity",
		Happened: "Your NHS Care Identity has not been verified as e-RS needs it (e-RS answered {{.Answer}} to {{.Call}}).",
		Quoted:   quoted,
		Steps: []string{
			"Ask your Registration Authority to verify your identity to a higher level, with the reference below.",
		},
	}
	asidMissing = &problem.Problem{
		Title: "e-RS Login is not fully registered for e-RS",
		Happened: "The registration of your organisation's application has no ASID (e-RS answered {{.Answer}} to {{.Call}}). " +
			"Nobody can sign in to e-RS with it.",
		Steps: []string{
			"Give your local service desk the reference below.",
			"For the service desk: ask NHS England to add the ASID to the application's registration on the NHS API platform. " +
				"No setting of e-RS Login does it.",
		},
	}
	functionNotHeld = &problem.Problem{
		Title: "e-RS did not let you work in this role",
		Happened: "By the records of e-RS, you do not have this role at this organisation (e-RS answered {{.Answer}} to " +
			"{{.Call}}).",
		Steps: []string{
			stepOtherRole,
			"If you need this role, ask your Registration Authority to add it, with the reference below.",
		},
		Retry: true,
	}
	organisationNotAllowed = &problem.Problem{
		Title: "e-RS Login may not be used for this organisation",
		Happened: "The registration of the application does not cover this organisation (e-RS answered {{.Answer}} to " +
			"{{.Call}}).",
		Steps: []string{
			"Press **Try again**, and choose another organisation.",
			"If you need this one, give your local service desk the reference below.",
			"For the service desk: ask NHS England to add the organisation's ODS code to the application's allow list.",
		},
		Retry: true,
	}
)
