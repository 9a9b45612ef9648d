package cis2_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// What the browser shows, and what is gone afterwards.
func TestTheCallback(t *testing.T) {
	server, client := fixed(t)
	attempt := begin(t, client)
	page, err := server.SignIn(t.Context(), attempt.Address(), cis2test.GP)
	require.NoError(t, err)
	redirectURI, state := callbackOf(t, attempt)
	require.Equal(t, redirectURI, page.URL)
	require.Equal(t, http.StatusOK, page.Status)
	for _, text := range []string{"You have finished here", "Rydych wedi gorffen yma", `lang="cy"`, "#005eb8"} {
		require.Contains(t, page.Body, text)
	}
	require.NotContains(t, page.Body, "<script")
	require.NotContains(t, page.Body, state)
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", page.Header.Get("Referrer-Policy"))
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
	require.Zero(t, get(t, http.MethodGet, redirectURI), "the listener is gone as soon as the callback came")
	_, err = attempt.Wait(bounded(t))
	require.NoError(t, err)

	again := begin(t, client)
	require.NotEqual(t, attempt.Address(), again.Address(), "the port can be taken again at once")
}

// A stranger's request is answered without a hint, and the sign-in goes on.
func TestStrangersRequests(t *testing.T) {
	server, client := fixed(t)
	attempt := begin(t, client)
	uri, state := callbackOf(t, attempt)
	base := strings.TrimSuffix(uri, "/callback")
	stale := ""
	for name, one := range map[string]struct {
		method, address string
		status          int
	}{
		"no state":             {http.MethodGet, uri + "?code=x", 404},
		"an empty state":       {http.MethodGet, uri + "?code=x&state=", 404},
		"another state":        {http.MethodGet, uri + "?code=x&state=" + strings.Repeat("x", len(state)), 404},
		"half of the state":    {http.MethodGet, uri + "?code=x&state=" + state[:20], 404},
		"the state twice":      {http.MethodGet, uri + "?code=x&state=" + state + "&state=" + state, 404},
		"an error, no state":   {http.MethodGet, uri + "?error=access_denied", 404},
		"a query that is none": {http.MethodGet, uri + "?code=x;state=" + state, 404},
		"another path":         {http.MethodGet, base + "/?code=x&state=" + state, 404},
		"a longer path":        {http.MethodGet, uri + "/x?code=x&state=" + state, 404},
		"an escaped path":      {http.MethodGet, base + "/c%61llback?code=x&state=" + state, 404},
		"the icon":             {http.MethodGet, base + "/favicon.ico", 404},
		"POST":                 {http.MethodPost, uri + "?code=x&state=" + state, 405},
		"HEAD":                 {http.MethodHead, uri + "?code=x&state=" + state, 405},
		"OPTIONS elsewhere":    {http.MethodOptions, base + "/", 405},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, body := fetch(t, one.method, one.address)
			require.Equal(t, one.status, status)
			if status == http.StatusNotFound {
				// A user whose browser still had the page of an earlier sign-in is not stranded.
				require.Contains(t, body, "This page is out of date")
				if stale == "" {
					stale = body
				}
				require.Equal(t, stale, body, "what was wrong can be learned")
			} else {
				require.Empty(t, body)
			}
			require.Equal(t, "no-store", header.Get("Cache-Control"))
		})
	}
	t.Run("another host", func(t *testing.T) {
		// A site whose name was made to point here (DNS rebinding) reads the answer.
		status, header, body := fetch(t, http.MethodGet, "http://127.0.0.1:"+portOf(uri)+"/callback?code=x&state="+state)
		require.Equal(t, 404, status)
		require.Empty(t, body)
		require.Empty(t, header.Get("Content-Security-Policy"))
	})
	_, err := server.SignIn(t.Context(), attempt.Address(), cis2test.GP)
	require.NoError(t, err)
	_, err = attempt.Wait(bounded(t))
	require.NoError(t, err, "the attempt has not ended before")
}

