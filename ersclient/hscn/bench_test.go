package hscn_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
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
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: server.RootCAs(), Certificates: []tls.Certificate{server.ClientCertificate()},
	}}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	const typeInfo = `"typeInfo":"uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"`
	create := []byte(`{` + typeInfo + `,"token":"` + erstest.TicketGP + `"}`)
	choose := []byte(`{` + typeInfo + `,"token":"` + erstest.TicketGP + `",` +
		`"permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01"}}`)
	call := func(ctx context.Context, method, url, key string, body []byte) []byte {
		request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header = http.Header{
			"XAPI_ASID": {erstest.ASID}, "Accept": {"application/json"}, "Content-Type": {"application/json"},
		}
		if key != "" {
			request.Header["HTTP_X_SESSION_KEY"] = []string{key}
		}
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil || response.Body.Close() != nil || response.StatusCode/100 != 2 {
			b.Fatal(response.Status, err)
		}
		return answer
	}
	target := server.URL + "/v1/ProfessionalSession"
	return func(ctx context.Context) {
		var session struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(call(ctx, http.MethodPost, target, "", create), &session); err != nil {
			b.Fatal(err)
		}
		call(ctx, http.MethodPut, target+"/"+session.ID, session.ID, choose)
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

// BenchmarkSignInRatio alternates the two and reports this package's time as a multiple of the bare
// calls': the median of the ratios of adjacent pairs, since other load slows both of a pair, or is
// rare. The budget is 1.10.
func BenchmarkSignInRatio(b *testing.B) {
	server := benchServer(b)
	ours, bare := clientSignIn(b, server), bareSignIn(b, server)
	timed := func(signIn func(context.Context)) time.Duration {
		start := time.Now()
		signIn(b.Context())
		return time.Since(start)
	}
	timed(ours)
	timed(bare)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var oursTook, bareTook time.Duration
		// The order alternates: bare, ours, ours, bare, then the reverse.
		for turn := range 4 {
			if (turn == 0 || turn == 3) == (i%2 == 0) {
				bareTook += timed(bare)
			} else {
				oursTook += timed(ours)
			}
		}
		ratios = append(ratios, float64(oursTook)/float64(bareTook))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
}
