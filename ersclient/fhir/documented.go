package fhir

import (
	"maps"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// StatusProblems returns the Problems of all calls, for the list of codes in the documentation: see
// [transport.StatusProblems].
func StatusProblems() []*problem.Problem {
	var list []*problem.Problem
	for _, call := range []transport.Call{callA030, callA040} {
		own := slices.Collect(maps.Keys(statusGuidance))
		list = append(list, transport.StatusProblems(call, own, statusProblem)...)
		for _, one := range refusals {
			if call == callA030 && one.status == http.StatusForbidden && one.problem != asidMissing {
				continue // A030 names no role
			}
			list = append(list, withOtherRole(&transport.StatusError{
				Call: call.Name, Method: call.Method, Status: one.status,
				Outcome: transport.Outcome{Issues: []transport.Issue{{Diagnostics: "{{.Outcome}}"}}},
			}, one.guidance(call.Name)))
		}
	}
	return list
}
