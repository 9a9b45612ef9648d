package fhir

import (
	"fmt"
	"net/http"
	"slices"
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
	own := statusGuidance[cause.Status]
	for _, one := range refusals {
		if one.status == cause.Status && says(cause.Outcome, one.says) {
			own = one.guidance(cause.Call)
			break
		}
	}
	return withOtherRole(cause, own)
}

// withOtherRole makes the Problem, which leads to another role where e-RS has refused one.
func withOtherRole(cause *transport.StatusError, own *problem.Problem) *problem.Problem {
	made := transport.StatusProblem(cause, own)
	if cause.Call == callA040.Name && !made.Retry {
		// The same role would be refused again, and e-RS offers others.
		made.Steps = slices.Concat([]string{"If you have another role, press **Choose another role**."}, made.Steps)
		made.Button, made.Retry = "Choose another role", true
	}
	return made
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

func (r refusal) guidance(call string) *problem.Problem {
	made := *r.problem
	made.Code = fmt.Sprintf("ERS-%s-%d-%s", call, r.status, r.suffix)
	return &made
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
		Happened: "e-RS no longer accepts your sign-in.",
		Steps:    []string{"Press **Try again** to sign in again.", serviceDesk},
		Retry:    true,
	},
	http.StatusForbidden: {
		Title:    "e-RS did not allow this",
		Happened: "e-RS says that you are not authorised for this.",
		Steps:    []string{tryAgain, serviceDesk},
		Retry:    true,
	},
	http.StatusNotAcceptable: {
		Title:       "There is a problem with e-RS Login",
		Happened:    "e-RS does not offer the kind of answer that e-RS Login needs.",
		Steps:       []string{askDesk},
		ServiceDesk: []string{"Check the setting fhir_base_url, and whether there is a newer version of e-RS Login."},
	},
}

const (
	serviceDesk = "If it happens again, contact your local service desk and quote the reference below."
	askDesk     = "Contact your local service desk and quote the reference below."
	tryAgain    = "Press **Try again**."
	quoted      = "Message from e-RS: {{.Outcome}}"
)

var (
	levelTooLow = &problem.Problem{
		Title:    "e-RS needs a more secure way to sign in",
		Happened: "The way you signed in with NHS Care Identity is not secure enough for e-RS.",
		Quoted:   quoted,
		Steps: []string{
			"Press **Try again**, and sign in another way, such as with your smartcard or a security key.",
			"If you have no other way, ask your Registration Authority for one. Quote the reference below.",
		},
		Retry: true,
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
		Steps:    []string{askDesk},
		ServiceDesk: []string{
			"Ask NHS England to add the ASID to the application's registration on the NHS API platform. No setting of e-RS Login does it.",
		},
	}
	functionNotHeld = &problem.Problem{
		Title:    "You cannot use this role at the moment",
		Happened: "By the records of e-RS, you do not have this role at this organisation.",
		Steps:    []string{"If you need this role, ask your Registration Authority to add it. Quote the reference below."},
	}
	organisationNotAllowed = &problem.Problem{
		Title:       "e-RS Login may not be used for this organisation",
		Happened:    "The registration of e-RS Login does not cover this organisation.",
		Steps:       []string{"If you need this organisation, contact your local service desk and quote the reference below."},
		ServiceDesk: []string{"Ask NHS England to add the organisation's ODS code to the application's allow list."},
	}
)
