package cis2_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// The two ways to sign in: straight at the gateway, and through a broker.
func TestSignIn(t *testing.T) {
	server, direct := fixed(t)
	for name, one := range map[string]struct {
		client *cis2.Client
		total  bool
	}{"the gateway": {direct, true}, "a broker": {newClient(t, public(server)), false}} {
		t.Run(name, func(t *testing.T) {
			before := time.Now()
			tokens := tokensOf(t, server, one.client, cis2test.Admin)
			require.WithinDuration(t, before.Add(599*time.Second), tokens.AccessEnds, time.Minute)
			require.Equal(t, one.total, !tokens.RefreshEnds.IsZero())
			if one.total {
				require.WithinDuration(t, before.Add(43199*time.Second), tokens.RefreshEnds, time.Minute)
			}
			info, err := one.client.UserInfo(t.Context(), tokens.Access)
			require.NoError(t, err)
			require.Equal(t, "555020964104", info.Identifier)
			require.Equal(t, "Owen Adminton", info.Name)
			require.Equal(t, "Made-up Hospital 2", info.OrgNames["RX002"])
			require.Empty(t, info.OrgNames["RX003"])

			renewed, err := one.client.Refresh(t.Context(), tokens.Refresh)
			require.NoError(t, err)
			require.False(t, renewed.Access.Equal(tokens.Access.Text))
			require.False(t, renewed.Refresh.Equal(tokens.Refresh.Text))
			_, err = one.client.UserInfo(t.Context(), tokens.Access)
			require.ErrorIs(t, err, ersclient.ErrSessionGone)
			_, err = one.client.UserInfo(t.Context(), renewed.Access)
			require.NoError(t, err)
		})
	}
}

// The facts of the gateway that shape a client, each with what a client has to make of it.
func TestTheGateway(t *testing.T) {
	t.Run("a refresh token works once", func(t *testing.T) {
		server, client := fixed(t)
		tokens := tokensOf(t, server, client, cis2test.GP)
		_, err := client.Refresh(t.Context(), tokens.Refresh)
		require.NoError(t, err)
		_, err = client.Refresh(t.Context(), tokens.Refresh)
		requireCode(t, "CIS2-REFRESH_REFUSED", err)
		require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
		require.ErrorIs(t, err, ersclient.ErrAnswered)
		require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
	})
	t.Run("it ends twelve hours after the sign-in", func(t *testing.T) {
		server, client := fixed(t)
		tokens := tokensOf(t, server, client, cis2test.GP)
		server.Pass(6 * time.Hour)
		tokens, err := client.Refresh(t.Context(), tokens.Refresh)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(43199*time.Second-6*time.Hour), tokens.RefreshEnds, time.Minute)
		server.Pass(6 * time.Hour)
		_, err = client.Refresh(t.Context(), tokens.Refresh)
		requireCode(t, "CIS2-REFRESH_ENDED", err)
		require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
	})
	t.Run("CIS2 ends a session behind the back", func(t *testing.T) {
		server, client := fixed(t)
		tokens := tokensOf(t, server, client, cis2test.GP)
		server.Revoke(cis2test.GP)
		_, err := client.UserInfo(t.Context(), tokens.Access)
		requireCode(t, "CIS2-ENDED", err)
		require.ErrorIs(t, err, ersclient.ErrSessionGone)
		_, err = client.Refresh(t.Context(), tokens.Refresh)
		require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
	})
	t.Run("an access token ends after ten minutes", func(t *testing.T) {
		server, client := fixed(t)
		tokens := tokensOf(t, server, client, cis2test.GP)
		server.Pass(10 * time.Minute)
		_, err := client.UserInfo(t.Context(), tokens.Access)
		requireCode(t, "CIS2-ENDED", err)
	})
	t.Run("a code works once", func(t *testing.T) {
		server, client := fixed(t)
		code := codeOf(t, server, client, cis2test.GP)
		_, err := client.Exchange(t.Context(), code)
		require.NoError(t, err)
		_, err = client.Exchange(t.Context(), code)
		requireCode(t, "CIS2-CODE", err)
		require.ErrorIs(t, err, ersclient.ErrProofRefused)
	})
	t.Run("level AAL2 is enough by default", func(t *testing.T) {
		server, client := fixed(t)
		tokensOf(t, server, client, cis2test.Consultant)
	})
	t.Run("the level is a setting", func(t *testing.T) {
		server, client := fixed(t, func(c *cis2.Config) { c.ACRValues = "AAL3_ANY" })
		page, err := server.SignIn(t.Context(), begin(t, client).Address(), cis2test.Consultant)
		require.NoError(t, err)
		require.Contains(t, page.Body, "level")
	})
	t.Run("another redirect URI is refused in the browser", func(t *testing.T) {
		server := newServer(t)
		client := newClient(t, registered(server, "http://127.0.0.1:0/callback"))
		page, err := server.SignIn(t.Context(), begin(t, client).Address(), cis2test.GP)
		require.NoError(t, err)
		require.Contains(t, page.Body, "redirect_uri is invalid")
	})
	t.Run("userinfo without names", func(t *testing.T) {
		uri := "http://localhost:" + freePort(t) + "/callback"
		server := newServer(t, cis2test.WithRedirectURI(uri),
			cis2test.WithPersona(cis2test.Persona{ID: "x", Identifier: "555020964199", Level: 3, Unnamed: true}))
		client := newClient(t, registered(server, uri))
		info, err := client.UserInfo(t.Context(), tokensOf(t, server, client, "x").Access)
		require.NoError(t, err)
		require.Equal(t, cis2.UserInfo{Identifier: "555020964199", OrgNames: map[string]string{}}, info)
	})
}

