package hscn

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// StatusProblems returns the Problems of all calls and statuses with guidance of their own, and of
// unusable answers, for the list of codes in the documentation. Their texts are templates:
// {{.Answer}} and {{.Outcome}} are left in.
func StatusProblems() []*problem.Problem {
	var list []*problem.Problem
	for _, call := range []transport.Call{callA001, callA002, callA003} {
		statuses := slices.Collect(maps.Keys(statusGuidance))
		for status := range callGuidance[call.Name] {
			if !slices.Contains(statuses, status) {
				statuses = append(statuses, status)
			}
		}
		slices.Sort(statuses)
		for _, status := range statuses {
			cause := &transport.StatusError{Call: call.Name, Method: call.Method, Status: status}
			if status == http.StatusUnprocessableEntity {
				cause.Outcome = transport.Outcome{Issues: []transport.Issue{{Diagnostics: "{{.Outcome}}"}}}
			}
			list = append(list, statusProblem(request{call: call}, cause))
		}
		if call != callA003 { // A003's answer has no content that could be missing
			list = append(list, transport.Unusable(call, errors.New("for the list")))
		}
	}
	return list
}
