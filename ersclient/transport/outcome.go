package transport

import (
	"encoding/json"
	"errors"
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
	// Fault is that of Apigee, the gateway of the FHIR API.
	Fault *struct {
		Faultstring string `json:"faultstring"`
		Detail      struct {
			Errorcode string `json:"errorcode"`
		} `json:"detail"`
	} `json:"fault"`
}

// cleanWithout returns a function that makes a text from outside one short line without secrets.
func cleanWithout(secrets []secret.Text) func(string) string {
	return func(text string) string { return problem.Clean(mask(text, secrets), maxOutcomeText) }
}

// decodeOutcome reads the body of an error. Any other body, as many are, yields an empty Outcome,
// and a member of another type than documented is left out. The call's secrets are masked, since a
// server may quote what it refuses.
func decodeOutcome(body []byte, secrets []secret.Text) Outcome {
	var wire wireOutcome
	var mismatch *json.UnmarshalTypeError
	err := json.Unmarshal(body, &wire)
	if err != nil && !errors.As(err, &mismatch) || wire.ResourceType != "" && wire.ResourceType != "OperationOutcome" {
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
	if wire.Fault != nil {
		issue := Issue{Severity: "error", Code: clean(wire.Fault.Detail.Errorcode), Diagnostics: clean(wire.Fault.Faultstring)}
		outcome.Issues = append(outcome.Issues, issue)
	}
	return outcome
}
