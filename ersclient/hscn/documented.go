package hscn

import (
	"maps"
	"slices"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// StatusProblems returns the Problems of all calls, for the list of codes in the documentation: see
// [transport.StatusProblems].
func StatusProblems() []*problem.Problem {
	var list []*problem.Problem
	for _, call := range []transport.Call{callA001, callA002, callA003} {
		own := slices.Collect(maps.Keys(callGuidance[call.Name]))
		list = append(list, transport.StatusProblems(call, own, func(cause *transport.StatusError) *problem.Problem {
			return statusProblem(request{call: call}, cause)
		})...)
	}
	return list
}
