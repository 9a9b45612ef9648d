package transport

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/internal/problem"
)

// StatusProblem makes the Problem of a status. own is the text for this call and status, nil for
// the published guidance that all calls share; its code may be empty for ERS-call-status.
func StatusProblem(cause *StatusError, own *problem.Problem) *problem.Problem {
	if own == nil {
		own = guidanceFor(cause)
	}
	made := *own
	if made.Code == "" {
		made.Code = fmt.Sprintf("ERS-%s-%d", cause.Call, cause.Status)
	}
	if cause.Outcome.Text() == "" && made.Quoted != "" {
		made.Quoted = ""
		if !made.Retry { // its step is to quote the message
			made.Steps = nil
		}
	}
	if len(made.ServiceDesk) == 0 && !FromNetwork(cause.Status) && (made.Retry || len(made.Steps) == 0) {
		made.ServiceDesk = []string{deskERS}
	}
	if made.Technical == "" {
		made.Technical = "e-RS answered {{.Answer}} to {{.Call}}"
	}
	return made.
		With("Call", cause.Call).
		With("Answer", cause.Answer()).
		With("Outcome", cause.Outcome.Text()).
		Because(cause)
}

// FromNetwork reports whether a status comes from the network in place of e-RS.
func FromNetwork(status int) bool {
	known := statusGuidance[status]
	return status/100 == 3 || known != nil && known.Code != ""
}

// StatusProblems returns the Problems of a call for the list of codes in the documentation: of the
// statuses with guidance, the call's own among them, and of an unusable answer. Their texts are
// templates: {{.Answer}} and {{.Outcome}} are left in. refused is the call's Request.Refused.
func StatusProblems(call Call, own []int, refused func(*StatusError) *problem.Problem) []*problem.Problem {
	var list []*problem.Problem
	statuses := append(slices.Collect(maps.Keys(statusGuidance)), own...)
	slices.Sort(statuses)
	for _, status := range slices.Compact(statuses) {
		cause := &StatusError{Call: call.Name, Method: call.Method, Status: status}
		if status == http.StatusUnprocessableEntity {
			cause.Outcome = Outcome{Issues: []Issue{{Diagnostics: "{{.Outcome}}"}}}
		}
		list = append(list, refused(cause))
	}
	if call.Success != 0 { // without content nothing can be missing
		list = append(list, unusable(call, errors.New("for the list")))
	}
	return list
}

// guidanceFor chooses the text: the status's, or that of its class.
func guidanceFor(cause *StatusError) *problem.Problem {
	status := cause.Status
	switch {
	case status/100 == 3:
		return NotERS
	case statusGuidance[status] != nil:
		return statusGuidance[status]
	case status/100 == 2:
		return unexpectedSuccess
	case status/100 == 5:
		return statusGuidance[http.StatusInternalServerError]
	}
	return refusedOtherwise
}
