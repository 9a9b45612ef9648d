package transport

import (
	"encoding/json"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Bounds on an OperationOutcome: issues, and characters of one text.
const (
	maxIssues      = 10
	maxOutcomeText = 200
)

// Outcome is e-RS's description of a request that failed validation: an eRS-OperationOutcome-1, a
// FHIR STU3 OperationOutcome. It is empty if the answer had none. All texts are single lines,
// bounded, and free of the call's secrets.
type Outcome struct {
	// Issues holds at most ten.
	Issues []Issue
}

// Issue is one fault in the request.
type Issue struct {
	// Severity and Code are FHIR's, such as "error" and "invalid".
	Severity, Code string
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

type wireOutcome struct {
	ResourceType string `json:"resourceType"`
	Issue        []struct {
		Severity string `json:"severity"`
		Code     string `json:"code"`
		Details  *struct {
			Coding []struct {
				Code    string `json:"code"`
				Display string `json:"display"`
			} `json:"coding"`
		} `json:"details"`
		Diagnostics string `json:"diagnostics"`
	} `json:"issue"`
}

// cleanWithout returns a function that makes a text from outside one short line without secrets.
func cleanWithout(secrets []secret.Text) func(string) string {
	return func(text string) string { return problem.Clean(mask(text, secrets), maxOutcomeText) }
}

// decodeOutcome reads the body of an error. Any other body, as many are, yields an empty Outcome.
// The call's secrets are masked, since a server may quote what it refuses.
func decodeOutcome(body []byte, secrets []secret.Text) Outcome {
	var wire wireOutcome
	if json.Unmarshal(body, &wire) != nil || wire.ResourceType != "" && wire.ResourceType != "OperationOutcome" {
		return Outcome{}
	}
	clean := cleanWithout(secrets)
	var outcome Outcome
	for _, one := range wire.Issue[:min(len(wire.Issue), maxIssues)] {
		issue := Issue{Severity: clean(one.Severity), Code: clean(one.Code), Diagnostics: clean(one.Diagnostics)}
		if one.Details != nil {
			for _, coding := range one.Details.Coding[:min(len(one.Details.Coding), maxIssues)] {
				if text := clean(coding.Display); text != "" {
					issue.Details = append(issue.Details, text)
				} else if text := clean(coding.Code); text != "" {
					issue.Details = append(issue.Details, text)
				}
			}
		}
		outcome.Issues = append(outcome.Issues, issue)
	}
	return outcome
}
