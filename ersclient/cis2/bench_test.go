package cis2_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"testing"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/internal/testing/ratio"
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
	client := ratio.NewClient(b, &tls.Config{RootCAs: server.RootCAs()})
	token := tokensOf(b, server, signIn, cis2test.GP).Refresh.Reveal()
	return func(ctx context.Context) {
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		client.Call(ctx, http.MethodPost, server.OAuthURL()+"/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {cis2test.ClientID},
			"client_secret": {cis2test.ClientSecret},
		}.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, &tokens)
		token = tokens.Refresh
		var info map[string]any
		client.Call(ctx, http.MethodGet, server.OAuthURL()+"/userinfo", "", http.Header{"Authorization": {"Bearer " + tokens.Access}}, &info)
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

// BenchmarkTokenAndUserInfoRatio reports this package's time as a multiple of the bare calls'. The
// budget is 1.10.
func BenchmarkTokenAndUserInfoRatio(b *testing.B) {
	server, client := fixed(b)
	ours, bare := clientCalls(b, server, client), bareCalls(b, server, client)
	ratio.Report(b, func() { ours(b.Context()) }, func() { bare(b.Context()) })
}
