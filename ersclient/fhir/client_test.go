package fhir_test

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

func direct(*http.Request) (*url.URL, error) { return nil, nil }

// rig is a stand-in with a client, and the traces that a log gets.
type rig struct {
	server *cis2test.Server
	client *fhir.Client

	mu     sync.Mutex
	traces []transport.Trace
}

func (r *rig) log() []transport.Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.traces
}

func newRig(t testing.TB, options ...cis2test.Option) *rig {
	t.Helper()
	server := cis2test.NewUnstartedServer(options...)
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	made := &rig{server: server}
	client, err := fhir.New(transport.Config{
		BaseURL: server.FHIRURL(), RootCAs: server.RootCAs(), Proxy: direct, Pace: transport.Unpaced(), Timeout: 10 * time.Second,
		Trace: func(trace transport.Trace) {
			made.mu.Lock()
			defer made.mu.Unlock()
			made.traces = append(made.traces, trace)
		},
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	made.client = client
	return made
}

// token signs a persona in.
func (r *rig) token(persona string) ersclient.AccessToken {
	return ersclient.NewAccessToken(r.server.BeginSession(persona).AccessToken)
}

// admin is a permission that needs a clinician to act for, which the persona cis2test.Admin has.
var admin = ersclient.Permission{OrgIdentifier: "RX001", BusinessFunction: ersclient.ServiceProviderClinicianAdmin}

// If this fails, users cannot sign in with NHS Care Identity.
func TestA030A040(t *testing.T) {
	cases := map[string]struct {
		permissions int
		first       ersclient.Permission
		identifier  string
	}{
		cis2test.GP:         {1, ersclient.Permission{OrgIdentifier: "R01", BusinessFunction: "REFERRING_CLINICIAN"}, "555020964101"},
		cis2test.ManyRoles:  {5, ersclient.Permission{OrgIdentifier: "R01", BusinessFunction: "REFERRING_CLINICIAN"}, "555020964105"},
		cis2test.Consultant: {80, ersclient.Permission{OrgIdentifier: "RX001", BusinessFunction: "SERVICE_PROVIDER_CLINICIAN"}, "555020964102"},
		cis2test.Admin:      {3, admin, "555020964104"},
		cis2test.NoRoles:    {0, ersclient.Permission{}, ""},
	}
	r := newRig(t)
	for persona, one := range cases {
		t.Run(persona, func(t *testing.T) {
			user, err := r.client.Roles(t.Context(), r.token(persona))
			require.NoError(t, err)
			require.Equal(t, one.identifier, user.Identifier)
			require.Len(t, user.Permissions, one.permissions)
			if one.permissions > 0 {
				require.Equal(t, one.first, user.Permissions[0])
			}
		})
	}
	t.Run("on behalf of", func(t *testing.T) {
		clinicians, err := r.client.Clinicians(t.Context(), r.token(cis2test.Admin), admin)
		require.NoError(t, err)
		require.Len(t, clinicians, 24)
		persona, _ := r.server.Persona(cis2test.Admin)
		for i, id := range persona.OnBehalfOf {
			require.Equal(t, ersclient.User{Identifier: id}, clinicians[i])
		}
	})
	t.Run("no one to act for", func(t *testing.T) {
		alone := cis2test.Persona{ID: "alone", Identifier: "555020964108", Level: 2, Organisations: []cis2test.Organisation{
			{Code: "RX001", Functions: []string{"SERVICE_PROVIDER_CLINICIAN_ADMIN"}},
		}}
		r := newRig(t, cis2test.WithPersona(alone))
		clinicians, err := r.client.Clinicians(t.Context(), r.token("alone"), admin)
		require.NoError(t, err)
		require.Empty(t, clinicians)
	})
}

// A header in another spelling is lost behind a gateway that compares bytes, and one too many may
// act as another clinician.
func TestHeadersOnTheWire(t *testing.T) {
	r := newRawServer(t, `{"resourceType":"Bundle","total":0}`)
	token := ersclient.NewAccessToken("planted-token")
	_, err := r.client.Roles(t.Context(), token)
	require.NoError(t, err)
	_, err = r.client.Roles(t.Context(), token)
	require.NoError(t, err)
	_, err = r.client.Clinicians(t.Context(), token, admin)
	require.NoError(t, err)

	heads := r.received()
	require.Len(t, heads, 3)
	ids := map[string]bool{}
	for i, want := range []struct{ line, organisation, function string }{
		{"GET /referrals/FHIR/R4/PractitionerRole HTTP/1.1", "", ""},
		{"GET /referrals/FHIR/R4/PractitionerRole HTTP/1.1", "", ""},
		{"GET /referrals/FHIR/R4/Practitioner?_query=onBehalfOf HTTP/1.1", "RX001", "SERVICE_PROVIDER_CLINICIAN_ADMIN"},
	} {
		lines := strings.Split(heads[i], "\r\n")
		require.Equal(t, want.line, lines[0])
		got := map[string]string{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			require.NotContains(t, got, name, "sent twice")
			got[name] = value
		}
		id := got["X-Correlation-ID"]
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		ids[id] = true
		expected := map[string]string{
			"Host": got["Host"], "User-Agent": "ers-login", "Accept-Encoding": "gzip", "X-Correlation-ID": id,
			"Authorization": "Bearer planted-token", "Accept": "application/fhir+json",
		}
		if want.organisation != "" {
			expected["NHSD-End-User-Organisation-ODS"], expected["NHSD-eRS-Business-Function"] = want.organisation, want.function
		}
		require.Equal(t, expected, got, "these, in this spelling, and no other")
	}
	require.Len(t, ids, 3, "a fresh one for each call")
}

func readExample(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	return string(body)
}

// Every error that is published or reported, in every form, has a screen with its own remedy. No
// text of e-RS stands in a sentence.
func TestWhatERSRefuses(t *testing.T) {
	const fhirJSON = "application/fhir+json"
	cases := map[string]struct {
		status     int
		example    string
		body       string
		kind       string
		retryAfter string
		code       string // after ERS-A030- and ERS-A040-, or the whole
		title      string
		titles     map[string]string // by call
		quoted     string
		step       string
		refused    bool
		wait       time.Duration
	}{
		"a token that has ended": {
			status: 401, example: "ers-r4-401-access-token-expired", code: "401", title: "Your sign-in to e-RS has ended",
			step: "Press **Try again** to sign in again.", refused: true,
		},
		"an invalid token": {status: 401, example: "ers-r4-401-invalid-access-token", code: "401", title: "Your sign-in to e-RS has ended", refused: true},
		"too low a level": {
			status: 401, example: "ers-r4-401-insufficient-aal", code: "401-LEVEL", title: "e-RS needs a more secure way to sign in", refused: true,
			quoted: "Message from e-RS: The authentication method utilised is not currently supported. " +
				"Contact your local Registration Authority or IT department for help.",
		},
		"too low an identity": {
			status: 401, example: "ers-r4-401-insufficient-ial", code: "401-IDENTITY", title: "e-RS needs better proof of your identity", refused: true,
			quoted: "Message from e-RS: We couldn't verify your identity. Contact your local Registration Authority or IT department for help.",
			step:   "Ask your Registration Authority to verify your identity to a higher level. Quote the reference below.",
		},
		"too low a level, in STU3": {status: 401, example: "ers-stu3-401-insufficient-aal", code: "401-LEVEL", refused: true},
		"the gateway's fault":      {status: 401, example: "ers-stu3-401-access-token-expired", code: "401", title: "Your sign-in to e-RS has ended", refused: true},
		"another fault of it":      {status: 401, example: "ers-stu3-401-invalid-access-token", code: "401", refused: true},
		"a third fault of it":      {status: 401, example: "ers-stu3-401-empty-access-token", code: "401", refused: true},
		"a 401 in STU3":            {status: 401, example: "STU3-Unauthorised", code: "401", refused: true},
		"a published 401":          {status: 401, example: "NHSDigital-OperationOutcome-401", code: "401", refused: true},
		"a 401 without a body":     {status: 401, code: "401", refused: true},
		"no ASID in the registration": {
			status: 403, example: "ers-r4-403-asid-not-configured", code: "403-ASID", title: "e-RS Login is not fully registered for e-RS",
		},
		"a function that is not held": {
			status: 403, example: "ers-r4-403-business-function", code: "403-FUNCTION", title: "You cannot use this role at the moment",
			step: "If you need this role, ask your Registration Authority to add it. Quote the reference below.",
		},
		"an organisation that is not allowed": {
			status: 403, example: "ers-r4-403-ods-not-in-allowlist", code: "403-ODS", title: "e-RS Login may not be used for this organisation",
			step: "If you need this organisation, contact your local service desk and quote the reference below.",
		},
		"a published 403": {status: 403, example: "NHSDigital-OperationOutcome-403", code: "403", titles: map[string]string{
			"A030": "e-RS did not let you in", "A040": "You cannot use this role at the moment"}},
		"a 403 in STU3":           {status: 403, example: "STU3-Forbidden", code: "403"},
		"a header that lacks":     {status: 400, example: "ers-r4-400-ods-header-missing", code: "400", title: "There is a problem with e-RS Login"},
		"a published 400":         {status: 400, example: "NHSDigital-OperationOutcome-400", code: "400"},
		"a published 404":         {status: 404, example: "NHSDigital-OperationOutcome-404", code: "404"},
		"a published 406":         {status: 406, example: "NHSDigital-OperationOutcome-406", code: "406", title: "There is a problem with e-RS Login"},
		"a published 415":         {status: 415, example: "NHSDigital-OperationOutcome-415", code: "415"},
		"a published 422":         {status: 422, example: "NHSDigital-OperationOutcome-422", code: "422", quoted: "Message from e-RS: The file is being scanned and cannot be retrieved. Wait at least 5 minutes before checking its availability again."},
		"the sandbox's 422":       {status: 422, example: "R4-SandboxErrorOutcome", code: "422"},
		"the sandbox's, in STU3":  {status: 422, example: "STU3-SandboxErrorOutcome", code: "422"},
		"a validation error":      {status: 422, example: "STU3-OperationOutcome", code: "422"},
		"too many calls":          {status: 429, example: "ers-r4-429-throttled", code: "429", title: "e-RS is busy", retryAfter: "30", wait: 30 * time.Second},
		"a published 429":         {status: 429, example: "NHSDigital-OperationOutcome-429", code: "429"},
		"a 429 without a body":    {status: 429, code: "429", title: "e-RS is busy"},
		"an internal error":       {status: 500, example: "ers-r4-500-service-error", code: "500"},
		"a published 500":         {status: 500, example: "NHSDigital-OperationOutcome-500", code: "500"},
		"not available":           {status: 503, example: "NHSDigital-OperationOutcome-503", code: "503", retryAfter: "120", wait: 2 * time.Minute},
		"not available, in STU3":  {status: 503, example: "STU3-ServiceUnavailable", code: "503", title: "e-RS is not available at the moment"},
		"plain text":              {status: 401, body: "Access denied <b>planted</b>", kind: "text/plain", code: "401", refused: true},
		"a page":                  {status: 403, body: "<html><b>planted</b></html>", kind: "text/html", code: "403"},
		"JSON of another form":    {status: 403, body: `["planted"]`, kind: "application/json", code: "403"},
		"half an outcome":         {status: 401, body: `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"planted`, code: "401", refused: true},
		"members of other types":  {status: 403, body: `{"resourceType":"OperationOutcome","issue":[{"code":5,"diagnostics":"ASID missing"}]}`, code: "403-ASID"},
		"two megabytes of JSON":   {status: 401, body: `{"issue":[{"diagnostics":"` + strings.Repeat("planted ", 1<<18) + `"}]}`, code: "401", refused: true},
		"the order of the issues": {status: 403, body: `{"issue":[{"diagnostics":"first"},{"diagnostics":"No Business Function"}]}`, code: "403-FUNCTION"},
		"an unknown status":       {status: 418, code: "418", title: "e-RS refused to sign you in"},
		"another success":         {status: 204, code: "204", title: "e-RS sent an unexpected answer"},
		"a redirection":           {status: 302, code: "NET-HTML"},
		"the network's terms":     {status: 511, code: "NET-HTML"},
	}
	r := newRig(t)
	calls := map[string]struct {
		call testserver.Call
		ask  func(context.Context) error
	}{
		"A030": {cis2test.A030, func(ctx context.Context) error {
			user, err := r.client.Roles(ctx, ersclient.NewAccessToken("token"))
			require.Zero(t, user)
			return err
		}},
		"A040": {cis2test.A040, func(ctx context.Context) error {
			clinicians, err := r.client.Clinicians(ctx, ersclient.NewAccessToken("token"), admin)
			require.Nil(t, clinicians)
			return err
		}},
	}
	for name, one := range cases {
		for call, asked := range calls {
			t.Run(call+" "+name, func(t *testing.T) {
				fault := testserver.Fault{Kind: testserver.Body, Status: one.status, Body: one.body, ContentType: one.kind, RetryAfter: one.retryAfter}
				if one.kind == "" {
					fault.ContentType = fhirJSON
				}
				if one.example != "" {
					fault.Body = readExample(t, one.example)
				}
				require.NoError(t, r.server.Fail(asked.call, fault))
				found := problemOf(t, asked.ask(t.Context()))
				want := one.code
				if !strings.HasPrefix(want, "NET-") {
					want = "ERS-" + call + "-" + want
				}
				require.Equal(t, want, found.Code)
				if title := cmp.Or(one.titles[call], one.title); title != "" {
					require.Equal(t, title, found.Title)
				}
				if one.step != "" {
					require.Contains(t, found.WhatToDo(), one.step)
				}
				if one.quoted != "" {
					require.Equal(t, one.quoted, found.Expand(found.Quoted))
				}
				require.NotContains(t, found.Expand(found.Title+found.Happened), "planted")
				require.Equal(t, one.refused, errors.Is(found, ersclient.ErrProofRefused))
				require.Less(t, len(found.Error()), 1000)
				var status *transport.StatusError
				require.ErrorAs(t, found, &status)
				require.Equal(t, one.wait, status.RetryAfter)
				last := r.log()[len(r.log())-1]
				require.Equal(t, one.status, last.Status)
				require.Contains(t, found.Cause.Error(), "X-Correlation-ID "+last.CorrelationID)
			})
		}
	}
}

// The stand-in's refusals of real requests, with the id that the operators of e-RS know them by.
func TestWhatTheStandInRefuses(t *testing.T) {
	unproven := cis2test.Persona{ID: "unproven", Identifier: "555020964199", Level: 3, Unproven: true}
	cases := map[string]struct {
		options []cis2test.Option
		persona string
		before  func(*cis2test.Server)
		as      ersclient.Permission // A040 if set
		code    string
	}{
		"a token that has ended":   {persona: cis2test.GP, before: func(s *cis2test.Server) { s.Pass(10 * time.Minute) }, code: "ERS-A030-401"},
		"a token revoked":          {persona: cis2test.GP, before: func(s *cis2test.Server) { s.Revoke(cis2test.GP) }, code: "ERS-A030-401"},
		"too low a level":          {persona: cis2test.LowLevel, code: "ERS-A030-401-LEVEL"},
		"too low an identity":      {options: []cis2test.Option{cis2test.WithPersona(unproven)}, persona: "unproven", code: "ERS-A030-401-IDENTITY"},
		"no ASID":                  {options: []cis2test.Option{cis2test.WithoutASID()}, persona: cis2test.GP, code: "ERS-A030-403-ASID"},
		"a function not held":      {persona: cis2test.GP, as: admin, code: "ERS-A040-403-FUNCTION"},
		"an organisation not held": {persona: cis2test.Admin, as: ersclient.Permission{OrgIdentifier: "R01", BusinessFunction: admin.BusinessFunction}, code: "ERS-A040-403-FUNCTION"},
		"an organisation not allowed": {
			options: []cis2test.Option{cis2test.WithAllowList("R01")}, persona: cis2test.Admin, as: admin, code: "ERS-A040-403-ODS",
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, one.options...)
			token := r.token(one.persona)
			if one.before != nil {
				one.before(r.server)
			}
			var err error
			if one.as == (ersclient.Permission{}) {
				_, err = r.client.Roles(t.Context(), token)
			} else {
				_, err = r.client.Clinicians(t.Context(), token, one.as)
			}
			found := problemOf(t, err)
			require.Equal(t, one.code, found.Code)
			require.Len(t, r.log(), 1)
			trace := r.log()[0]
			require.Len(t, trace.RequestID, 36)
			require.Contains(t, found.Cause.Error(), fmt.Sprintf("(X-Correlation-ID %s, X-Request-ID %s)", trace.CorrelationID, trace.RequestID))
		})
	}
}

