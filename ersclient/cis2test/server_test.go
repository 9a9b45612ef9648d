package cis2test_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller speaks to a stand-in without package cis2.
type caller struct {
	*testing.T
	server *cis2test.Server
	client *http.Client
}

func newCaller(t *testing.T, options ...cis2test.Option) *caller {
	t.Helper()
	server := cis2test.NewUnstartedServer(options...)
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	kept := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: server.RootCAs()}}
	t.Cleanup(kept.CloseIdleConnections)
	client := &http.Client{Transport: kept}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &caller{t, server, client}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (c *caller) do(method, address, body string, header http.Header) answer {
	c.Helper()
	request, err := http.NewRequestWithContext(c.Context(), method, address, strings.NewReader(body))
	require.NoError(c, err)
	request.Header = header
	response, err := c.client.Do(request)
	require.NoError(c, err)
	got, err := io.ReadAll(response.Body)
	require.NoError(c, err)
	require.NoError(c, response.Body.Close())
	return answer{response.StatusCode, response.Header, string(got)}
}

// query is a valid one for the registered application, with changes; "" drops a parameter.
func query(changes map[string]string) url.Values {
	values := url.Values{
		"client_id": {cis2test.ClientID}, "redirect_uri": {cis2test.RedirectURI}, "response_type": {"code"}, "state": {"a state"},
		"acr_values": {"AAL2_OR_AAL3_ANY"},
	}
	return changed(values, changes)
}

func changed(values url.Values, changes map[string]string) url.Values {
	for name, value := range changes {
		values.Set(name, value)
		if value == "" {
			values.Del(name)
		}
	}
	return values
}

// pick chooses a persona on the page.
func (c *caller) pick(persona string, changes map[string]string) answer {
	c.Helper()
	return c.do(http.MethodPost, c.server.OAuthURL()+"/authorize?"+query(changes).Encode(), "persona="+persona,
		http.Header{"Content-Type": {formType}})
}

const formType = "application/x-www-form-urlencoded"

// code signs a persona in and returns the code.
func (c *caller) code(persona string) string {
	c.Helper()
	got := c.pick(persona, nil)
	require.Equal(c, http.StatusFound, got.status, got.body)
	at, err := url.Parse(got.header.Get("Location"))
	require.NoError(c, err)
	require.Equal(c, "a state", at.Query().Get("state"))
	return at.Query().Get("code")
}

// redeem is the form of a code, refresh that of a refresh token.
func redeem(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {cis2test.RedirectURI},
		"client_id": {cis2test.ClientID}, "client_secret": {cis2test.ClientSecret},
	}
}

func refresh(token string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token},
		"client_id": {cis2test.ClientID}, "client_secret": {cis2test.ClientSecret},
	}
}

func (c *caller) token(form url.Values) answer {
	c.Helper()
	return c.do(http.MethodPost, c.server.OAuthURL()+"/token", form.Encode(), http.Header{"Content-Type": {formType}})
}

func (c *caller) userInfo(token string) answer {
	c.Helper()
	return c.do(http.MethodGet, c.server.OAuthURL()+"/userinfo", "", http.Header{"Authorization": {"Bearer " + token}})
}

// members are the texts of a JSON object; a number is not one.
func (a answer) members(t *testing.T) map[string]string {
	t.Helper()
	var members map[string]string
	require.NoError(t, json.Unmarshal([]byte(a.body), &members), a.body)
	return members
}

func TestSignIn(t *testing.T) {
	c := newCaller(t)
	tokens := c.token(redeem(c.code(cis2test.GP)))
	require.Equal(t, http.StatusOK, tokens.status, tokens.body)
	first := tokens.members(t)
	require.Equal(t, "599", first["expires_in"])
	require.Equal(t, "43199", first["refresh_token_expires_in"])
	require.Equal(t, "0", first["refresh_count"])
	require.Equal(t, "Bearer", first["token_type"])
	info := c.userInfo(first["access_token"])
	require.Equal(t, http.StatusOK, info.status, info.body)
	require.Contains(t, info.body, `"nhsid_useruid":"555020964101"`)
	second := c.token(refresh(first["refresh_token"])).members(t)
	require.Equal(t, "1", second["refresh_count"])
	require.Equal(t, http.StatusUnauthorized, c.userInfo(first["access_token"]).status)
	require.Equal(t, http.StatusOK, c.userInfo(second["access_token"]).status)
}

