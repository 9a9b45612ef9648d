package fhir

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/transport"
)

var codeForm = regexp.MustCompile(`^(ERS-A0[34]0-[0-9]{3}(-(LEVEL|IDENTITY|ASID|FUNCTION|ODS))?|NET-[A-Z_]+)$`)

// FuzzRefusal feeds e-RS's words: whatever they are, the screen is whole and in our words.
func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{"", "ASID is not configured in the application", "business function, ODS code", "{{.Outcome}}", "{{.Call}}"} {
		f.Add(403, seed)
		f.Add(401, seed)
	}
	f.Fuzz(func(t *testing.T, status int, diagnostics string) {
		if status < 200 || status > 599 {
			return
		}
		made := statusProblem(&transport.StatusError{
			Call: "A040", Method: "GET", Status: status,
			Outcome: transport.Outcome{Issues: []transport.Issue{{Diagnostics: diagnostics}}},
		})
		require.Regexp(t, codeForm, made.Code)
		for _, text := range append([]string{made.Title, made.Happened}, made.WhatToDo()...) {
			shown := made.Expand(text)
			require.NotContains(t, shown, "{{")
			require.False(t, len(diagnostics) > 30 && strings.Contains(shown, diagnostics))
		}
	})
}

// The documentation has every code once, with its remedy.
func TestStatusProblemsAreDocumented(t *testing.T) {
	codes := map[string]bool{}
	for _, p := range StatusProblems() {
		codes[p.Code] = true
	}
	for _, code := range []string{
		"ERS-A030-401", "ERS-A030-401-LEVEL", "ERS-A030-401-IDENTITY", "ERS-A030-403", "ERS-A030-403-ASID", "ERS-A030-406", "ERS-A030-ANSWER",
		"ERS-A040-403-FUNCTION", "ERS-A040-403-ODS", "ERS-A040-403-ASID", "ERS-A040-429", "ERS-A040-503", "ERS-A040-ANSWER",
	} {
		require.True(t, codes[code], code)
	}
	require.False(t, codes["ERS-A030-403-FUNCTION"], "A030 names no role")
}

// A user for whom the list of clinicians fails has signed in, and goes back to the roles.
func TestAFaultOfTheListOfCliniciansSaysNothingOfSigningIn(t *testing.T) {
	p := statusProblem(&transport.StatusError{Call: callA040.Name, Status: http.StatusInternalServerError})
	require.Equal(t, "ERS-A040-500", p.Code)
	require.NotContains(t, p.Happened, "sign-in")
	require.Contains(t, p.WhatToDo()[0], "choose the role again")
	require.True(t, p.Retry)
	p = statusProblem(&transport.StatusError{Call: callA030.Name, Status: http.StatusInternalServerError})
	require.Contains(t, p.Happened, "sign-in")
}
