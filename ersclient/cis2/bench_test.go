package cis2_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// clientCalls makes a refresh and userinfo with this package. A refresh is the token call that can
// be made again and again without a browser.
func clientCalls(b *testing.B, server *cis2test.Server, client *cis2.Client) func(context.Context) {
	b.Helper()
	token := tokensOf(b, server, client, cis2test.GP).Refresh.Reveal()
	return func(ctx context.Context) {
		tokens, err := client.Refresh(ctx, cis2.NewRefreshToken(token))
		if err != nil {
			b.Fatal(err)
		}
		token = tokens.Refresh.Reveal()
		if _, err := client.UserInfo(ctx, tokens.Access); err != nil {
			b.Fatal(err)
		}
	}
}

// bareCalls is the baseline: two net/http calls with the same content over the same TLS.
func bareCalls(b *testing.B, server *cis2test.Server, signIn *cis2.Client) func(context.Context) {
	b.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: server.RootCAs()}}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	call := func(ctx context.Context, method, address, body string, header http.Header, into any) {
		request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header = header
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
			b.Fatal(response.Status, err)
		}
		if err := json.Unmarshal(answer, into); err != nil {
			b.Fatal(err)
		}
	}
	token := tokensOf(b, server, signIn, cis2test.GP).Refresh.Reveal()
	return func(ctx context.Context) {
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		call(ctx, http.MethodPost, server.OAuthURL()+"/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {cis2test.ClientID},
			"client_secret": {cis2test.ClientSecret},
		}.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, &tokens)
		token = tokens.Refresh
		var info map[string]any
		call(ctx, http.MethodGet, server.OAuthURL()+"/userinfo", "", http.Header{"Authorization": {"Bearer " + tokens.Access}}, &info)
	}
}

// BenchmarkTokenAndUserInfo measures a token call and userinfo over a kept TLS connection.
func BenchmarkTokenAndUserInfo(b *testing.B) {
	bench := func(prepare func(*testing.B, *cis2test.Server, *cis2.Client) func(context.Context)) func(*testing.B) {
		return func(b *testing.B) {
			server, client := fixed(b)
			calls := prepare(b, server, client)
			calls(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				calls(b.Context())
			}
		}
	}
	b.Run("client", bench(clientCalls))
	b.Run("bare", bench(bareCalls))
}

// BenchmarkTokenAndUserInfoRatio alternates the two and reports this package's time as a multiple of
// the bare calls': the median of the ratios of adjacent pairs. The budget is 1.10.
func BenchmarkTokenAndUserInfoRatio(b *testing.B) {
	server, client := fixed(b)
	ours, bare := clientCalls(b, server, client), bareCalls(b, server, client)
	timed := func(calls func(context.Context)) time.Duration {
		start := time.Now()
		calls(b.Context())
		return time.Since(start)
	}
	timed(ours)
	timed(bare)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var oursTook, bareTook time.Duration
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
	require.NotEmpty(b, ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
}
