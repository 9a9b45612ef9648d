package transport

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// ProxyOf returns the Config.Proxy of a setting: "environment" or "" (HTTPS_PROXY and NO_PROXY, as
// curl reads them), "none", or http://host:port or https://host:port. Config.ProxyCredentials
// supplies user name and password.
func ProxyOf(setting string) func(*http.Request) (*url.URL, error) {
	switch setting {
	case "", "environment":
		return fromEnvironment
	case "none":
		return func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	proxy, err := url.Parse(setting)
	if err != nil {
		err = proxySetting // the parser's quotes the setting, which may hold a password
	}
	return func(*http.Request) (*url.URL, error) { return proxy, err }
}

// proxies authenticates to a proxy with Basic, the only supported scheme. Credentials go to the
// proxy alone, with CONNECT, and into no URL that could be printed.
type proxies struct {
	config Config
	// url is the proxy to e-RS, without user name and password; nil if there is none, or err says why it
	// is not known.
	url *url.URL
	err error
	// user is from the proxy's URL, as in HTTPS_PROXY; nil if it has none.
	user *url.Userinfo
	// tls is for a proxy with an https address, else nil.
	tls *tls.Config
	// refused holds the credentials that the proxy rejected.
	refused atomic.Pointer[refusedCredentials]
}

// refusedCredentials are not sent again soon: directories lock an account after a few wrong
// passwords, and this program tries to reach e-RS every half minute.
type refusedCredentials struct {
	header secret.Text
	at     time.Time
}

const spareAccount = 10 * time.Minute

// newProxies chooses the proxy to a target. It is asked with tlsConfig if its address is https.
func newProxies(config Config, target *url.URL, tlsConfig *tls.Config) *proxies {
	p := &proxies{config: config}
	chosen, err := config.Proxy(&http.Request{Method: http.MethodPost, URL: target, Host: target.Host})
	var known *problem.Problem
	switch {
	case errors.As(err, &known):
		p.err = known
	case err != nil:
		// The error quotes the setting, which may hold a password.
		p.err = proxySetting
	case chosen == nil || strings.HasPrefix(chosen.Scheme, "socks5"):
		// net/http authenticates to SOCKS proxies itself, with the user name and password in the
		// URL.
		p.url = chosen
	default:
		p.url, p.user = &url.URL{Scheme: "http", Host: proxyHost(chosen)}, chosen.User
		if chosen.Scheme == "https" {
			p.tls = tlsConfig.Clone()
			p.tls.ServerName = chosen.Hostname()
		}
	}
	return p
}

func (p *proxies) proxy(*http.Request) (*url.URL, error) { return p.url, p.err }

// proxyHost returns a proxy's host and port.
func proxyHost(proxy *url.URL) string {
	if proxy.Port() != "" {
		return proxy.Host
	}
	return net.JoinHostPort(proxy.Hostname(), map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme])
}

// dial connects to e-RS or a proxy, over TLS to a proxy with an https address. The transport treats
// that proxy as http: its own TLS configuration has the name and cipher suites of e-RS.
func (p *proxies) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: p.config.Timeout, KeepAlive: idleTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if p.tls == nil {
		return conn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	secured := tls.Client(conn, p.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the TLS error is the one that counts
		return nil, err
	}
	return secured, nil
}

// connectHeader returns the header of CONNECT.
func (p *proxies) connectHeader(ctx context.Context, proxy *url.URL, _ string) (http.Header, error) {
	// The transport's context does not end with the call.
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	user, password, ok := p.signIn(ctx, proxy)
	if !ok {
		p.refused.Store(nil)
		return http.Header{}, nil
	}
	if strings.Contains(user, ":") {
		// RFC 7617: a colon in the user name would begin the password.
		return nil, proxySetting
	}
	basic := secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal())))
	if refused := p.refused.Load(); refused != nil && refused.header.Equal(basic) && time.Since(refused.at) < spareAccount {
		return http.Header{}, nil
	}
	p.refused.Store(nil)
	return http.Header{"Proxy-Authorization": {basic.Reveal()}}, nil
}

func (p *proxies) signIn(ctx context.Context, proxy *url.URL) (user string, password secret.Text, ok bool) {
	if p.user != nil {
		word, _ := p.user.Password()
		return p.user.Username(), secret.New(word), true
	}
	if p.config.ProxyCredentials == nil {
		return "", secret.Text{}, false
	}
	return p.config.ProxyCredentials(ctx, proxy.Host)
}

