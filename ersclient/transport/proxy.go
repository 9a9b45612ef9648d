package transport

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
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
		err = errProxySetting // the parser's quotes the setting, which may hold a password
	}
	return func(*http.Request) (*url.URL, error) { return proxy, err }
}

// proxies authenticates to a proxy with Basic, the only supported scheme. Credentials go to the
// proxy alone, with CONNECT, and into no URL that could be printed.
type proxies struct {
	choose      func(*http.Request) (*url.URL, error)
	credentials func(ctx context.Context, proxy string) (user string, password secret.Text, ok bool)
	timeout     time.Duration
	now         func() time.Time
	// tls is for proxies with https addresses, whose hosts and ports are in secure.
	tls    *tls.Config
	secure sync.Map
	// environment is the latest proxy's URL with a user name, from environment variables, or nil.
	environment atomic.Pointer[url.URL]
	// refused holds the credentials that a proxy rejected.
	refused atomic.Pointer[refusedCredentials]
}

// refusedCredentials are not sent again soon: directories lock an account after a few wrong
// passwords, and this program tries to reach e-RS every half minute.
type refusedCredentials struct {
	header secret.Text
	at     time.Time
}

const spareAccount = 10 * time.Minute

// proxy chooses the proxy for a request, and strips user name and password from its URL.
func (p *proxies) proxy(request *http.Request) (*url.URL, error) {
	chosen, err := p.choose(request)
	var variable *proxyVariableError
	switch {
	case errors.As(err, &variable):
		return nil, variable
	case err != nil:
		// The error quotes the setting, which may hold a password.
		return nil, errProxySetting
	case chosen == nil || strings.HasPrefix(chosen.Scheme, "socks5"):
		// net/http authenticates to SOCKS proxies itself, with the user name and password in the
		// URL.
		return chosen, nil
	}
	bare := &url.URL{Scheme: "http", Host: proxyHost(chosen)}
	if chosen.Scheme == "https" {
		p.secure.Store(bare.Host, true)
	}
	p.environment.Store(nil)
	if chosen.User != nil {
		p.environment.Store(&url.URL{Host: bare.Host, User: chosen.User})
	}
	return bare, nil
}

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
	conn, err := (&net.Dialer{Timeout: p.timeout, KeepAlive: idleTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if _, secure := p.secure.Load(address); !secure {
		return conn, nil
	}
	config := p.tls.Clone()
	config.ServerName, _, err = net.SplitHostPort(address)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, p.timeout)
		defer cancel()
		secured := tls.Client(conn, config)
		if err = secured.HandshakeContext(ctx); err == nil {
			return secured, nil
		}
	}
	_ = conn.Close() // the TLS error is the one that counts
	return nil, err
}

// connectHeader returns the header of CONNECT.
func (p *proxies) connectHeader(ctx context.Context, proxy *url.URL, _ string) (http.Header, error) {
	// The transport's context does not end with the call.
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	user, password, ok := p.signIn(ctx, proxy)
	if !ok {
		p.refused.Store(nil)
		return http.Header{}, nil
	}
	if strings.Contains(user, ":") {
		// RFC 7617: a colon in the user name would begin the password.
		return nil, errProxySetting
	}
	basic := secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal())))
	if refused := p.refused.Load(); refused != nil && refused.header.Equal(basic) && p.now().Sub(refused.at) < spareAccount {
		return http.Header{}, nil
	}
	p.refused.Store(nil)
	return http.Header{"Proxy-Authorization": {basic.Reveal()}}, nil
}

func (p *proxies) signIn(ctx context.Context, proxy *url.URL) (user string, password secret.Text, ok bool) {
	if given := p.environment.Load(); given != nil && given.Host == proxy.Host {
		word, _ := given.User.Password()
		return given.User.Username(), secret.New(word), true
	}
	if p.credentials == nil {
		return "", secret.Text{}, false
	}
	return p.credentials(ctx, proxy.Host)
}

// connected inspects a proxy's answer to CONNECT.
func (p *proxies) connected(_ context.Context, _ *url.URL, connect *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	sent := connect.Header.Get("Proxy-Authorization")
	if response.StatusCode == http.StatusProxyAuthRequired && sent != "" {
		p.refused.Store(&refusedCredentials{secret.New(sent), p.now()})
	}
	return &proxyRefusal{
		status:   response.StatusCode,
		schemes:  schemesOf(response.Header.Values("Proxy-Authenticate")),
		signedIn: p.refused.Load() != nil,
	}
}

var errProxySetting = errors.New("the proxy setting cannot be understood")

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

// registeredSchemes are IANA's HTTP Authentication Schemes, and two more that proxies offer.
// Nothing else from a proxy is quoted.
var registeredSchemes = []string{
	"Basic", "Bearer", "Concealed", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "OAuth", "PrivateToken",
	"SCRAM-SHA-1", "SCRAM-SHA-256", "vapid", "NTLM", "Kerberos",
}

// schemesOf returns the registered schemes in Proxy-Authenticate headers (RFC 9110, section
// 11.6.1), where the comma separates both challenges and their parameters.
func schemesOf(challenges []string) []string {
	var schemes []string
	for _, challenge := range challenges {
		for _, part := range outsideQuotes(challenge) {
			name, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
			if strings.Contains(name, "=") || strings.HasPrefix(strings.TrimSpace(rest), "=") {
				continue // a parameter
			}
			known := slices.IndexFunc(registeredSchemes, func(scheme string) bool { return strings.EqualFold(scheme, name) })
			if known >= 0 && !slices.Contains(schemes, registeredSchemes[known]) {
				schemes = append(schemes, registeredSchemes[known])
			}
		}
	}
	return schemes
}

// outsideQuotes splits a header at commas outside quoted strings.
func outsideQuotes(header string) []string {
	quoted, escaped := false, false
	return strings.FieldsFunc(header, func(r rune) bool {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		default:
			return r == ',' && !quoted
		}
		return false
	})
}

// proxyProblem returns the Problem of a proxy that did not connect, or nil for any other error.
func (c *Client) proxyProblem(err error) *problem.Problem {
	var refusal *proxyRefusal
	var variable *proxyVariableError
	var operation *net.OpError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &variable):
		return variable.problem()
	case errors.Is(err, errProxySetting):
		return proxySetting
	case errors.As(err, &refusal):
		return refusal.problem()
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		if errors.As(err, &verification) {
			return proxyUntrusted.
				With("Issuer", claimedIssuer(verification.UnverifiedCertificates)).
				WithPhrase("TrustStore", trustPhrase(c.transport.trustStore))
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
		return "", settingBaseURL.Because(errors.New("not a URL"))
	}
	proxy, err := choose(&http.Request{Method: http.MethodPost, URL: target, Host: target.Host})
	var variable *proxyVariableError
	switch {
	case errors.As(err, &variable):
		return "", variable.problem()
	case err != nil:
		return "", proxySetting.Because(errProxySetting)
	case proxy == nil:
		return "", nil
	}
	return proxyHost(proxy), nil
}

// proxyFor returns the proxy's host and port, or "" if there is none.
func (c *Client) proxyFor() string {
	proxy, err := c.transport.Proxy(&http.Request{Method: http.MethodPost, URL: c.target, Host: c.target.Host})
	if err != nil || proxy == nil {
		return ""
	}
	// Without the user name and password before it.
	return proxyHost(proxy)
}
