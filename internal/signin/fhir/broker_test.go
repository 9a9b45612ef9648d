package fhir

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/brokertest"
)

// brokered is a desk whose user signs in through the broker. Its e-RS accepts the broker's tokens.
func brokered(t *testing.T, broker *brokertest.Broker, persona, redirectURI string) *desk {
	t.Helper()
	gateway, err := cis2.New(cis2.Config{
		Config:   transport.Config{BaseURL: broker.URL, RootCAs: broker.Roots, Pace: transport.Unpaced()},
		ClientID: brokertest.ClientID, RedirectURI: redirectURI, Endpoints: brokertest.Endpoints, Scopes: brokertest.Scopes,
	})
	require.NoError(t, err)
	t.Cleanup(gateway.Close)
	d := newDesk(t, persona, func(s *Settings) { s.Gateway = gateway }, cis2test.WithBroker(broker.PersonaOf))
	d.browse = func(ctx context.Context, address string) error { return broker.SignIn(ctx, address, persona) }
	return d
}

const anyPort = "http://localhost:0/callback"

// The organisation's broker is none of ours. If this fails, a site that may not have a secret on its
// computers cannot sign in, or is signed out after ten minutes.
func TestABroker(t *testing.T) {
	broker := brokertest.Start(t, 10*time.Minute)
	t.Run("sign in, and refresh", func(t *testing.T) {
		for name, redirectURI := range map[string]string{"localhost": anyPort, "127.0.0.1": "http://127.0.0.1:0/callback"} {
			t.Run(name, func(t *testing.T) {
				d := brokered(t, broker, cis2test.Admin, redirectURI)
				before := time.Now()
				grant := d.open(t)
				persona, _ := d.server.Persona(cis2test.Admin)
				assert.Equal(t, persona.Identifier, grant.User.Identifier)
				assert.Equal(t, persona.Name(), grant.User.Name(), "userinfo names the user")
				require.Len(t, grant.User.Permissions, 3)
				assert.Equal(t, persona.Organisations[0].Name, grant.User.Permissions[0].OrgName, "and the organisations")
				assert.InDelta(t, 600, grant.KeyExpiresAt.Sub(before).Seconds(), enough.Seconds())
				assert.WithinDuration(t, before.Add(lifetime), grant.ExpiresAt, enough, "the broker does not say when it ends")

				for range 3 {
					next, err := d.Refresh(t.Context(), grant)
					require.NoError(t, err)
					assert.False(t, next.Key.Equal(grant.Key))
					assert.False(t, next.Credential.Equal(grant.Credential), "the refresh token is another one each time")
					assert.Equal(t, grant.ExpiresAt, next.ExpiresAt)
					_, err = d.ERS.Roles(t.Context(), ersclient.AccessToken{Text: next.Key})
					require.NoError(t, err)
					grant = next
				}
			})
		}
	})
	t.Run("a refresh token that is used again ends the session", func(t *testing.T) {
		d := brokered(t, broker, cis2test.GP, anyPort)
		first := d.open(t)
		second, err := d.Refresh(t.Context(), first)
		require.NoError(t, err)
		_, err = d.Refresh(t.Context(), first)
		require.ErrorIs(t, err, ersclient.ErrRefreshRefused)
		assert.Equal(t, "CIS2-REFRESH_REFUSED", problem.Of(err).Code)
		broker.RequireRefused(t, "refresh token already used")
		_, err = d.Refresh(t.Context(), second)
		require.ErrorIs(t, err, ersclient.ErrRefreshRefused, "someone has a copy: nothing of the session is good any more")
		_, err = d.ERS.Roles(t.Context(), ersclient.AccessToken{Text: second.Key})
		require.ErrorIs(t, err, ersclient.ErrProofRefused)
	})
	t.Run("the user gives up on the page", func(t *testing.T) {
		d := brokered(t, broker, cis2test.Cancel, anyPort)
		done := make(chan error, 1)
		go func() { done <- d.Prompt(t.Context(), false) }()
		require.NotNil(t, d.next(t).Browser)
		assert.Equal(t, "CIS2-DENIED", problem.Of(<-done).Code)
	})
	t.Run("another program's code, with the same port", func(t *testing.T) {
		// As on a terminal server: the code is good, and was asked for by another user.
		d := brokered(t, broker, cis2test.GP, "http://localhost:"+freePort(t)+"/callback")
		theirs, err := d.Gateway.Begin(t.Context())
		require.NoError(t, err)
		callback, err := broker.Choose(t.Context(), theirs.Address(), cis2test.GP)
		theirs.Close()
		require.NoError(t, err)
		stolen, err := url.Parse(callback)
		require.NoError(t, err)
		d.browse = func(ctx context.Context, address string) error {
			ours, err := url.Parse(address)
			if err != nil {
				return err
			}
			query := stolen.Query()
			query.Set("state", ours.Query().Get("state"))
			stolen.RawQuery = query.Encode()
			return brokertest.Open(ctx, stolen.String())
		}
		_, err = d.Open(t.Context(), d.proof(t), nil)
		require.ErrorIs(t, err, ersclient.ErrProofRefused)
		assert.Equal(t, "CIS2-CODE", problem.Of(err).Code)
		broker.RequireRefused(t, "PKCE verification failed")

		d.browse = func(ctx context.Context, address string) error { return broker.SignIn(ctx, address, cis2test.GP) }
		d.open(t)
	})
}

// freePort returns a port that no program has on a loopback address.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}
