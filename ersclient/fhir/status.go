package fhir

import (
	"cmp"
	"fmt"
	"maps"
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
	if cause.Call == callA040.Name {
		own = cmp.Or(cliniciansGuidance[cause.Status], own)
	}
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
		made.Steps = slices.Concat([]string{"If you have another role, press **Choose another role**."}, made.WhatToDo())
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