// connected inspects a proxy's answer to CONNECT.
func (p *proxies) connected(_ context.Context, _ *url.URL, connect *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	sent := connect.Header.Get("Proxy-Authorization")
	if response.StatusCode == http.StatusProxyAuthRequired && sent != "" {
		p.refused.Store(&refusedCredentials{secret.New(sent), time.Now()})
	}
	return &proxyRefusal{
		status:   response.StatusCode,
		schemes:  schemesOf(response.Header.Values("Proxy-Authenticate")),
		signedIn: p.refused.Load() != nil,
	}
}

// proxyRefusal is a proxy's answer to CONNECT other than 200.
type proxyRefusal struct {
	status int
	// schemes are the authentication schemes that the proxy offers.
	schemes []string
	// signedIn reports whether credentials were sent, now or a moment ago.
	signedIn bool
}

func (p *proxyRefusal) Error() string {
	line := "the proxy answered " + statusText(p.status)
	if len(p.schemes) > 0 {
		line += ", offering " + strings.Join(p.schemes, ", ")
	}
	return line
}

// knownSchemes are those that proxies offer. Nothing else from a proxy is quoted.
var knownSchemes = []string{"Basic", "Bearer", "Digest", "Kerberos", "Negotiate", "NTLM"}

var quotedString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// schemesOf returns the known schemes in Proxy-Authenticate headers (RFC 9110, section 11.6.1), where
// the comma separates both challenges and their parameters.
func schemesOf(challenges []string) []string {
	var schemes []string
	for _, challenge := range challenges {
		for part := range strings.SplitSeq(quotedString.ReplaceAllString(challenge, ""), ",") {
			name, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
			if strings.HasPrefix(strings.TrimSpace(rest), "=") {
				continue // a parameter
			}
			known := slices.IndexFunc(knownSchemes, func(scheme string) bool { return strings.EqualFold(scheme, name) })
			if known >= 0 && !slices.Contains(schemes, knownSchemes[known]) {
				schemes = append(schemes, knownSchemes[known])
			}
		}
	}
	return schemes
}

// proxyProblem returns the Problem of a proxy that did not connect, or nil for any other error.
func (c *Client) proxyProblem(err error) *problem.Problem {
	var refusal *proxyRefusal
	var operation *net.OpError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refusal):
		return refusal.problem()
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		if errors.As(err, &verification) {
			return proxyUntrusted.
				With("Issuer", claimedIssuer(verification.UnverifiedCertificates)).
				WithPhrase("TrustStore", trustPhrase(c.transport.config.TrustStore))
		}
		return proxyFailed
	}
	return nil
}

// problem names who can help, and with what.
func (p *proxyRefusal) problem() *problem.Problem {
	offered := strings.Join(p.schemes, ", ")
	switch {
	case p.status != http.StatusProxyAuthRequired:
		return proxyFailed
	case len(p.schemes) > 0 && !slices.Contains(p.schemes, "Basic"):
		return proxyScheme.With("Schemes", offered)
	case p.signedIn:
		return proxyPassword
	case offered == "":
		return ProxyAuth.WithPhrase("Schemes", problem.Words("none that e-RS Login knows"))
	}
	return ProxyAuth.With("Schemes", offered)
}

// ProxyFor returns the host and port of the proxy that choose returns for a base URL, or "" if
// none. The error is NET-PROXY_SETTING.
func ProxyFor(choose func(*http.Request) (*url.URL, error), baseURL string) (string, error) {
	target, err := url.Parse(baseURL)
	if err != nil {
		return "", problem.Unexpected.Because(errors.New("the base URL is not one"))
	}
	proxy, err := choose(&http.Request{Method: http.MethodPost, URL: target, Host: target.Host})
	if err != nil || proxy == nil {
		return "", err
	}
	return proxyHost(proxy), nil
}

// ProxyAddress returns the host and port of the proxy to e-RS, or "" if there is none.
func (c *Client) ProxyAddress() string {
	proxy, _ := c.transport.Proxy(nil) // a call reports its error
	if proxy == nil {
		return ""
	}
	// Without the user name and password before it.
	return proxyHost(proxy)
}