func TestCallbacksThatFail(t *testing.T) {
	server := newServer(t)
	client := newClient(t, public(server))
	for name, one := range map[string]struct{ query, code, page string }{
		"the user cancels":        {"error=access_denied&error_description=The+user+cancelled", "CIS2-DENIED", "You cancelled"},
		"an error and a code":     {"error=access_denied&code=x", "CIS2-DENIED", "You cancelled"},
		"response_type missing":   {"error=invalid_request&error_description=response_type+is+missing", "CIS2-REQUEST", "reported"},
		"response_type invalid":   {"error=unsupported_response_type&error_description=response_type+is+invalid", "CIS2-REQUEST", ""},
		"state missing":           {"error=invalid_request&error_description=state+is+missing", "CIS2-REQUEST", ""},
		"not allowed to":          {"error=unauthorized_client", "CIS2-GRANT", ""},
		"a server that fails":     {"error=server_error", "CIS2-UNAVAILABLE", ""},
		"a server with a pause":   {"error=temporarily_unavailable", "CIS2-UNAVAILABLE", ""},
		"an error not known":      {"error=<script>alert(1)</script>", "CIS2-CALLBACK", "reported"},
		"an empty error":          {"error=", "CIS2-CALLBACK", ""},
		"no code":                 {"", "CIS2-CALLBACK", ""},
		"an empty code":           {"code=", "CIS2-CALLBACK", ""},
		"two codes":               {"code=a&code=b", "CIS2-CALLBACK", ""},
		"a code with a line":      {"code=a%0d%0ab", "CIS2-CALLBACK", ""},
		"a code of three pages":   {"code=" + strings.Repeat("a", 2049), "CIS2-CALLBACK", ""},
		"an error of three pages": {"error=" + strings.Repeat("a", 3000), "CIS2-CALLBACK", ""},
	} {
		t.Run(name, func(t *testing.T) {
			attempt := begin(t, client)
			uri, state := callbackOf(t, attempt)
			response, err := server.Client().Get(uri + "?state=" + state + "&" + one.query) //nolint:noctx // bounded by the server
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Contains(t, string(body), "Signing in did not work")
			require.Contains(t, string(body), "Ni weithiodd")
			require.Contains(t, string(body), one.page)
			require.NotContains(t, string(body), "alert", "nothing of the request is in the page")
			code, err := attempt.Wait(bounded(t))
			require.Less(t, len(err.Error()), 1000)
			requireCode(t, one.code, err)
			_, err = client.Exchange(t.Context(), code)
			requireCode(t, "UNEXPECTED", err)
		})
	}
}

// The second callback, of a page that is loaded again or of another program, changes nothing.
func TestTwoCallbacks(t *testing.T) {
	client := newClient(t, public(newServer(t)))
	cis2.SetCallbackTimeout(client, time.Minute)
	attempt := begin(t, client)
	uri, state := callbackOf(t, attempt)
	// A connection that is open before the first callback outlives the listener.
	connection := dial(t, portOf(uri))
	require.Equal(t, http.StatusOK, get(t, http.MethodGet, uri+"?code=first&state="+state))
	_, err := io.WriteString(connection, "GET /callback?code=second&state="+state+" HTTP/1.1\r\nHost: localhost:"+portOf(uri)+"\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(connection)
	require.NoError(t, err)
	require.Contains(t, string(answer), "HTTP/1.1 404")
	require.NotContains(t, string(answer), "finished")
	_, err = attempt.Wait(bounded(t))
	require.NoError(t, err)
	closed, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = attempt.Wait(closed)
	requireCode(t, "CIS2-TIMEOUT", err)
}

func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	require.NoError(t, connection.SetDeadline(time.Now().Add(30*time.Second)))
	return connection
}

func TestBothLoopbackAddresses(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			if host == "[::1]" && !hasIPv6(t) {
				return
			}
			attempt := begin(t, newClient(t, public(newServer(t))))
			uri, state := callbackOf(t, attempt)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				"http://"+host+":"+portOf(uri)+"/callback?code=x&state="+state, nil)
			require.NoError(t, err)
			request.Host = "localhost:" + portOf(uri)
			transport := &http.Transport{DisableKeepAlives: true}
			response, err := transport.RoundTrip(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusOK, response.StatusCode)
		})
	}
}

// hasIPv6 reports whether this machine has an IPv6 loopback address.
func hasIPv6(t testing.TB) bool {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	require.NoError(t, listener.Close())
	return true
}

// The holder of the port at the right moment would get the code of a colleague.
func TestAPortThatIsTaken(t *testing.T) {
	for name, address := range map[string]string{"127.0.0.1": "127.0.0.1:", "all addresses": "0.0.0.0:", "::1": "[::1]:"} {
		t.Run(name, func(t *testing.T) {
			if name == "::1" && !hasIPv6(t) {
				return
			}
			_, client := fixed(t)
			port := portOf(redirectOf(t, client))
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address+port)
			require.NoError(t, err)
			_, err = client.Begin(t.Context())
			found := problemOf(t, "CIS2-PORT_IN_USE", err)
			require.Contains(t, found.Expand(found.Happened), port)
			require.NoError(t, listener.Close())
			begin(t, client)
			_, err = new(net.ListenConfig).Listen(t.Context(), "tcp", address+port)
			require.Error(t, err, "nor can another program take it during a sign-in")
			_, err = client.Begin(t.Context())
			requireCode(t, "CIS2-PORT_IN_USE", err)
		})
	}
}

// redirectOf returns the redirect URI that a client has.
func redirectOf(t *testing.T, client *cis2.Client) string {
	t.Helper()
	attempt, err := client.Begin(t.Context())
	require.NoError(t, err)
	defer attempt.Close()
	uri, _ := callbackOf(t, attempt)
	return uri
}