// Every fault, for both calls.
func TestFaults(t *testing.T) {
	status := func(status int, retryAfter string) testserver.Fault {
		return testserver.Fault{Kind: testserver.Status, Status: status, RetryAfter: retryAfter}
	}
	cases := map[string]struct {
		fault     testserver.Fault
		impatient bool
		code      string // ANSWER stands for ERS-A0x0-ANSWER
		answered  bool
	}{
		"slow":             {fault: testserver.Fault{Kind: testserver.Slow, Delay: 50 * time.Millisecond}},
		"dripping":         {fault: testserver.Fault{Kind: testserver.Drip, Delay: time.Microsecond}},
		"too slow":         {fault: testserver.Fault{Kind: testserver.Slow, Delay: time.Minute}, impatient: true, code: "NET-TIMEOUT"},
		"hanging":          {fault: testserver.Fault{Kind: testserver.Hang}, impatient: true, code: "NET-TIMEOUT"},
		"dripping forever": {fault: testserver.Fault{Kind: testserver.Drip, Delay: time.Second}, impatient: true, code: "NET-TIMEOUT"},
		"cut before":       {fault: testserver.Fault{Kind: testserver.CutBefore}, code: "NET-CUT"},
		"cut after":        {fault: testserver.Fault{Kind: testserver.CutAfter}, code: "NET-CUT"},
		"cut during":       {fault: testserver.Fault{Kind: testserver.CutDuring}, code: "NET-CUT"},
		"a page":           {fault: testserver.Fault{Kind: testserver.HTML}, code: "NET-HTML"},
		"truncated":        {fault: testserver.Fault{Kind: testserver.TruncatedJSON}, code: "ANSWER", answered: true},
		"huge":             {fault: testserver.Fault{Kind: testserver.HugeBody}, code: "ANSWER", answered: true},
		"429":              {fault: status(429, "5"), code: "429", answered: true},
		"503":              {fault: status(503, "60"), code: "503", answered: true},
		"redirected":       {fault: testserver.Fault{Kind: testserver.Redirect}, code: "NET-HTML"},
	}
	for name, one := range cases {
		for _, call := range []testserver.Call{cis2test.A030, cis2test.A040} {
			t.Run(string(call)+" "+name, func(t *testing.T) {
				t.Parallel() // Some wait for a time-out.
				r := newRig(t)
				client := r.client
				if one.impatient {
					var err error
					client, err = fhir.New(transport.Config{
						BaseURL: r.server.FHIRURL(), RootCAs: r.server.RootCAs(), Proxy: direct, Pace: transport.Unpaced(), Timeout: 2 * time.Second,
					})
					require.NoError(t, err)
					t.Cleanup(client.Close)
				}
				token := r.token(cis2test.Admin)
				ask := func() error {
					if call == cis2test.A030 {
						_, err := client.Roles(t.Context(), token)
						return err
					}
					_, err := client.Clinicians(t.Context(), token, admin)
					return err
				}
				require.NoError(t, r.server.Fail(call, one.fault))
				err := ask()
				if one.code == "" {
					require.NoError(t, err)
					return
				}
				want := one.code
				if !strings.HasPrefix(want, "NET-") {
					want = "ERS-" + string(call) + "-" + want
				}
				found := problemOf(t, err)
				require.Equal(t, want, found.Code)
				require.Equal(t, one.answered, errors.Is(err, ersclient.ErrAnswered))
				require.NoError(t, ask(), "the next call works")
			})
		}
	}
}

