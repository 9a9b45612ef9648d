package cis2test_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/cis2test"
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
	client := server.Client()
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