func TestAnyPort(t *testing.T) {
	server := newServer(t)
	for _, uri := range []string{"http://localhost:0/callback", "http://127.0.0.1:0/callback", "http://[::1]:0/callback"} {
		t.Run(uri, func(t *testing.T) {
			if strings.Contains(uri, "::1") && !hasIPv6(t) {
				return
			}
			config := public(server)
			config.RedirectURI = uri
			client := newClient(t, config)
			one, other := begin(t, client), begin(t, client)
			first, _ := callbackOf(t, one)
			second, _ := callbackOf(t, other)
			require.NotEqual(t, first, second)
			require.Equal(t, strings.Replace(uri, ":0/", ":"+portOf(first)+"/", 1), first)
			_, err := server.SignIn(t.Context(), one.Address(), cis2test.GP)
			require.NoError(t, err)
			code, err := one.Wait(bounded(t))
			require.NoError(t, err)
			_, err = client.Exchange(t.Context(), code)
			require.NoError(t, err, "the port that the code was for is sent with it")
		})
	}
}

func TestAWaitThatEnds(t *testing.T) {
	client := newClient(t, public(newServer(t)))
	for name, one := range map[string]struct {
		end  func(t *testing.T, attempt *cis2.Attempt) context.Context
		code string
	}{
		"no browser comes back": {func(t *testing.T, _ *cis2.Attempt) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			t.Cleanup(cancel)
			return ctx
		}, "CIS2-TIMEOUT"},
		"cancelled": {func(t *testing.T, _ *cis2.Attempt) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx
		}, "CIS2-CANCELLED"},
		"closed": {func(t *testing.T, attempt *cis2.Attempt) context.Context {
			attempt.Close()
			attempt.Close()
			return t.Context()
		}, "CIS2-CANCELLED"},
	} {
		t.Run(name, func(t *testing.T) {
			attempt := begin(t, client)
			_, err := attempt.Wait(one.end(t, attempt))
			requireCode(t, one.code, err)
			uri, _ := callbackOf(t, attempt)
			attempt.Close()
			require.Zero(t, get(t, http.MethodGet, uri))
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := begin(t, client).Wait(ctx)
	require.True(t, errors.Is(err, context.Canceled))
}

// Connections that say nothing, or too much, neither end the attempt nor keep the browser out.
func TestConnectionsThatKeepOthersWaiting(t *testing.T) {
	client := newClient(t, public(newServer(t)))
	cis2.SetCallbackTimeout(client, 500*time.Millisecond)
	attempt := begin(t, client)
	uri, state := callbackOf(t, attempt)
	long := dial(t, portOf(uri))
	// The listener may answer and close before everything is written.
	_, _ = io.WriteString(long, "GET /callback HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	answer, _ := io.ReadAll(long)
	if len(answer) > 0 {
		require.Contains(t, string(answer), "431")
	}
	for range 12 {
		dial(t, portOf(uri))
	}
	// A busy computer may take longer than the bound to send the request.
	require.Eventually(t, func() bool { return get(t, http.MethodGet, uri+"?code=x&state="+state) == http.StatusOK }, time.Minute,
		10*time.Millisecond)
	_, err := attempt.Wait(bounded(t))
	require.NoError(t, err)
}

// Sign-ins that end in the browser with an error of the gateway never come back.
func TestEndsInTheBrowser(t *testing.T) {
	server, client := fixed(t)
	for _, persona := range []string{cis2test.Cancel, cis2test.NotRegistered, cis2test.LowLevel} {
		t.Run(persona, func(t *testing.T) {
			attempt := begin(t, client)
			page, err := server.SignIn(t.Context(), attempt.Address(), persona)
			require.NoError(t, err)
			require.Equal(t, http.StatusUnauthorized, page.Status)
			require.Contains(t, page.Body, `"error":"access_denied"`)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err = attempt.Wait(ctx)
			requireCode(t, "CIS2-TIMEOUT", err)

			_, err = server.SignIn(t.Context(), attempt.Address(), cis2test.GP)
			require.NoError(t, err, "the page can be opened again")
			_, err = attempt.Wait(bounded(t))
			require.NoError(t, err)
		})
	}
}

// The address has all that the gateway demands, and nothing of it twice.
func TestTheAddress(t *testing.T) {
	server, client := fixed(t)
	one, other := begin(t, newClient(t, public(server))), begin(t, client)
	states, challenges := map[string]bool{}, map[string]bool{}
	for _, attempt := range []*cis2.Attempt{one, other} {
		address, err := url.Parse(attempt.Address())
		require.NoError(t, err)
		require.Equal(t, server.OAuthURL()+"/authorize", "https://"+address.Host+address.Path)
		query := address.Query()
		require.Equal(t, "code", query.Get("response_type"))
		require.Equal(t, "AAL2_OR_AAL3_ANY", query.Get("acr_values"))
		require.Equal(t, "S256", query.Get("code_challenge_method"))
		require.Len(t, query.Get("code_challenge"), 43)
		require.Len(t, query.Get("state"), 43)
		states[query.Get("state")], challenges[query.Get("code_challenge")] = true, true
		for name, values := range query {
			require.Len(t, values, 1, name)
		}
		require.Len(t, query, 7, "no scope, nonce, prompt or max_age")
	}
	require.Len(t, states, 2)
	require.Len(t, challenges, 2)
}
