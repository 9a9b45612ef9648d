package transport_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// A diagnosis must name the authority, the proxy and the clock's error, or a service desk looks in
// the wrong place; and it must work without signing in.
func TestExamine(t *testing.T) {
	direct := func(*http.Request) (*url.URL, error) { return nil, nil }
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refusing.Close)
	through, err := url.Parse(refusing.URL)
	require.NoError(t, err)
	longAgo := time.Now().AddDate(0, -2, 0)

	tests := map[string]struct {
		options []erstest.Option
		change  func(*hscn.Config)
		ahead   time.Duration
		want    string
		check   func(*testing.T, transport.Examination)
	}{
		"all well": {check: func(t *testing.T, answer transport.Examination) {
			assert.Equal(t, http.StatusMethodNotAllowed, answer.Status)
			assert.NotEmpty(t, answer.Presented)
			require.NotNil(t, answer.Root)
			assert.NotZero(t, answer.TLS)
			assert.False(t, answer.Date.IsZero())
			assert.Nil(t, answer.Clock)
			assert.Less(t, answer.Ahead.Abs(), time.Minute)
		}},
		"an authority that is not trusted": {
			change: func(c *hscn.Config) { c.RootCAs, c.TrustStore = x509.NewCertPool(), "an empty file" },
			want:   "TLS-UNTRUSTED", check: func(t *testing.T, answer transport.Examination) {
				assert.NotEmpty(t, answer.Presented, "what was presented is what the service desk needs")
				assert.Nil(t, answer.Root)
				assert.Equal(t, "an empty file", answer.TrustStore)
			}},
		"another name": {options: []erstest.Option{erstest.WithServerNames("elsewhere.example")}, want: "TLS-NAME",
			check: func(t *testing.T, answer transport.Examination) { assert.NotEmpty(t, answer.Presented) }},
		"expired": {options: []erstest.Option{erstest.WithServerValidity(longAgo, longAgo.AddDate(0, 1, 0))}, want: "TLS-EXPIRED",
			check: func(t *testing.T, answer transport.Examination) { assert.NotEmpty(t, answer.Presented) }},
		"no certificate of ours": {
			change: func(c *hscn.Config) { c.Certificate.Certificate = nil; c.Certificate.Leaf = nil },
			want:   "TLS-CLIENT_CERT_MISSING", check: func(t *testing.T, answer transport.Examination) {
				assert.NotNil(t, answer.Root, "the server was verified before it refused")
			}},
		"a proxy that wants to be signed in to": {
			change: func(c *hscn.Config) { c.Proxy = http.ProxyURL(through) }, want: "NET-PROXY_AUTH",
			check: func(t *testing.T, answer transport.Examination) {
				assert.Equal(t, through.Host, answer.Proxy)
				assert.Empty(t, answer.Presented)
			}},
		"a clock that is behind": {ahead: time.Hour, check: func(t *testing.T, answer transport.Examination) {
			require.NotNil(t, answer.Clock)
			assert.Equal(t, "CLOCK-WRONG", answer.Clock.Code)
			assert.Less(t, answer.Ahead, -50*time.Minute)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := erstest.NewServer(test.options...)
			defer server.Close()
			server.SetClock(test.ahead)
			config := hscn.Config{ASID: erstest.ASID, Config: transport.Config{
				BaseURL: server.URL, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(), Proxy: direct,
			}}
			if test.change != nil {
				test.change(&config)
			}
			client, err := hscn.New(config)
			require.NoError(t, err)
			defer client.Close()
			answer, err := client.Examine(t.Context())
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, test.want, problem.Of(err).Code)
			}
			test.check(t, answer)
			assert.Empty(t, server.Sessions(), "no session is left")
		})
	}
}
