package erstest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const typeInfo = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"

// caller makes calls as documented, with net/http alone.
type caller struct {
	t      *testing.T
	server *erstest.Server
	http   *http.Client
}

func newCaller(t *testing.T, options ...erstest.Option) *caller {
	t.Helper()
	server := erstest.NewServer(options...)
	t.Cleanup(server.Close)
	return callerOf(t, server, server.ClientCertificate())
}

func callerOf(t *testing.T, server *erstest.Server, certificates ...tls.Certificate) *caller {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: server.RootCAs(), Certificates: certificates,
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t, server, &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	// broken is the error at the end of the body.
	broken error
}

// session decodes a session in an answer.
func (a answer) session(t *testing.T) (session struct {
	TypeInfo string `json:"typeInfo"`
	ID       string `json:"id"`
	Token    string `json:"token"`
	User     struct {
		Identifier  string         `json:"identifier"`
		MiddleName  *string        `json:"middleName"`
		Permissions []erstest.Role `json:"permissions"`
	} `json:"user"`
	Permission *erstest.Role `json:"permission"`
},
) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, &session))
	require.Equal(t, typeInfo, session.TypeInfo)
	return session
}

// request returns a complete call, from which cases remove parts.
func (c *caller) request(method, key, body string) *http.Request {
	c.t.Helper()
	target := c.server.URL + "/v1/ProfessionalSession"
	if key != "" {
		target += "/" + key
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, target, bytes.NewReader([]byte(body)))
	require.NoError(c.t, err)
	request.Header = http.Header{
		"XAPI_ASID": {erstest.ASID}, "Accept": {"application/json"}, "Content-Type": {"application/json"},
	}
	if key != "" {
		request.Header["HTTP_X_SESSION_KEY"] = []string{key}
	}
	return request
}

func (c *caller) do(request *http.Request) (answer, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, response.Body.Close())
	return answer{response.StatusCode, response.Header, body, err}, nil
}

func (c *caller) must(request *http.Request) answer {
	c.t.Helper()
	answer, err := c.do(request)
	require.NoError(c.t, err)
	return answer
}

func createBody(ticket string) string {
	return `{"typeInfo":"` + typeInfo + `","token":"` + ticket + `"}`
}

func selectBody(ticket, function, organisation string) string {
	return `{"typeInfo":"` + typeInfo + `","token":"` + ticket + `","permission":{"businessFunction":"` + function +
		`","orgIdentifier":"` + organisation + `"}}`
}

func (c *caller) create(ticket string) answer {
	return c.must(c.request("POST", "", createBody(ticket)))
}

func (c *caller) choose(key string) answer {
	return c.must(c.request("PUT", key, selectBody(erstest.TicketGP, "SERVICE_DEFINER", "R01")))
}

func (c *caller) end(key string) answer { return c.must(c.request("DELETE", key, "")) }