// What the gateway refuses, with its words: a client that passes here is one that the gateway takes.
func TestTheTokenCall(t *testing.T) {
	c := newCaller(t)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(cis2test.ClientID+":"+cis2test.ClientSecret))
	for name, one := range map[string]struct {
		change map[string]string
		header http.Header
		status int
		code   string
		text   string
	}{
		"a charset": {nil, http.Header{"Content-Type": {formType + "; charset=utf-8"}}, 415, "invalid_request",
			"Content-Type header must be application/x-www-form-urlencoded"},
		"JSON":               {nil, http.Header{"Content-Type": {"application/json"}}, 415, "invalid_request", "Content-Type header"},
		"no content type":    {nil, http.Header{}, 415, "invalid_request", "Content-Type header"},
		"no grant type":      {map[string]string{"grant_type": ""}, nil, 400, "invalid_request", "grant_type is missing"},
		"another grant type": {map[string]string{"grant_type": "password"}, nil, 400, "unsupported_grant_type", "grant_type is invalid"},
		"no client id":       {map[string]string{"client_id": ""}, nil, 401, "invalid_request", "client_id is missing"},
		"another client id":  {map[string]string{"client_id": "x"}, nil, 401, "invalid_client", "client_id or client_secret is invalid"},
		"no secret":          {map[string]string{"client_secret": ""}, nil, 401, "invalid_request", "client_secret is missing"},
		"another secret":     {map[string]string{"client_secret": "x"}, nil, 401, "invalid_client", "client_id or client_secret is invalid"},
		"Basic": {map[string]string{"client_secret": "", "client_id": ""},
			http.Header{"Content-Type": {formType}, "Authorization": {basic}}, 401, "invalid_request", "client_id is missing"},
		"Basic as well": {nil, http.Header{"Content-Type": {formType}, "Authorization": {basic}}, 401, "invalid_request",
			"client_secret is missing"},
		"no code":                {map[string]string{"code": ""}, nil, 400, "invalid_request", "authorization_code is missing"},
		"another code":           {map[string]string{"code": "x"}, nil, 400, "invalid_grant", "authorization_code is invalid"},
		"no redirect URI":        {map[string]string{"redirect_uri": ""}, nil, 400, "invalid_request", "redirect_uri is missing"},
		"another redirect URI":   {map[string]string{"redirect_uri": cis2test.RedirectURI + "/"}, nil, 400, "invalid_request", "redirect_uri is invalid"},
		"a refresh of no token":  {map[string]string{"grant_type": "refresh_token"}, nil, 400, "invalid_request", "refresh_token is missing"},
		"a refresh of any token": {map[string]string{"grant_type": "refresh_token", "refresh_token": "x"}, nil, 401, "invalid_grant", "refresh_token is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			header := one.header
			if header == nil {
				header = http.Header{"Content-Type": {formType}}
			}
			got := c.do(http.MethodPost, c.server.OAuthURL()+"/token", changed(redeem(c.code(cis2test.GP)), one.change).Encode(), header)
			require.Equal(t, one.status, got.status, got.body)
			require.Equal(t, one.code, got.members(t)["error"])
			require.Contains(t, got.members(t)["error_description"], one.text)
			require.NotEmpty(t, got.members(t)["message_id"])
		})
	}
}

