package transport

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/secret"
)

// The service desk works with these texts. They are shown to clinicians, so they are short and on
// one line.
func TestOutcome(t *testing.T) {
	cases := map[string]struct{ body, want string }{
		"diagnostics": {
			`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",` +
				`"details":{"coding":[{"system":"s","code":"C","display":"Shown"}]},"diagnostics":" Said\nin  two lines "}]}`,
			"Said in two lines",
		},
		"details alone": {
			`{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"code":"C","display":"Shown"},{"code":"D"}]}}]}`,
			"Shown, D",
		},
		"two issues": {`{"issue":[{"diagnostics":"one"},{"details":{"coding":[{"display":"two"}]}},{"severity":"error"}]}`, "one; two"},
		"nulls":      {`{"resourceType":null,"issue":[{"details":null,"diagnostics":null},{"details":{"coding":null}}]}`, ""},
		"a member of another type": {
			`{"resourceType":"OperationOutcome","issue":[{"code":5,"details":"none","diagnostics":"one"},"two",{"diagnostics":"three"}]}`,
			"one; three",
		},
		"the gateway's fault": {
			`{"fault":{"faultstring":"Access Token\nexpired","detail":{"errorcode":"keymanagement.service.access_token_expired"}}}`,
			"Access Token expired",
		},
		"a fault without text": {`{"fault":{"faultstring":null,"detail":null}}`, ""},
		"a fault that is text": {`{"fault":"Access Token expired"}`, ""},
		"text":                 {`Access Token expired`, ""},
		"a quoted text":        {`"Access Token expired"`, ""},
		"no issue":             {`{"resourceType":"OperationOutcome"}`, ""},
		"another resource":     {`{"resourceType":"Patient","issue":[{"diagnostics":"one"}]}`, ""},
		"a page":               {`<html>`, ""},
		"nothing":              {``, ""},
		"half":                 {`{"issue":[{"diagn`, ""},
		"a secret of the known form": {
			`{"issue":[{"diagnostics":"session pro-xapi-session_222c42c7-820f of AQIC5wM2LY4=@AAJTSQACMDE=# ended"}]}`,
			"session [secret] of [secret] ended",
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, one.want, decodeOutcome([]byte(one.body), nil).Text())
		})
	}
}

func TestAnOutcomeIsBounded(t *testing.T) {
	issues := strings.Repeat(`{"diagnostics":"`+strings.Repeat("ß", 1000)+`","details":{"coding":[`+
		strings.Repeat(`{"code":"C"},`, 100)+`{"code":"C"}]}},`, 100)
	outcome := decodeOutcome([]byte(`{"issue":[`+issues+`{}]}`), nil)
	require.Len(t, outcome.Issues, maxIssues)
	require.Len(t, outcome.Issues[0].Details, maxIssues)
	require.LessOrEqual(t, utf8.RuneCountInString(outcome.Issues[0].Diagnostics), maxOutcomeText)
	require.LessOrEqual(t, utf8.RuneCountInString(outcome.Text()), maxOutcomeText)
}

// FuzzOutcome feeds error bodies, which can come from any machine between here and e-RS.
func FuzzOutcome(f *testing.F) {
	for _, seed := range []string{
		"", "null", "<html>", `{"fault":{"faultstring":"f","detail":{"errorcode":"e"}}}`, `{"resourceType":"OperationOutcome","issue":[]}`, `{"issue":[null]}`,
		`{"resourceType":"OperationOutcome","meta":{"lastUpdated":"2026-06-26T14:24:20.000Z"},"issue":[{"severity":"error","code":"login",` +
			`"details":{"coding":[{"system":"https://fhir.nhs.uk/CodeSystem/NHSD-API-ErrorOrWarningCode","code":"ACCESS_DENIED"}]},` +
			`"diagnostics":"Access Token expired"}]}`,
		`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",` +
			`"details":{"coding":[{"system":"s","code":"C","display":"Shown"}]},"diagnostics":"Said\u0007"}]}`,
	} {
		f.Add([]byte(seed))
	}
	secrets := []secret.Text{secret.New("a-key-to-hide"), secret.New("a-ticket-to-hide")}
	f.Fuzz(func(t *testing.T, body []byte) {
		outcome := decodeOutcome(body, secrets)
		require.LessOrEqual(t, len(outcome.Issues), maxIssues)
		for _, text := range []string{outcome.Text(), fmt.Sprint(outcome)} {
			require.NotContains(t, text, "a-key-to-hide")
			require.NotContains(t, text, "a-ticket-to-hide")
		}
		require.LessOrEqual(t, utf8.RuneCountInString(outcome.Text()), maxOutcomeText)
		require.NotContains(t, outcome.Text(), "\n")
	})
}