// The stand-in is only useful if it does what the published examples show.
func TestASessionFromBeginningToEnd(t *testing.T) {
	c := newCaller(t)
	created := c.create(erstest.TicketGP)
	require.Equal(t, http.StatusCreated, created.status)
	require.Equal(t, "application/json", created.header.Get("Content-Type"))
	first := created.session(t)
	require.Regexp(t, `^pro-xapi-session_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, first.ID)
	require.Equal(t, erstest.TicketGP, first.Token)
	require.Equal(t, "555020964101", first.User.Identifier)
	require.Len(t, first.User.Permissions, 5)
	require.Nil(t, first.User.MiddleName)
	require.Nil(t, first.Permission)
	require.Contains(t, string(created.body), `"permission":null`)
	provisional := c.server.Sessions()
	require.Len(t, provisional, 1)
	require.False(t, provisional[0].Valid)
	require.Equal(t, "SA Assurance GP-Card", provisional[0].UserName)

	selected := c.choose(first.ID)
	require.Equal(t, http.StatusOK, selected.status)
	second := selected.session(t)
	require.NotEqual(t, first.ID, second.ID)
	require.NotEqual(t, first.Token, second.Token)
	require.Equal(t, &erstest.Role{BusinessFunction: "SERVICE_DEFINER", OrgIdentifier: "R01", OrgName: " NHST_X3"}, second.Permission)
	require.Equal(t, " NHST_X3", second.User.Permissions[0].OrgName)
	valid := c.server.Sessions()
	require.Len(t, valid, 1)
	require.True(t, valid[0].Valid)
	require.Equal(t, "SERVICE_DEFINER", valid[0].Role.BusinessFunction)
	require.True(t, valid[0].Key == second.ID)

	require.Equal(t, http.StatusNoContent, c.end(second.ID).status)
	require.Empty(t, c.server.Sessions())
	require.Equal(t, 1, c.server.Ended())
	require.Equal(t, []testserver.Request{
		{Call: erstest.A001, Method: "POST", Status: 201},
		{Call: erstest.A002, Method: "PUT", Status: 200},
		{Call: erstest.A003, Method: "DELETE", Status: 204},
	}, c.server.Requests())
}

func TestTheFormerKeyStillEndsTheSession(t *testing.T) {
	c := newCaller(t)
	first := c.create(erstest.TicketGP).session(t).ID
	second := c.choose(first).session(t).ID
	require.Equal(t, http.StatusNoContent, c.end(first).status)
	require.Empty(t, c.server.Sessions())
	require.Equal(t, http.StatusForbidden, c.end(second).status, "it is one session, and it has ended")
}

// Every rule here is one that a client can break.
func TestRules(t *testing.T) {
	without := func(header string) func(*http.Request) {
		return func(request *http.Request) { delete(request.Header, header) }
	}
	with := func(header, value string) func(*http.Request) {
		return func(request *http.Request) { request.Header[header] = []string{value} }
	}
	good := func(*http.Request) {}
	create := createBody(erstest.TicketGP)
	choose := selectBody(erstest.TicketGP, "SERVICE_DEFINER", "R01")
	const here, role, done = "a session", "a session with a role", "an ended session"
	cases := map[string]struct {
		method, key, body string
		change            func(*http.Request)
		status            int
	}{
		"an unknown ticket":          {"POST", "", createBody("unknown"), good, 403},
		"a ticket with a blank":      {"POST", "", createBody(" " + erstest.TicketGP), good, 403},
		"no ASID":                    {"POST", "", create, without("XAPI_ASID"), 403},
		"another ASID":               {"POST", "", create, with("XAPI_ASID", "000000000000"), 403},
		"not JSON":                   {"POST", "", "{", good, 400},
		"a huge body":                {"POST", "", `"` + string(bytes.Repeat([]byte("x"), 1<<20)) + `"`, good, 400},
		"another typeInfo":           {"POST", "", `{"typeInfo":"x","token":"` + erstest.TicketGP + `"}`, good, 422},
		"another Content-Type":       {"POST", "", create, with("Content-Type", "text/plain"), 415},
		"no Content-Type":            {"POST", "", create, without("Content-Type"), 415},
		"another Accept":             {"POST", "", create, with("Accept", "text/html"), 406},
		"no Accept":                  {"POST", "", create, without("Accept"), 406},
		"one Accept of many":         {"POST", "", create, with("Accept", "text/html, application/json;q=0.9"), 201},
		"a parameter":                {"POST", "", create, with("Content-Type", "application/json; charset=utf-8"), 201},
		"GET":                        {"GET", "", "", good, 405},
		"POST to a session":          {"POST", here, create, good, 405},
		"PUT to none":                {"PUT", "", choose, good, 405},
		"DELETE of none":             {"DELETE", "", "", good, 405},
		"A002 without A001":          {"PUT", "pro-xapi-session_none", choose, good, 403},
		"A002 after A003":            {"PUT", done, choose, good, 403},
		"A002 with another header":   {"PUT", here, choose, with("HTTP_X_SESSION_KEY", "another"), 403},
		"A002 without the header":    {"PUT", here, choose, without("HTTP_X_SESSION_KEY"), 403},
		"A002 without an ASID":       {"PUT", here, choose, without("XAPI_ASID"), 403},
		"A002 with another's ticket": {"PUT", here, selectBody(erstest.TicketConsultant, "SERVICE_DEFINER", "R01"), good, 403},
		"A002 with another function": {"PUT", here, selectBody(erstest.TicketGP, "ERS_ADMIN", "R01"), good, 403},
		"A002 with another place":    {"PUT", here, selectBody(erstest.TicketGP, "SERVICE_DEFINER", "R02"), good, 403},
		"A002 a second time":         {"PUT", role, choose, good, 400},
		"A002 without a permission":  {"PUT", here, create, good, 422},
		"A002 with half of one":      {"PUT", here, selectBody(erstest.TicketGP, "SERVICE_DEFINER", ""), good, 422},
		"A002 with another typeInfo": {"PUT", here, `{"typeInfo":"x"}`, good, 422},
		"A003 without A001":          {"DELETE", "pro-xapi-session_none", "", good, 403},
		"A003 a second time":         {"DELETE", done, "", good, 403},
		"A003 with another header":   {"DELETE", here, "", with("HTTP_X_SESSION_KEY", "another"), 403},
		"A003 without an ASID":       {"DELETE", here, "", without("XAPI_ASID"), 403},
		"A003 without Accept":        {"DELETE", here, "", without("Accept"), 204},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			key := one.key
			switch one.key {
			case here, role, done:
				key = c.create(erstest.TicketGP).session(t).ID
			}
			switch one.key {
			case role:
				c.choose(key)
			case done:
				c.end(key)
			}
			request := c.request(one.method, key, one.body)
			one.change(request)
			got := c.must(request)
			require.Equal(t, one.status, got.status)
			if got.status == http.StatusUnprocessableEntity {
				var outcome struct {
					ResourceType string                                         `json:"resourceType"`
					Issue        []struct{ Severity, Code, Diagnostics string } `json:"issue"`
				}
				require.NoError(t, json.Unmarshal(got.body, &outcome))
				require.Equal(t, "OperationOutcome", outcome.ResourceType)
				require.NotEmpty(t, outcome.Issue[0].Diagnostics)
			}
		})
	}
}

func TestAnotherPath(t *testing.T) {
	c := newCaller(t)
	for _, path := range []string{"", "/v1", "/v1/ProfessionalSessions", "/v2/ProfessionalSession"} {
		request := c.request("POST", "", createBody(erstest.TicketGP))
		request.URL.Path = "/ers-api" + path
		require.Equal(t, http.StatusNotFound, c.must(request).status, path)
	}
}

func TestUsers(t *testing.T) {
	c := newCaller(t, erstest.WithUser("extra", erstest.User{Identifier: "1", MiddleName: "M"}))
	none := c.create(erstest.TicketNoRoles)
	require.Equal(t, http.StatusCreated, none.status)
	require.Contains(t, string(none.body), `"permissions":[]`)
	require.Len(t, c.create(erstest.TicketConsultant).session(t).User.Permissions, 80)
	require.Equal(t, "M", *c.create("extra").session(t).User.MiddleName)
	require.Equal(t, http.StatusForbidden, c.create("later").status)
	c.server.AddUser("later", erstest.Consultant(500))
	require.Len(t, c.create("later").session(t).User.Permissions, 1000)
}

// A session ends with its ticket, without notice to the client.
func TestRevoke(t *testing.T) {
	c := newCaller(t)
	first := c.create(erstest.TicketGP).session(t).ID
	second := c.choose(c.create(erstest.TicketGP).session(t).ID).session(t).ID
	c.create(erstest.TicketConsultant)
	c.server.Revoke(erstest.TicketGP)
	require.Len(t, c.server.Sessions(), 1)
	require.Equal(t, 2, c.server.Ended())
	require.Equal(t, http.StatusForbidden, c.choose(first).status)
	require.Equal(t, http.StatusForbidden, c.end(second).status)
	require.Equal(t, http.StatusForbidden, c.create(erstest.TicketGP).status)
}

func TestOnlyCertificatesOfTheServersOwnAuthorityAreLetIn(t *testing.T) {
	server, foreign := erstest.NewServer(), erstest.NewServer()
	t.Cleanup(server.Close)
	t.Cleanup(foreign.Close)
	for name, certificates := range map[string][]tls.Certificate{
		"none": nil, "one of another authority": {foreign.ClientCertificate()},
	} {
		t.Run(name, func(t *testing.T) {
			c := callerOf(t, server, certificates...)
			_, err := c.do(c.request("POST", "", createBody(erstest.TicketGP)))
			require.Error(t, err)
			require.Empty(t, server.Requests())
		})
	}
	t.Run("and the client trusts no other server", func(t *testing.T) {
		c := callerOf(t, foreign, server.ClientCertificate())
		request := c.request("POST", "", createBody(erstest.TicketGP))
		request.URL.Host = server.URL[len("https://") : len(server.URL)-len("/ers-api")]
		_, err := c.do(request)
		var untrusted *tls.CertificateVerificationError
		require.ErrorAs(t, err, &untrusted)
	})
}

// A server that runs for weeks in a demonstration does not grow in memory.
func TestWhatIsKeptIsBounded(t *testing.T) {
	c := newCaller(t)
	first := c.create(erstest.TicketNoRoles).session(t).ID
	for range 1000 {
		c.create(erstest.TicketNoRoles)
	}
	require.Len(t, c.server.Sessions(), 1000)
	require.Equal(t, http.StatusForbidden, c.end(first).status, "the oldest made room")
	requests := c.server.Requests()
	require.Len(t, requests, 1000)
	require.Equal(t, erstest.A003, requests[999].Call, "the latest is the last")
	require.Equal(t, erstest.A001, requests[0].Call)
}

func TestFaults(t *testing.T) {
	type check func(*testing.T, answer, error)
	cut := func(t *testing.T, _ answer, err error) { t.Helper(); require.ErrorIs(t, err, io.EOF) }
	status := func(status int) check {
		return func(t *testing.T, got answer, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, status, got.status)
		}
	}
	cases := map[string]struct {
		fault    testserver.Fault
		check    check
		sessions int
	}{
		"slow":           {testserver.Fault{Kind: testserver.Slow, Delay: time.Millisecond}, status(201), 1},
		"cut before":     {testserver.Fault{Kind: testserver.CutBefore}, cut, 0},
		"cut after":      {testserver.Fault{Kind: testserver.CutAfter}, cut, 1},
		"a status":       {testserver.Fault{Kind: testserver.Status, Status: 502}, status(502), 0},
		"handled before": {testserver.Fault{Kind: testserver.Status, Status: 504, Handled: true}, status(504), 1},
		"cut during": {testserver.Fault{Kind: testserver.CutDuring}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.ErrorIs(t, got.broken, io.ErrUnexpectedEOF)
			require.NotEmpty(t, got.body)
		}, 1},
		"a page": {testserver.Fault{Kind: testserver.HTML}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.Equal(t, 200, got.status)
			require.Contains(t, got.header.Get("Content-Type"), "text/html")
		}, 0},
		"a page with a status": {testserver.Fault{Kind: testserver.HTML, Status: 503}, status(503), 0},
		"half a JSON": {testserver.Fault{Kind: testserver.TruncatedJSON}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.NoError(t, got.broken)
			require.Equal(t, strconv.Itoa(len(got.body)), got.header.Get("Content-Length"))
			require.False(t, json.Valid(got.body))
		}, 1},
		"a huge body": {testserver.Fault{Kind: testserver.HugeBody}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.Greater(t, len(got.body), 2<<20)
			require.True(t, json.Valid(got.body))
		}, 0},
		"a pause": {testserver.Fault{Kind: testserver.Status, Status: 503, RetryAfter: "7"}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.Equal(t, "7", got.header.Get("Retry-After"))
		}, 0},
		"an outcome": {erstest.Outcome("a reason"), func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.Equal(t, 422, got.status)
			require.Contains(t, string(got.body), "a reason")
		}, 0},
		"a redirection": {testserver.Fault{Kind: testserver.Redirect}, func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.Equal(t, 302, got.status)
			require.NotEmpty(t, got.header.Get("Location"))
		}, 0},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			require.NoError(t, c.server.Fail(erstest.A001, one.fault))
			got, err := c.do(c.request("POST", "", createBody(erstest.TicketGP)))
			one.check(t, got, err)
			require.Len(t, c.server.Sessions(), one.sessions)
			require.Len(t, c.server.Requests(), 1)
			require.Equal(t, http.StatusCreated, c.create(erstest.TicketGP).status, "the next call is well again")
		})
	}
}

// hang makes calls in the background and returns when the first has arrived.
func (c *caller) hang(ctx context.Context, calls int) <-chan error {
	c.t.Helper()
	failed := make(chan error, calls)
	for range calls {
		request := c.request("POST", "", createBody(erstest.TicketGP)).WithContext(ctx)
		go func() {
			_, err := c.do(request)
			failed <- err
		}()
	}
	require.Eventually(c.t, func() bool { return len(c.server.Requests()) > 0 }, time.Minute, time.Millisecond)
	return failed
}

func TestACallThatHangsEndsWithItsClient(t *testing.T) {
	c := newCaller(t)
	require.NoError(t, c.server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Hang, Handled: true}))
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := c.hang(ctx, 1)
	gone := errors.New("the client has gone")
	cancel(gone)
	require.ErrorIs(t, <-failed, gone)
	require.Len(t, c.server.Sessions(), 1, "it was handled")
}

func TestACallThatHangsEndsWithTheServer(t *testing.T) {
	c := newCaller(t)
	for _, fault := range []testserver.Fault{{Kind: testserver.Hang}, {Kind: testserver.Slow, Delay: time.Minute}} {
		require.NoError(t, c.server.Fail(erstest.A001, fault))
	}
	failed := c.hang(t.Context(), 2)
	c.server.Close()
	c.server.Close()
	require.Error(t, <-failed)
	require.Error(t, <-failed)
}

func TestFaultsWaitInLine(t *testing.T) {
	c := newCaller(t)
	require.NoError(t, c.server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 500, Times: 2}))
	require.NoError(t, c.server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 423}))
	require.NoError(t, c.server.Fail(erstest.A003, testserver.Fault{Kind: testserver.Status, Status: 410}))
	var got []int
	for range 4 {
		got = append(got, c.create(erstest.TicketGP).status)
	}
	require.Equal(t, []int{500, 500, 423, 201}, got)
	require.Equal(t, http.StatusGone, c.end("any").status)
}

func TestFaultsAreTakenBack(t *testing.T) {
	c := newCaller(t)
	require.NoError(t, c.server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 500, Times: 2}))
	require.NoError(t, c.server.Fail(erstest.A003, testserver.Fault{Kind: testserver.Status, Status: 410}))
	c.server.Forgive(erstest.A001)
	require.Equal(t, 201, c.create(erstest.TicketGP).status)
	require.Equal(t, http.StatusGone, c.end("any").status, "of the other calls nothing is taken back")
}

func TestOrdersThatMakeNoSense(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	for name, one := range map[string]struct {
		call  testserver.Call
		fault testserver.Fault
	}{
		"another call":     {"A004", testserver.Fault{Kind: testserver.Hang}},
		"no kind":          {erstest.A001, testserver.Fault{}},
		"another kind":     {erstest.A001, testserver.Fault{Kind: "fire"}},
		"a status of none": {erstest.A001, testserver.Fault{Kind: testserver.Status}},
		"a status of 100":  {erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 100}},
		"a page of 99":     {erstest.A001, testserver.Fault{Kind: testserver.HTML, Status: 99}},
		"an hour":          {erstest.A001, testserver.Fault{Kind: testserver.Slow, Delay: time.Hour}},
		"too many":         {erstest.A001, testserver.Fault{Kind: testserver.Hang, Times: 101}},
	} {
		t.Run(name, func(t *testing.T) { require.Error(t, server.Fail(one.call, one.fault)) })
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	server := erstest.NewServer()
	defer server.Close()
	address := server.URL[len("https://") : len(server.URL)-len("/ers-api")]
	require.Error(t, erstest.NewUnstartedServer(erstest.WithAddress(address)).Start())
	require.Panics(t, func() { erstest.NewServer(erstest.WithAddress(address)) })
}

func TestSetClock(t *testing.T) {
	c := newCaller(t)
	for _, ahead := range []time.Duration{24 * time.Hour, -24 * time.Hour, 0} {
		c.server.SetClock(ahead)
		date, err := http.ParseTime(c.create(erstest.TicketGP).header.Get("Date"))
		require.NoError(t, err)
		require.InDelta(t, ahead.Hours(), time.Until(date).Hours(), 1)
	}
}