func TestTheAuthorization(t *testing.T) {
	c := newCaller(t)
	type changes = map[string]string
	for name, one := range map[string]struct {
		persona string
		changes changes
		status  int
		want    string
	}{
		"no client id":         {cis2test.GP, changes{"client_id": ""}, 401, "client_id is missing"},
		"another client id":    {cis2test.GP, changes{"client_id": "x"}, 401, "client_id is invalid"},
		"no redirect URI":      {cis2test.GP, changes{"redirect_uri": ""}, 400, "redirect_uri is missing"},
		"another port":         {cis2test.GP, changes{"redirect_uri": "http://localhost:8150/callback"}, 400, "redirect_uri is invalid"},
		"another address":      {cis2test.GP, changes{"redirect_uri": "http://127.0.0.1:8149/callback"}, 400, "redirect_uri is invalid"},
		"no state":             {cis2test.GP, changes{"state": ""}, 302, "?error=invalid_request&error_description=state+is+missing"},
		"no response type":     {cis2test.GP, changes{"response_type": ""}, 302, "error_description=response_type+is+missing&state=a+state"},
		"the implicit flow":    {cis2test.GP, changes{"response_type": "token"}, 302, "error=unsupported_response_type"},
		"cancelled":            {cis2test.Cancel, nil, 401, "cancelled"},
		"no role":              {cis2test.NotRegistered, nil, 401, "no suitable role"},
		"a password alone":     {cis2test.LowLevel, nil, 401, "level"},
		"AAL2 for the default": {cis2test.Consultant, changes{"acr_values": ""}, 401, "level"},
		"AAL2 where it may":    {cis2test.Consultant, nil, 302, "code="},
		"no persona":           {"nobody", nil, 200, `<button name="persona" value="spca">`},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.pick(one.persona, one.changes)
			require.Equal(t, one.status, got.status, got.body)
			require.Contains(t, got.body+got.header.Get("Location"), one.want)
		})
	}
	page := c.do(http.MethodGet, c.server.OAuthURL()+"/authorize?"+query(nil).Encode(), "", nil)
	require.Contains(t, page.body, "Who signs in?")
	c.server.SignInAs(cis2test.GP)
	require.Equal(t, http.StatusFound, c.do(http.MethodGet, c.server.OAuthURL()+"/authorize?"+query(nil).Encode(), "", nil).status)
	require.Equal(t, http.StatusNotFound, c.do(http.MethodGet, c.server.URL+"/elsewhere", "", nil).status)
}

// A native application has any port of the loopback interface, and proves that the code is its own.
func TestThePublicClient(t *testing.T) {
	const verifier = "a verifier that is long enough for every server"
	sum := sha256.Sum256([]byte(verifier))
	c := newCaller(t)
	public := map[string]string{
		"client_id": cis2test.PublicClientID, "redirect_uri": "http://127.0.0.1:1/callback", "code_challenge_method": "S256",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	with := func(name, value string) map[string]string {
		made := maps.Clone(public)
		made[name] = value
		return made
	}
	for name, one := range map[string]struct {
		persona string
		changes map[string]string
		want    string
	}{
		"no challenge":     {cis2test.GP, with("code_challenge", ""), "error_description=PKCE"},
		"a plain one":      {cis2test.GP, with("code_challenge_method", "plain"), "error_description=PKCE"},
		"another computer": {cis2test.GP, with("redirect_uri", "http://192.0.2.1:1/callback"), "redirect_uri is invalid"},
		"another path":     {cis2test.GP, with("redirect_uri", "http://localhost:1/x"), "redirect_uri is invalid"},
		"cancelled":        {cis2test.Cancel, public, "error=access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.pick(one.persona, one.changes)
			require.Contains(t, got.body+got.header.Get("Location"), one.want)
		})
	}
	code := func() string {
		at, err := url.Parse(c.pick(cis2test.GP, public).header.Get("Location"))
		require.NoError(t, err)
		return at.Query().Get("code")
	}
	form := func(verifier string) url.Values {
		return changed(redeem(code()), map[string]string{
			"client_id": cis2test.PublicClientID, "client_secret": "", "redirect_uri": "http://127.0.0.1:1/callback", "code_verifier": verifier,
		})
	}
	require.Contains(t, c.token(form("")).body, "code_verifier is invalid")
	require.Contains(t, c.token(form("another")).body, "code_verifier is invalid")
	require.Contains(t, c.token(changed(form(verifier), map[string]string{"client_secret": "x"})).body, "invalid_client")
	got := c.token(form(verifier))
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Contains(t, got.body, `"expires_in":599`)
	require.NotContains(t, got.body, "refresh_count")
}