// recorded is a request as it came.
type recorded struct {
	*http.Request
	form url.Values
}

// recorder answers every call with 200 and a body, and keeps what came.
func recorder(t *testing.T, answer string) (config cis2.Config, came func() []recorded) {
	t.Helper()
	var mu sync.Mutex
	var list []recorded
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, readErr := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err := errors.Join(readErr, err); err != nil {
			t.Error(err)
		}
		mu.Lock()
		list = append(list, recorded{r, form})
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	config = cis2.Config{
		Config:   transport.Config{BaseURL: server.URL + "/oauth2", PlainLoopback: true, Proxy: direct, Pace: transport.Unpaced()},
		ClientID: "a-client", RedirectURI: "http://localhost:0/callback",
		Secret: func(context.Context) (secret.Text, error) { return secret.New("a secret & more"), nil },
	}
	return config, func() []recorded {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

const someTokens = `{"access_token":"a","expires_in":"599","refresh_token":"r"}`

// The gateway refuses anything but these requests.
func TestWhatIsSent(t *testing.T) {
	for name, public := range map[string]bool{"with a secret": false, "public": true} {
		t.Run(name, func(t *testing.T) {
			config, came := recorder(t, someTokens)
			if public {
				config.Secret = nil
			}
			client := newClient(t, config)
			attempt := begin(t, client)
			uri, state := callbackOf(t, attempt)
			require.Equal(t, http.StatusOK, get(t, http.MethodGet, uri+"?code=the.code&state="+state))
			code, err := attempt.Wait(bounded(t))
			require.NoError(t, err)
			_, err = client.Exchange(t.Context(), code)
			require.NoError(t, err)
			_, err = client.Refresh(t.Context(), cis2.NewRefreshToken("the refresh token"))
			require.NoError(t, err)
			_, err = client.UserInfo(t.Context(), ersclient.NewAccessToken("the-token"))
			require.NoError(t, err)

			requests := came()
			require.Len(t, requests, 3)
			for _, r := range requests {
				require.Empty(t, r.URL.RawQuery)
				require.Equal(t, []string{"application/json"}, r.Header["Accept"])
			}
			token, refresh, info := requests[0], requests[1], requests[2]
			for _, r := range requests[:2] {
				require.Equal(t, http.MethodPost, r.Method)
				require.Equal(t, "/oauth2/token", r.URL.Path)
				require.Equal(t, []string{"application/x-www-form-urlencoded"}, r.Header["Content-Type"], "no charset")
				require.Empty(t, r.Header["Authorization"], "never Basic")
			}
			verifier := token.form.Get("code_verifier")
			require.GreaterOrEqual(t, len(verifier), 43)
			want := url.Values{
				"grant_type": {"authorization_code"}, "code": {"the.code"}, "redirect_uri": {uri}, "client_id": {"a-client"},
				"client_secret": {"a secret & more"}, "code_verifier": {verifier},
			}
			again := url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {"the refresh token"}, "client_id": {"a-client"},
				"client_secret": {"a secret & more"},
			}
			if public {
				want.Del("client_secret")
				again.Del("client_secret")
			}
			require.Equal(t, want, token.form)
			require.Equal(t, again, refresh.form)
			require.Equal(t, http.MethodGet, info.Method)
			require.Equal(t, "/oauth2/userinfo", info.URL.Path)
			require.Equal(t, []string{"Bearer the-token"}, info.Header["Authorization"])
			require.Empty(t, info.Header["Content-Type"])
		})
	}
}

// A server that gives no new refresh token lets the old one be used again (RFC 6749, section 6).
func TestARefreshTokenThatIsKept(t *testing.T) {
	config, _ := recorder(t, `{"access_token":"a","expires_in":599}`)
	client := newClient(t, config)
	tokens, err := client.Refresh(t.Context(), cis2.NewRefreshToken("old"))
	require.NoError(t, err)
	require.True(t, tokens.Refresh.Equal(secret.New("old")))
}

func TestOtherEndpoints(t *testing.T) {
	config, came := recorder(t, someTokens)
	config.Endpoints = cis2.Endpoints{Authorize: "auth", UserInfo: "me"}
	config.Scopes = []string{"openid", "offline_access"}
	client := newClient(t, config)
	address := begin(t, client).Address()
	require.Contains(t, address, "/oauth2/auth?")
	require.Contains(t, address, "scope=openid+offline_access")
	_, err := client.Refresh(t.Context(), cis2.NewRefreshToken("r"))
	require.NoError(t, err)
	_, err = client.UserInfo(t.Context(), ersclient.NewAccessToken("a"))
	require.NoError(t, err)
	require.Equal(t, "/oauth2/token", came()[0].URL.Path)
	require.Equal(t, "/oauth2/me", came()[1].URL.Path)
}

// A broker may have a host of its own, and an address may end with a slash.
func TestBaseURLs(t *testing.T) {
	for _, path := range []string{"", "/", "/oauth2", "/oauth2/", "/a%2Fb/"} {
		t.Run(path, func(t *testing.T) {
			config, came := recorder(t, someTokens)
			config.BaseURL = strings.TrimSuffix(config.BaseURL, "/oauth2") + path
			client := newClient(t, config)
			_, err := client.Refresh(t.Context(), cis2.NewRefreshToken("r"))
			require.NoError(t, err)
			below := strings.TrimSuffix(path, "/")
			require.Equal(t, below+"/token", came()[0].URL.EscapedPath())
			address, err := url.Parse(begin(t, client).Address())
			require.NoError(t, err)
			require.Equal(t, below+"/authorize", address.EscapedPath())
		})
	}
}

func TestAnswersOfTheTokenCall(t *testing.T) {
	for name, one := range map[string]struct {
		body  string
		valid bool
	}{
		"the gateway's":          {`{"access_token":"a","expires_in":"599","refresh_token":"r","refresh_token_expires_in":"43199","refresh_count":"0","token_type":"Bearer"}`, true},
		"numbers":                {`{"access_token":"a","expires_in":599,"refresh_token":"r","refresh_token_expires_in":43199,"refresh_count":0,"token_type":"bearer"}`, true},
		"no refresh token":       {`{"access_token":"a","expires_in":599}`, true},
		"an empty second number": {`{"access_token":"a","expires_in":599,"refresh_token":"r","refresh_token_expires_in":""}`, true},
		"600 characters":         {`{"access_token":"` + strings.Repeat("a", 600) + `","expires_in":599}`, true},
		"601 characters":         {`{"access_token":"` + strings.Repeat("a", 601) + `","expires_in":599}`, false},
		"no token":               {`{"expires_in":"599"}`, false},
		"a token with a line":    {`{"access_token":"a\r\nX: y","expires_in":"599"}`, false},
		"a token of umlauts":     {`{"access_token":"ä","expires_in":"599"}`, false},
		"no end":                 {`{"access_token":"a"}`, false},
		"an empty end":           {`{"access_token":"a","expires_in":""}`, false},
		"an end of null":         {`{"access_token":"a","expires_in":null}`, false},
		"an end that is past":    {`{"access_token":"a","expires_in":"0"}`, false},
		"an end before that":     {`{"access_token":"a","expires_in":-1}`, false},
		"an end in a century":    {`{"access_token":"a","expires_in":"3155760000"}`, false},
		"an end of no number":    {`{"access_token":"a","expires_in":"soon"}`, false},
		"an end of a fraction":   {`{"access_token":"a","expires_in":599.5}`, false},
		"an end of an object":    {`{"access_token":"a","expires_in":{}}`, false},
		"a long refresh token":   {`{"access_token":"a","expires_in":1,"refresh_token":"` + strings.Repeat("a", 4097) + `"}`, false},
		"the refresh token over": {`{"access_token":"a","expires_in":1,"refresh_token":"r","refresh_token_expires_in":"0"}`, false},
		"another type of token":  {`{"access_token":"a","expires_in":1,"token_type":"mac"}`, false},
		"a list":                 {`[]`, false},
		"null":                   {`null`, false},
		"nothing":                {``, false},
		"half":                   {`{"access_token":"a"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			config, _ := recorder(t, one.body)
			_, err := newClient(t, config).Refresh(t.Context(), cis2.NewRefreshToken("r"))
			if one.valid {
				require.NoError(t, err)
				return
			}
			requireCode(t, "CIS2-ANSWER", err)
			require.ErrorIs(t, err, ersclient.ErrAnswerLost)
		})
	}
}

func TestUserInfo(t *testing.T) {
	for name, one := range map[string]struct {
		body string
		want cis2.UserInfo
	}{
		"nothing":           {`{}`, cis2.UserInfo{}},
		"sub":               {`{"sub":"656005750104"}`, cis2.UserInfo{Identifier: "656005750104"}},
		"a broker's sub":    {`{"sub":"auth0|x"}`, cis2.UserInfo{}},
		"both":              {`{"sub":"x","nhsid_useruid":"656005750104"}`, cis2.UserInfo{Identifier: "656005750104"}},
		"a number":          {`{"sub":656005750104}`, cis2.UserInfo{Identifier: "656005750104"}},
		"a name":            {`{"name":" A\tB "}`, cis2.UserInfo{Name: "A B"}},
		"its parts":         {`{"given_name":"A","family_name":"B"}`, cis2.UserInfo{GivenName: "A", FamilyName: "B"}},
		"one part":          {`{"family_name":"B"}`, cis2.UserInfo{FamilyName: "B"}},
		"everything wrong":  {`{"sub":{},"name":[],"given_name":true,"nhsid_user_orgs":{},"nhsid_nrbac_roles":"x"}`, cis2.UserInfo{}},
		"null":              {`{"sub":null,"name":null,"nhsid_user_orgs":null,"nhsid_nrbac_roles":[null]}`, cis2.UserInfo{}},
		"an unnamed org":    {`{"nhsid_user_orgs":[{"org_code":"X09"},{"org_name":"x"},7]}`, cis2.UserInfo{OrgNames: map[string]string{"X09": ""}}},
		"a name of a novel": {`{"name":"` + strings.Repeat("x", 5000) + `"}`, cis2.UserInfo{Name: strings.Repeat("x", 199) + "…"}},
	} {
		t.Run(name, func(t *testing.T) {
			config, _ := recorder(t, one.body)
			info, err := newClient(t, config).UserInfo(t.Context(), ersclient.NewAccessToken("a"))
			require.NoError(t, err)
			if one.want.OrgNames == nil {
				one.want.OrgNames = map[string]string{}
			}
			require.Equal(t, one.want, info)
		})
	}
	for name, body := range map[string]string{"a list": `[]`, "null": `null`, "a text": `"x"`, "nothing": ``, "half": `{"sub":`} {
		t.Run(name, func(t *testing.T) {
			config, _ := recorder(t, body)
			_, err := newClient(t, config).UserInfo(t.Context(), ersclient.NewAccessToken("a"))
			requireCode(t, "CIS2-ANSWER", err)
		})
	}
}

// Every fault of a call, and whether the server may have carried it out.
func TestFaults(t *testing.T) {
	const lost = true
	for name, one := range map[string]struct {
		fault testserver.Fault
		code  string
		lost  bool
	}{
		"cut before":        {testserver.Fault{Kind: testserver.CutBefore}, "NET-CUT", lost},
		"cut after":         {testserver.Fault{Kind: testserver.CutAfter}, "NET-CUT", lost},
		"cut in the middle": {testserver.Fault{Kind: testserver.CutDuring}, "NET-CUT", lost},
		"a hang":            {testserver.Fault{Kind: testserver.Hang}, "NET-TIMEOUT", lost},
		"a drip":            {testserver.Fault{Kind: testserver.Drip, Delay: time.Second}, "NET-TIMEOUT", lost},
		"HTML":              {testserver.Fault{Kind: testserver.HTML}, "NET-HTML", lost},
		"half of the JSON":  {testserver.Fault{Kind: testserver.TruncatedJSON}, "CIS2-ANSWER", lost},
		"two megabytes":     {testserver.Fault{Kind: testserver.HugeBody}, "CIS2-ANSWER", lost},
		"plain text":        {testserver.Fault{Kind: testserver.Body, Status: 200, Body: "ok", ContentType: "text/plain"}, "CIS2-ANSWER", lost},
		"204":               {testserver.Fault{Kind: testserver.Status, Status: 204}, "CIS2-ANSWER", lost},
		"a redirection":     {testserver.Fault{Kind: testserver.Redirect}, "NET-HTML", !lost},
		"407":               {testserver.Fault{Kind: testserver.Status, Status: 407}, "NET-PROXY_AUTH", !lost},
		"418":               {testserver.Fault{Kind: testserver.Status, Status: 418}, "CIS2-REFUSED", !lost},
		"429":               {testserver.Fault{Kind: testserver.Status, Status: 429, RetryAfter: "5"}, "CIS2-BUSY", !lost},
		"429 with a fault":  {cis2test.ApigeeFault(429, "Rate limit quota violation", "policies.ratelimit.QuotaViolation"), "CIS2-BUSY", !lost},
		"500":               {testserver.Fault{Kind: testserver.Status, Status: 500}, "CIS2-UNAVAILABLE", !lost},
		"500 with a fault":  {cis2test.ApigeeFault(500, "Failed to execute", "steps.x.Failed"), "CIS2-UNAVAILABLE", !lost},
		"502 as HTML":       {testserver.Fault{Kind: testserver.HTML, Status: 502}, "CIS2-UNAVAILABLE", lost},
		"503":               {testserver.Fault{Kind: testserver.Status, Status: 503, RetryAfter: "60"}, "CIS2-UNAVAILABLE", lost},
		"504, carried out":  {testserver.Fault{Kind: testserver.Status, Status: 504, Handled: true}, "CIS2-UNAVAILABLE", lost},
		"404":               {testserver.Fault{Kind: testserver.Status, Status: 404}, "CIS2-NOT_FOUND", !lost},
		"an unknown error":  {cis2test.OAuthError(500, "unknown_error", "An unknown error occurred"), "CIS2-UNAVAILABLE", !lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			config := public(server)
			config.Timeout = time.Minute
			if one.code == "NET-TIMEOUT" {
				config.Timeout = 3 * time.Second
			}
			client := newClient(t, config)
			code := codeOf(t, server, client, cis2test.GP)
			require.NoError(t, server.Fail(cis2test.Token, one.fault))
			_, err := client.Exchange(t.Context(), code)
			requireCode(t, one.code, err)
			require.Equal(t, one.lost, errors.Is(err, ersclient.ErrAnswerLost), "%v", err)

			config.Timeout = time.Minute
			patient := newClient(t, config)
			tokens := tokensOf(t, server, patient, cis2test.GP)
			require.NoError(t, server.Fail(cis2test.Refresh, one.fault))
			_, err = client.Refresh(t.Context(), tokens.Refresh)
			requireCode(t, one.code, err)
			require.Equal(t, one.lost, errors.Is(err, ersclient.ErrAnswerLost), "%v", err)
			require.NotErrorIs(t, err, ersclient.ErrRefreshRefused, "it can be tried again")
			calls := 0
			for _, request := range server.Requests() {
				if request.Call == cis2test.Refresh {
					calls++
				}
			}
			require.Equal(t, 1, calls, "a refresh token is sent once")

			server.Forgive(cis2test.UserInfo)
			tokens = tokensOf(t, server, patient, cis2test.GP)
			fault := one.fault
			fault.Times = 3
			require.NoError(t, server.Fail(cis2test.UserInfo, fault))
			_, err = client.UserInfo(t.Context(), tokens.Access)
			requireCode(t, one.code, err)
		})
	}
}

func TestASlowAnswerIsUsed(t *testing.T) {
	server, client := fixed(t)
	tokens := tokensOf(t, server, client, cis2test.GP)
	require.NoError(t, server.Fail(cis2test.Refresh, testserver.Fault{Kind: testserver.Slow, Delay: 50 * time.Millisecond}))
	_, err := client.Refresh(t.Context(), tokens.Refresh)
	require.NoError(t, err)
}

// A refresh that is given up may have been carried out.
func TestARefreshThatIsGivenUp(t *testing.T) {
	server, client := fixed(t)
	tokens := tokensOf(t, server, client, cis2test.GP)
	require.NoError(t, server.Fail(cis2test.Refresh, testserver.Fault{Kind: testserver.Hang}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := client.Refresh(ctx, tokens.Refresh)
		failed <- err
	}()
	require.Eventually(t, func() bool {
		requests := server.Requests()
		return requests[len(requests)-1].Call == cis2test.Refresh
	}, 30*time.Second, time.Millisecond, "it has come to the server")
	cancel()
	require.ErrorIs(t, <-failed, ersclient.ErrAnswerLost)
}

func TestSettings(t *testing.T) {
	server := newServer(t)
	for name, one := range map[string]struct {
		change func(*cis2.Config)
		code   string
	}{
		"plain HTTP":             {func(c *cis2.Config) { c.BaseURL = "http://api.service.nhs.uk/oauth2" }, "UNEXPECTED"},
		"plain HTTP, allowed":    {func(c *cis2.Config) { c.BaseURL, c.PlainLoopback = "http://api.service.nhs.uk/oauth2", true }, "UNEXPECTED"},
		"plain HTTP to loopback": {func(c *cis2.Config) { c.BaseURL = "http://127.0.0.1:1/oauth2" }, "UNEXPECTED"},
		"and that allowed":       {func(c *cis2.Config) { c.BaseURL, c.PlainLoopback = "http://127.0.0.1:1/oauth2", true }, ""},
		"and by another address": {func(c *cis2.Config) { c.BaseURL, c.PlainLoopback = "http://[::1]:1/oauth2", true }, ""},
		"a name like localhost":  {func(c *cis2.Config) { c.BaseURL, c.PlainLoopback = "http://localhost.example/", true }, "UNEXPECTED"},
		"no address":             {func(c *cis2.Config) { c.BaseURL = "" }, "UNEXPECTED"},
		"a password in it":       {func(c *cis2.Config) { c.BaseURL = "https://user:hunter2@api.service.nhs.uk" }, "UNEXPECTED"},
		"a query behind it":      {func(c *cis2.Config) { c.BaseURL = "https://api.service.nhs.uk/?x=y" }, "UNEXPECTED"},
		"no client id":           {func(c *cis2.Config) { c.ClientID = "" }, "CIS2-CLIENT_ID"},
		"a client id of two":     {func(c *cis2.Config) { c.ClientID = "a b" }, "CIS2-CLIENT_ID"},
		"no redirect URI":        {func(c *cis2.Config) { c.RedirectURI = "" }, "UNEXPECTED"},
		"not a URL":              {func(c *cis2.Config) { c.RedirectURI = "http://[::1/callback" }, "UNEXPECTED"},
		"https":                  {func(c *cis2.Config) { c.RedirectURI = "https://localhost:8149/callback" }, "UNEXPECTED"},
		"another computer":       {func(c *cis2.Config) { c.RedirectURI = "http://192.0.2.1:8149/callback" }, "UNEXPECTED"},
		"all addresses":          {func(c *cis2.Config) { c.RedirectURI = "http://0.0.0.0:8149/callback" }, "UNEXPECTED"},
		"no port":                {func(c *cis2.Config) { c.RedirectURI = "http://localhost/callback" }, "UNEXPECTED"},
		"a port too high":        {func(c *cis2.Config) { c.RedirectURI = "http://localhost:65536/" }, "UNEXPECTED"},
		"port 00":                {func(c *cis2.Config) { c.RedirectURI = "http://localhost:00/" }, "UNEXPECTED"},
		"a query":                {func(c *cis2.Config) { c.RedirectURI = "http://localhost:8149/?a=b" }, "UNEXPECTED"},
		"a fragment":             {func(c *cis2.Config) { c.RedirectURI = "http://localhost:8149/#a" }, "UNEXPECTED"},
		"a user":                 {func(c *cis2.Config) { c.RedirectURI = "http://me@localhost:8149/" }, "UNEXPECTED"},
		"no path":                {func(c *cis2.Config) { c.RedirectURI = "http://127.0.0.1:8149" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := registered(server, cis2test.RedirectURI)
			one.change(&config)
			client, err := cis2.New(config)
			if one.code == "" {
				require.NoError(t, err)
				client.Close()
				return
			}
			requireCode(t, one.code, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestTheSecretsSource(t *testing.T) {
	locked := &problem.Problem{Code: "KEYRING-LOCKED-TEST", Title: "x", Steps: []string{"y"}}
	for name, one := range map[string]struct {
		text string
		err  error
		code string
	}{
		"a Problem":     {"", fmt.Errorf("the keyring: %w", locked), "KEYRING-LOCKED-TEST"},
		"another error": {"", errors.New("no file"), "CIS2-SECRET_MISSING"},
		"nothing":       {"", nil, "CIS2-SECRET_MISSING"},
		"another":       {"wrong", nil, "CIS2-CLIENT_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			server, client := fixed(t, func(c *cis2.Config) {
				c.Secret = func(context.Context) (secret.Text, error) { return secret.New(one.text), one.err }
			})
			_, err := client.Exchange(t.Context(), codeOf(t, server, client, cis2test.GP))
			requireCode(t, one.code, err)
		})
	}
}

func TestWhatIsMissing(t *testing.T) {
	client := newClient(t, public(newServer(t)))
	_, err := client.Exchange(t.Context(), cis2.Code{})
	requireCode(t, "UNEXPECTED", err)
	_, err = client.Refresh(t.Context(), cis2.RefreshToken{})
	requireCode(t, "UNEXPECTED", err)
	_, err = client.UserInfo(t.Context(), ersclient.AccessToken{})
	requireCode(t, "UNEXPECTED", err)
	requireCode(t, "CIS2-BROWSER", cis2.NoBrowser)
	require.Contains(t, cis2.NoBrowser.WhatToDo()[0], "Copy the address")
}
