package keyring_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	bare "github.com/zalando/go-keyring"

	"github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/ratio"
)

// BenchmarkRefresh measures what a refresh does: the token call, a look whether the entry is still
// there, and its replacement, as a ratio to the same call by net/http and the same reads and writes
// with go-keyring alone, alternating on one real gnome-keyring. The budget is 1.25.
func BenchmarkRefresh(b *testing.B) {
	session := keyringtest.ForTest(b, keyringtest.Options{})
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		b.Setenv(name, value)
	}
	ring := connect(b, settings(b, session))
	server := cis2test.NewServer()
	b.Cleanup(server.Close)
	gateway, err := cis2.New(cis2.Config{
		Config:   transport.Config{BaseURL: server.OAuthURL(), RootCAs: server.RootCAs(), Pace: transport.Unpaced()},
		ClientID: cis2test.PublicClientID, RedirectURI: "http://localhost:0/callback",
	})
	require.NoError(b, err)
	b.Cleanup(gateway.Close)
	log, _ := test.NewNullLogger()
	platform := fhir.New(fhir.Settings{Gateway: gateway, BaseURL: server.FHIRURL(), Log: log})

	user := ersclient.User{Identifier: "021600556514", FirstName: "Ann", LastName: "Example"}
	role := ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli"}
	grant := signin.Grant{User: user, Permission: role, Credential: refreshToken(b, server, gateway).Text}
	issue := signin.EntryDetails{Generation: 1, IssuedAt: time.Now().UTC(), ExpiresAt: time.Now().UTC().Add(12 * time.Hour), Publisher: "bench"}
	require.NoError(b, ring.Publish(b.Context(), madeUpFHIR()))
	ours := func() {
		next, err := platform.Refresh(b.Context(), grant)
		require.NoError(b, err)
		grant = next
		issue.Revision++
		_, err = ring.Read(b.Context())
		require.NoError(b, err)
		require.NoError(b, ring.Publish(b.Context(), platform.Entry(grant, issue)))
	}
	ratio.Report(b, ours, bareRefresh(b, server, refreshToken(b, server, gateway)))
}

// refreshToken signs a persona in.
func refreshToken(b *testing.B, server *cis2test.Server, gateway *cis2.Client) cis2.RefreshToken {
	b.Helper()
	attempt, err := gateway.Begin(b.Context())
	require.NoError(b, err)
	defer attempt.Close()
	_, err = server.SignIn(b.Context(), attempt.Address(), cis2test.GP)
	require.NoError(b, err)
	code, err := attempt.Wait(b.Context())
	require.NoError(b, err)
	tokens, err := gateway.Exchange(b.Context(), code)
	require.NoError(b, err)
	return tokens.Refresh
}

// bareRefresh is the baseline. Its entry is of the same size.
func bareRefresh(b *testing.B, server *cis2test.Server, from cis2.RefreshToken) func() {
	b.Helper()
	client, token := ratio.NewClient(b, &tls.Config{RootCAs: server.RootCAs()}), from.Reveal()
	encoded, err := handoff.Encode(madeUpFHIR())
	require.NoError(b, err)
	return func() {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {cis2test.PublicClientID}}
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		client.Call(b.Context(), http.MethodPost, server.OAuthURL()+"/token", form.Encode(), header, &tokens)
		token = tokens.Refresh
		_, err := bare.Get(handoff.Service, handoff.AccountFHIRSession)
		require.NoError(b, err)
		for _, entry := range [][2]string{{handoff.AccountFHIRSession, string(encoded)}, {handoff.AccountAccessToken, tokens.Access}} {
			require.NoError(b, bare.Set(handoff.Service, entry[0], entry[1]))
			got, err := bare.Get(handoff.Service, entry[0])
			require.NoError(b, err)
			require.True(b, got == entry[1])
		}
	}
}