func TestTimePasses(t *testing.T) {
	c := newCaller(t)
	late := c.code(cis2test.GP)
	tokens := c.token(redeem(c.code(cis2test.GP))).members(t)
	c.server.Pass(10 * time.Minute)
	require.Contains(t, c.userInfo(tokens["access_token"]).body, "Access Token expired")
	require.Contains(t, c.userInfo("x").body, "Invalid access token")
	require.Contains(t, c.token(redeem(late)).body, "authorization_code is invalid")
	tokens = c.token(refresh(tokens["refresh_token"])).members(t)
	left, err := strconv.Atoi(tokens["refresh_token_expires_in"])
	require.NoError(t, err)
	require.InDelta(t, 43199-600, left, 60, "the end is that of the first sign-in")
	c.server.Pass(12 * time.Hour)
	require.Contains(t, c.token(refresh(tokens["refresh_token"])).body, "refresh token refresh period has expired")
	c.server.Revoke(cis2test.GP)
	require.Empty(t, c.server.Sessions())

	short := newCaller(t, cis2test.WithLifetimes(20*time.Second, time.Minute))
	require.Equal(t, "20", short.token(redeem(short.code(cis2test.GP))).members(t)["expires_in"])
}

// Sessions and codes that are never ended make room for new ones.
func TestSessionsAreBounded(t *testing.T) {
	c := newCaller(t)
	first := c.code(cis2test.GP)
	for range 1000 {
		c.code(cis2test.GP)
	}
	require.Contains(t, c.token(redeem(first)).body, "authorization_code is invalid")
}

func TestPersonas(t *testing.T) {
	kinds := map[string]string{}
	for _, persona := range cis2test.DefaultPersonas() {
		require.Len(t, persona.Identifier, 12)
		kinds[persona.ID] = persona.About
	}
	require.Equal(t, map[string]string{
		cis2test.GP: "one role", cis2test.ManyRoles: "five roles", cis2test.Admin: "acts for 24 clinicians",
		cis2test.Consultant: "two roles in each of 40 organisations", cis2test.NoRoles: "no role in e-RS",
		cis2test.NotRegistered: "not registered, the sign-in ends in the browser",
		cis2test.LowLevel:      "password alone, the sign-in ends in the browser",
	}, kinds)
}

// Every call can be made to fail, the page in the browser among them.
func TestFaultsOfEveryCall(t *testing.T) {
	c := newCaller(t)
	for call, request := range map[testserver.Call]func() answer{
		cis2test.Authorize: func() answer { return c.pick(cis2test.GP, nil) },
		cis2test.Token:     func() answer { return c.token(redeem("x")) },
		cis2test.Refresh:   func() answer { return c.token(refresh("x")) },
		cis2test.UserInfo:  func() answer { return c.userInfo("x") },
	} {
		t.Run(string(call), func(t *testing.T) {
			require.NoError(t, c.server.Fail(call, cis2test.ApigeeFault(503, "The Service is temporarily unavailable", "messaging.x")))
			got := request()
			require.Equal(t, http.StatusServiceUnavailable, got.status)
			require.JSONEq(t, `{"fault":{"faultstring":"The Service is temporarily unavailable","detail":{"errorcode":"messaging.x"}}}`, got.body)
			require.NotEqual(t, http.StatusServiceUnavailable, request().status)
		})
	}
	require.Error(t, c.server.Fail("A001", cis2test.ApigeeFault(503, "", "")))
}

func TestAnAddressThatIsTaken(t *testing.T) {
	server := cis2test.NewServer()
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "https://")
	require.Error(t, cis2test.NewUnstartedServer(cis2test.WithAddress(address)).Start())
	require.Panics(t, func() { cis2test.NewServer(cis2test.WithAddress(address)) })
}
