package hscn_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
	"github.com/ers-login/ers-login/internal/testing/ratio"
)

// The stand-in keeps a bounded number of sessions and drops the oldest, so benchmarks delete none.

func benchServer(b *testing.B) *erstest.Server {
	b.Helper()
	server := erstest.NewUnstartedServer()
	require.NoError(b, server.Start())
	b.Cleanup(server.Close)
	return server
}

// clientSignIn makes A001 and A002 with this package.
func clientSignIn(b *testing.B, server *erstest.Server) func(context.Context) {
	b.Helper()
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(), Proxy: clienttest.Direct,
		Pace: transport.Unpaced(),
	}})
	require.NoError(b, err)
	b.Cleanup(client.Close)
	ticket := ersclient.NewTicket(erstest.TicketGP)
	return func(ctx context.Context) {
		session, err := client.CreateSession(ctx, ticket)
		if err == nil {
			session, err = client.SelectRole(ctx, session, gpRole)
		}
		if err != nil || session.Permission == nil {
			b.Fatal(err)
		}
	}
}

// bareSignIn is the baseline: two net/http calls with the same bodies over the same TLS, reading
// only the id that the second needs.
func bareSignIn(b *testing.B, server *erstest.Server) func(context.Context) {
	b.Helper()
	client := ratio.NewClient(b, &tls.Config{RootCAs: server.RootCAs(), Certificates: []tls.Certificate{server.ClientCertificate()}})
	const typeInfo = `"typeInfo":"uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"`
	const create = `{` + typeInfo + `,"token":"` + erstest.TicketGP + `"}`
	const choose = `{` + typeInfo + `,"token":"` + erstest.TicketGP + `",` +
		`"permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01"}}`
	header := http.Header{"XAPI_ASID": {erstest.ASID}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}
	target := server.URL + "/v1/ProfessionalSession"
	return func(ctx context.Context) {
		var session struct {
			ID string `json:"id"`
		}
		client.Call(ctx, http.MethodPost, target, create, header, &session)
		withKey := maps.Clone(header)
		withKey["HTTP_X_SESSION_KEY"] = []string{session.ID}
		client.Call(ctx, http.MethodPut, target+"/"+session.ID, choose, withKey, nil)
	}
}

// BenchmarkSignIn measures A001 and A002 over a kept mutual TLS connection.
func BenchmarkSignIn(b *testing.B) {
	bench := func(prepare func(*testing.B, *erstest.Server) func(context.Context)) func(*testing.B) {
		return func(b *testing.B) {
			signIn := prepare(b, benchServer(b))
			signIn(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				signIn(b.Context())
			}
		}
	}
	b.Run("client", bench(clientSignIn))
	b.Run("bare", bench(bareSignIn))
}

// BenchmarkSignInRatio reports the time of A001 and A002 as a multiple of the bare calls'. The budget
// is 1.10.
func BenchmarkSignInRatio(b *testing.B) {
	server := benchServer(b)
	ours, bare := clientSignIn(b, server), bareSignIn(b, server)
	ratio.Report(b, func() { ours(b.Context()) }, func() { bare(b.Context()) })
}
