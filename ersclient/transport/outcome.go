package transport

import (
	"cmp"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Bounds on an OperationOutcome: issues, and characters of one text.
const (
	maxIssues      = 10
	maxOutcomeText = 200
)

// Outcome is e-RS's description of a request that it refused: an OperationOutcome of FHIR STU3 or
// R4, or the fault of the gateway before it. It is empty if the answer had none. All texts are
// single lines, bounded, and free of the call's secrets.
type Outcome struct {
	// Issues holds at most ten.
	Issues []Issue
}

// Issue is one fault in the request.
type Issue struct {
	// Code is FHIR's, such as "invalid".
	Code string
	// Details are the displays of e-RS's own codes, or the codes if they have no display.
	Details []string
	// Diagnostics is free text from e-RS.
	Diagnostics string
}

// Text returns the text to show: each issue's diagnostics, or its details if it has none. It is ""
// if there is neither.
func (o Outcome) Text() string {
	var texts []string
	for _, issue := range o.Issues {
		switch {
		case issue.Diagnostics != "":
			texts = append(texts, issue.Diagnostics)
		case len(issue.Details) > 0:
			texts = append(texts, strings.Join(issue.Details, ", "))
		}
	}
	return problem.Clean(strings.Join(texts, "; "), maxOutcomeText)
}

// cleanWithout returns a function that makes a text from outside one short line without secrets.
func cleanWithout(secrets []secret.Text) func(string) string {
	return func(text string) string { return problem.Clean(mask(text, secrets), maxOutcomeText) }
}

// decodeOutcome reads the body of an error. Any other body, as many are, yields an empty Outcome,
// and a member of another type than documented is left out. The call's secrets are masked, since a
// server may quote what it refuses.
func decodeOutcome(body []byte, secrets []secret.Text) Outcome {
	root, err := ParseObject(body)
	if kind := root.Text("resourceType"); err != nil || kind != "" && kind != "OperationOutcome" {
		return Outcome{}
	}
	clean := cleanWithout(secrets)
	var outcome Outcome
	for one := range root.List("issue") {
		if len(outcome.Issues) == maxIssues {
			break
		}
		issue := Issue{Code: clean(one.Text("code")), Diagnostics: clean(one.Text("diagnostics"))}
		for coding := range one.Object("details").List("coding") {
			text := cmp.Or(clean(coding.Text("display")), clean(coding.Text("code")))
			if text != "" && len(issue.Details) < maxIssues {
				issue.Details = append(issue.Details, text)
			}
		}
		outcome.Issues = append(outcome.Issues, issue)
	}
	// That of Apigee, the gateway of the FHIR API.
	if fault := root.Object("fault"); !fault.Missing() {
		issue := Issue{Code: clean(fault.Object("detail").Text("errorcode")), Diagnostics: clean(fault.Text("faultstring"))}
		outcome.Issues = append(outcome.Issues, issue)
	}
	return outcome
}
