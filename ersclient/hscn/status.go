package hscn

import (
	"maps"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// meanings are what a program decides by, where the status has a meaning for a call.
var meanings = map[string]map[int]error{
	// The same ticket will be refused again.
	callA001.Name: {http.StatusForbidden: ersclient.ErrProofRefused},
	callA003.Name: {http.StatusNotFound: ersclient.ErrSessionGone, http.StatusGone: ersclient.ErrSessionGone},
}

// statusProblem makes the Problem of a status, with the published guidance.
func statusProblem(r request, cause *transport.StatusError) *problem.Problem {
	cause.Meaning = meanings[r.call.Name][cause.Status]
	made := transport.StatusProblem(cause, ownGuidance(r, cause.Status))
	if r.call == callA002 {
		made.Happened = problem.Sentences(made.Happened, "You are not signed in.")
	}
	if r.call == callA002 && !made.Retry {
		// The same role would be refused again, and e-RS offers others.
		made.Steps = slices.Concat([]string{stepOtherRole}, made.WhatToDo())
		made.Button, made.Retry = "Choose another role", true
	}
	return made
}

// ownGuidance returns the text of a status for a call in particular, nil if it has none.
func ownGuidance(r request, status int) *problem.Problem {
	switch own := callGuidance[r.call.Name][status]; {
	case r.call == callA002 && r.permission.BusinessFunction == ersclient.ServiceProviderClinicianAdmin && status == http.StatusForbidden:
		return onBehalfOf
	case own != nil:
		return own
	case r.call == callA003 && !transport.FromNetwork(status):
		// What a status means for a sign-in is of no use to a user who leaves.
		return NotClosed
	}
	return nil
}

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
