// Package clienttest is what the tests of the e-RS clients share: a client of the stand-in, servers that say what a script has them
// say, certificates, and what is asked of every Problem.
package clienttest

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// Direct keeps the tests away from whatever proxy the machine has.
func Direct(*http.Request) (*url.URL, error) { return nil, nil }

// NewServer starts a stand-in for e-RS that ends with the test.
func NewServer(t *testing.T, options ...erstest.Option) *erstest.Server {
	t.Helper()
	server := erstest.NewUnstartedServer(options...)
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	return server
}

// NewClient makes a client of a server, with the settings that a case changes.
func NewClient(t *testing.T, server *erstest.Server, changes ...func(*hscn.Config)) *hscn.Client {
	t.Helper()
	config := hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL:     server.URL,
		Certificate: server.ClientCertificate(),
		RootCAs:     server.RootCAs(),
		TrustStore:  "the test's certificates",
		Proxy:       Direct,
		Pace:        transport.Unpaced(),
	}}
	for _, change := range changes {
		change(&config)
	}
	client, err := hscn.New(config)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// Impatient is for calls that get no answer.
func Impatient(config *hscn.Config) { config.Timeout = 2 * time.Second }

// RequireCode fails unless an error is the Problem of a code.
func RequireCode(t *testing.T, code string, err error) {
	t.Helper()
	require.NotNil(t, ProblemOf(t, code, err))
}

// ProblemOf returns the Problem of a code that an error is.
func ProblemOf(t *testing.T, code string, err error) *problem.Problem {
	t.Helper()
	require.Error(t, err)
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	require.Equal(t, code, found.Code, err.Error())
	RequireReadable(t, found)
	return found
}

// RequireReadable sees to it that a clinician gets whole sentences: every mark is filled, and there is something to do.
func RequireReadable(t *testing.T, p *problem.Problem) {
	t.Helper()
	require.NotEmpty(t, p.Title)
	for _, text := range slices.Concat([]string{p.Title, p.Happened, p.Technical}, p.WhatToDo(), p.ServiceDesk) {
		require.NotContains(t, p.Expand(text), "{{", "a mark is not filled")
	}
	require.False(t, strings.HasSuffix(p.Title, "."), "a title has no full stop")
}

// DeleteOnce makes a call that is short.
func DeleteOnce(ctx context.Context, client *hscn.Client) error {
	return client.DeleteSession(ctx, ersclient.NewSessionKey("key"))
}

// Listen returns a listener on loopback.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

// ServeConns hands each connection to a script and closes it behind it, until the test ends.
func ServeConns(t *testing.T, listener net.Listener, script func(net.Conn)) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				closed := make(chan struct{})
				stop := context.AfterFunc(ctx, func() { _ = conn.Close(); close(closed) })
				script(conn)
				_ = conn.Close()
				if !stop() {
					<-closed
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		end()
		running.Wait()
	})
}