// A token allows acting as the user. A server may quote what it refuses, in any of its texts.
func TestTheTokenIsNowhere(t *testing.T) {
	const planted = "pLaNtEd-0123456789abcdefghij"
	token := ersclient.NewAccessToken(planted)
	quoting := func(status int, kind, body string) testserver.Fault {
		return testserver.Fault{Kind: testserver.Body, Status: status, ContentType: kind, Body: strings.ReplaceAll(body, "TOKEN", planted)}
	}
	faults := map[string]testserver.Fault{
		"none":        {Kind: testserver.Slow},
		"outcome":     quoting(401, "application/fhir+json", `{"issue":[{"code":"TOKEN","diagnostics":"Bearer TOKEN","details":{"coding":[{"code":"TOKEN","display":"xTOKENx"}]}}]}`),
		"level":       quoting(401, "application/fhir+json", `{"issue":[{"diagnostics":"authentication method of TOKEN"}]}`),
		"422":         quoting(422, "application/fhir+json", `{"issue":[{"diagnostics":"TOKEN"}]}`),
		"fault":       quoting(401, "application/json", `{"fault":{"faultstring":"TOKEN","detail":{"errorcode":"TOKEN"}}}`),
		"text":        quoting(401, "text/plain", "TOKEN"),
		"page":        quoting(200, "text/html", "<html>TOKEN"),
		"kind":        quoting(200, "text/TOKEN", "{}"),
		"success":     quoting(200, "application/fhir+json", `{"TOKEN":"TOKEN"}`),
		"broken":      quoting(200, "application/fhir+json", `{"resourceType":"Bundle","total":"TOKEN`),
		"as a code":   quoting(200, "application/fhir+json", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"PractitionerRole","practitioner":{"identifier":{"value":"TOKEN"}}}}]}`),
		"cut":         {Kind: testserver.CutAfter},
		"hex":         quoting(403, "application/fhir+json", `{"issue":[{"diagnostics":"no"}]}`),
		"retry after": {Kind: testserver.Status, Status: 503, RetryAfter: planted},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			require.NoError(t, r.server.Fail(cis2test.A030, fault))
			require.NoError(t, r.server.Fail(cis2test.A040, fault))
			_, errA030 := r.client.Roles(t.Context(), token)
			_, errA040 := r.client.Clinicians(t.Context(), token, admin)
			var said strings.Builder
			for _, err := range []error{errA030, errA040} {
				found := problemOf(t, err)
				for _, text := range append([]string{found.Title, found.Happened, found.Quoted}, found.WhatToDo()...) {
					said.WriteString(found.Expand(text))
				}
				for ; err != nil; err = errors.Unwrap(err) {
					fmt.Fprintf(&said, "%v %+v %#v %q", err, err, err, err)
				}
			}
			for _, trace := range r.log() {
				fmt.Fprintf(&said, "%v %+v %#v", trace, trace, trace)
			}
			require.Len(t, r.log(), 2)
			fmt.Fprintf(&said, "%v %+v %#v %v %#v", r.client, r.client, r.client, token, token)
			for _, form := range []string{planted, strings.ToLower(planted), hex.EncodeToString([]byte(planted)), url.QueryEscape(planted)} {
				require.NotContains(t, said.String(), form)
			}
		})
	}
}

// Mistakes of the caller never reach e-RS.
func TestNothingIsSentWithoutTokenOrChoice(t *testing.T) {
	r := newRig(t)
	calls := map[string]func() error{
		"A030 without a token": func() error { _, err := r.client.Roles(t.Context(), ersclient.AccessToken{}); return err },
		"A030 with two lines": func() error {
			_, err := r.client.Roles(t.Context(), ersclient.NewAccessToken("planted\r\nX-Other: 1"))
			return err
		},
		"A040 without a token": func() error {
			_, err := r.client.Clinicians(t.Context(), ersclient.AccessToken{}, admin)
			return err
		},
		"A040 without a choice": func() error {
			_, err := r.client.Clinicians(t.Context(), r.token(cis2test.Admin), ersclient.Permission{})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			found := problemOf(t, call())
			require.Equal(t, problem.Unexpected.Code, found.Code)
			require.NotContains(t, found.Error(), "planted")
			require.Empty(t, r.server.Requests())
		})
	}
}

func TestTheAddressOfERS(t *testing.T) {
	for _, address := range []string{"", "http://api.service.nhs.uk/referrals/FHIR", "https://user@host/", "https://host/?a=b", "://"} {
		_, err := fhir.New(transport.Config{BaseURL: address})
		require.Equal(t, "UNEXPECTED", problemOf(t, err).Code, address)
	}
	for _, address := range []string{fhir.ProductionURL, fhir.IntegrationURL} {
		client, err := fhir.New(transport.Config{BaseURL: address})
		require.NoError(t, err)
		client.Close()
	}
}

func TestACallCanBeGivenUp(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.server.Fail(cis2test.A030, testserver.Fault{Kind: testserver.Hang}))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := r.client.Roles(ctx, r.token(cis2test.GP))
	require.Equal(t, "NET-CANCELLED", problemOf(t, err).Code)
}

// problemOf returns the Problem that an error is, which a clinician can read.
func problemOf(t *testing.T, err error) *problem.Problem {
	t.Helper()
	require.Error(t, err)
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	require.NotEmpty(t, found.Title)
	for _, text := range append([]string{found.Title, found.Happened, found.Quoted}, found.WhatToDo()...) {
		require.NotContains(t, found.Expand(text), "{{", "a mark is not filled")
	}
	return found
}
