package cis2_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// direct keeps the tests away from whatever proxy the machine has.
func direct(*http.Request) (*url.URL, error) { return nil, nil }

func newServer(t testing.TB, options ...cis2test.Option) *cis2test.Server {
	t.Helper()
	server := cis2test.NewUnstartedServer(options...)
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	return server
}

// registered is the configuration of the application that is registered at the stand-in.
func registered(server *cis2test.Server, redirectURI string) cis2.Config {
	return cis2.Config{
		Config:   transport.Config{BaseURL: server.OAuthURL(), RootCAs: server.RootCAs(), Proxy: direct, Pace: transport.Unpaced()},
		ClientID: cis2test.ClientID, RedirectURI: redirectURI,
		Secret: func(context.Context) (secret.Text, error) { return secret.New(cis2test.ClientSecret), nil },
	}
}

// public is that of a native application, which has no secret and takes any port.
func public(server *cis2test.Server) cis2.Config {
	config := registered(server, "http://localhost:0/callback")
	config.ClientID, config.Secret = cis2test.PublicClientID, nil
	return config
}

func newClient(t testing.TB, config cis2.Config) *cis2.Client {
	t.Helper()
	client, err := cis2.New(config)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// freePort returns a port that no program has on a loopback address. It is below those that systems
// give to connections, which come and go.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		one, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		other, err := new(net.ListenConfig).Listen(t.Context(), "tcp6", "[::1]:"+port)
		require.NoError(t, one.Close())
		if err != nil && hasIPv6(t) {
			continue
		}
		if err == nil {
			require.NoError(t, other.Close())
		}
		return port
	}
	t.Fatal("no port is free")
	return ""
}

// fixed starts a stand-in with a client whose redirect URI has a port that is free.
func fixed(t testing.TB, changes ...func(*cis2.Config)) (*cis2test.Server, *cis2.Client) {
	t.Helper()
	uri := "http://localhost:" + freePort(t) + "/callback"
	server := newServer(t, cis2test.WithRedirectURI(uri))
	config := registered(server, uri)
	for _, change := range changes {
		change(&config)
	}
	return server, newClient(t, config)
}

func begin(t testing.TB, client *cis2.Client) *cis2.Attempt {
	t.Helper()
	attempt, err := client.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(attempt.Close)
	return attempt
}

// codeOf signs a persona in, up to the code.
func codeOf(t testing.TB, server *cis2test.Server, client *cis2.Client, persona string) cis2.Code {
	t.Helper()
	attempt := begin(t, client)
	_, err := server.SignIn(t.Context(), attempt.Address(), persona)
	require.NoError(t, err)
	code, err := attempt.Wait(bounded(t))
	require.NoError(t, err)
	attempt.Close()
	return code
}

func tokensOf(t testing.TB, server *cis2test.Server, client *cis2.Client, persona string) cis2.Tokens {
	t.Helper()
	tokens, err := client.Exchange(t.Context(), codeOf(t, server, client, persona))
	require.NoError(t, err)
	return tokens
}

// bounded ends a wait that would fail the test anyway.
func bounded(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// requireCode fails unless an error is the Problem of a code, which a clinician can read.
func requireCode(t testing.TB, code string, err error) {
	t.Helper()
	require.NotNil(t, problemOf(t, code, err))
}

// problemOf returns the Problem of a code that an error is, which a clinician can read: every mark
// is filled, and there is something to do.
func problemOf(t testing.TB, code string, err error) *problem.Problem {
	t.Helper()
	require.Error(t, err)
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	require.Equal(t, code, found.Code, err.Error())
	for _, text := range append([]string{found.Title, found.Happened, found.Quoted}, found.WhatToDo()...) {
		require.NotContains(t, found.Expand(text), "{{", text)
	}
	return found
}

// get asks a listener of this computer, and returns the status, 0 for a connection that was closed.
func get(t testing.TB, method, address string) int {
	t.Helper()
	status, _, _ := fetch(t, method, address)
	return status
}

func fetch(t testing.TB, method, address string) (status int, header http.Header, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, ""
	}
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode, response.Header, string(read)
}

// callbackOf returns the redirect URI of an attempt with a query, and the attempt's state.
func callbackOf(t testing.TB, attempt *cis2.Attempt) (redirectURI, state string) {
	t.Helper()
	address, err := url.Parse(attempt.Address())
	require.NoError(t, err)
	return address.Query().Get("redirect_uri"), address.Query().Get("state")
}

func portOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	host, _, _ := strings.Cut(rest, "/")
	_, port, _ := net.SplitHostPort(host)
	return port
}

func isRefused(err error) bool { return errors.Is(err, ersclient.ErrProofRefused) }

func isRefreshRefused(err error) bool { return errors.Is(err, ersclient.ErrRefreshRefused) }
