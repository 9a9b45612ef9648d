package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// The password that must never be shown, also in its encoded forms.
const proxyUser, proxyWord = "clerk", "hunter2-%-ß"

var proxyBasic = base64.StdEncoding.EncodeToString([]byte(proxyUser + ":" + proxyWord))

// gate is an HTTP proxy that connects clients with the right Proxy-Authorization.
type gate struct {
	address string
	// wants is the Proxy-Authorization that it accepts; empty accepts all.
	wants string
	// offers are its Proxy-Authenticate headers.
	offers []string
	// target is what it connects to for every name, so that names need not exist.
	target string

	mu       sync.Mutex
	received []string
}

// open serves the proxy, over TLS if there is a configuration.
func (g *gate) open(t *testing.T, config *tls.Config) *gate {
	t.Helper()
	listener := clienttest.Listen(t)
	g.address = listener.Addr().String()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	clienttest.ServeConns(t, listener, func(conn net.Conn) { g.serve(t.Context(), conn) })
	return g
}

func (g *gate) serve(ctx context.Context, conn net.Conn) {
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	given := request.Header.Get("Proxy-Authorization")
	g.mu.Lock()
	g.received = append(g.received, request.Method+" "+request.Host+" "+given)
	g.mu.Unlock()
	if g.wants != "" && given != g.wants {
		answer := "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
		for _, offer := range g.offers {
			answer += "Proxy-Authenticate: " + offer + "\r\n"
		}
		_, _ = io.WriteString(conn, answer+"\r\n")
		return
	}
	to := g.target
	if to == "" {
		to = request.Host
	}
	target, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = target.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	var forth sync.WaitGroup
	forth.Go(func() { _, _ = io.Copy(target, reader); _ = target.Close() })
	_, _ = io.Copy(conn, target)
	_ = conn.Close()
	forth.Wait()
}

// new returns the requests since the last call.
func (g *gate) new() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	received := g.received
	g.received = nil
	return received
}

// credentials returns a function that returns a user name and password.
func credentials(user, word string) func(context.Context, string) (string, secret.Text, bool) {
	return func(context.Context, string) (string, secret.Text, bool) { return user, secret.New(word), true }
}

// requireNoPassword fails if an error holds the password in any form or format.
func requireNoPassword(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		printed := fmt.Sprintf("%v %+v %#v", cause, cause, cause)
		for _, form := range []string{"hunter2", proxyBasic, url.UserPassword(proxyUser, proxyWord).String()} {
			require.False(t, strings.Contains(printed, form), "%T shows the password", cause)
		}
	}
}

// Many hospitals allow outgoing traffic only through a proxy with authentication.
func TestSigningInThroughAProxy(t *testing.T) {
	for name, one := range map[string]struct {
		wants string
		given func(context.Context, string) (string, secret.Text, bool)
		want  string
	}{
		"without credentials":      {"", nil, ""},
		"with credentials":         {"Basic " + proxyBasic, credentials(proxyUser, proxyWord), "Basic " + proxyBasic},
		"with none for this proxy": {"", func(context.Context, string) (string, secret.Text, bool) { return "", secret.Text{}, false }, ""},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+", "+name, func(t *testing.T) {
				server := clienttest.NewServer(t)
				var config *tls.Config
				if scheme == "https" {
					config = server.TLSConfig()
					config.ClientAuth = tls.NoClientCert
				}
				through := (&gate{wants: one.wants}).open(t, config)
				client := clienttest.NewClient(t, server, func(config *hscn.Config) {
					config.Proxy, config.ProxyCredentials = transport.ProxyOf(scheme+"://"+through.address), one.given
				})
				created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
				require.NoError(t, err)
				_, err = client.SelectRole(t.Context(), created, created.User.Permissions[0])
				require.NoError(t, err)
				require.NoError(t, client.Reach(t.Context()))
				host := strings.TrimSuffix(strings.TrimPrefix(server.URL, "https://"), "/ers-api")
				require.True(t, fmt.Sprint(through.new()) == fmt.Sprint([]string{
					"CONNECT " + host + " " + one.want, "CONNECT " + host + " " + one.want,
				}), "one connection for the calls, one for the look, and credentials for the proxy alone")
			})
		}
	}
}

// The service desk gets the schemes that the proxy offers, and whether this program supports one.
func TestAProxyThatWantsCredentials(t *testing.T) {
	for name, one := range map[string]struct {
		offers []string
		given  func(context.Context, string) (string, secret.Text, bool)
		code   string
		says   string
	}{
		"Basic": {[]string{`Basic realm="the proxy, of course"`}, nil, "NET-PROXY_AUTH", "It offers: Basic."},
		"several, with Basic": {
			[]string{"Negotiate", "NTLM", `Digest realm="a, \" b", nonce="Kerberos,", BASIC realm = "x"`}, nil,
			"NET-PROXY_AUTH", "It offers: Negotiate, NTLM, Digest, Basic.",
		},
		"Negotiate alone": {
			[]string{"Negotiate YII=, NTLM", "negotiate-and-a-name-that-has-no-end, Nego_tiate, <b>x</b>, NTLM"}, nil,
			"NET-PROXY_SCHEME", "to sign in: Negotiate, NTLM. e-RS Login can only use Basic",
		},
		"Negotiate, and there are credentials": {
			[]string{"Negotiate"}, credentials(proxyUser, proxyWord), "NET-PROXY_SCHEME", "Negotiate",
		},
		"nothing it would say": {nil, nil, "NET-PROXY_AUTH", "It offers: none that e-RS Login knows."},
		"other credentials": {
			[]string{"Basic"}, credentials("clerk", "hunter2"), "NET-PROXY_PASSWORD", "refused the user name and password",
		},
		"a user name that is two": {
			[]string{"Basic"}, credentials("cl:erk", "hunter2"), "NET-PROXY_SETTING", "cannot be understood",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			through := (&gate{wants: "Basic of another user", offers: one.offers}).open(t, nil)
			client := clienttest.NewClient(t, server, func(config *hscn.Config) {
				config.Proxy, config.ProxyCredentials = transport.ProxyOf("http://"+through.address), one.given
			})
			for range 2 {
				err := clienttest.DeleteOnce(t.Context(), client)
				found := clienttest.ProblemOf(t, one.code, err)
				require.Contains(t, found.Expand(found.Happened), one.says)
				requireNoPassword(t, err)
				require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
			}
			require.Empty(t, server.Requests())
		})
	}
}

// A directory locks an account after a few wrong passwords, and the status bar looks for e-RS every
// half a minute.
func TestAWrongProxyPasswordIsNotSentAgainAndAgain(t *testing.T) {
	server := clienttest.NewServer(t)
	through := (&gate{wants: "Basic " + proxyBasic, offers: []string{"Basic"}}).open(t, nil)
	word := "hunter2, wrong"
	client := clienttest.NewClient(t, server, func(config *hscn.Config) {
		config.Proxy = transport.ProxyOf("http://" + through.address)
		config.ProxyCredentials = func(context.Context, string) (string, secret.Text, bool) {
			return proxyUser, secret.New(word), word != ""
		}
	})
	for range 5 {
		clienttest.RequireCode(t, "NET-PROXY_PASSWORD", client.Reach(t.Context()))
	}
	sent := 0
	for _, one := range through.new() {
		if strings.Contains(one, "Basic") {
			sent++
		}
	}
	require.Equal(t, 1, sent)
	word = ""
	clienttest.RequireCode(t, "NET-PROXY_AUTH", client.Reach(t.Context()))
	word = proxyWord
	require.NoError(t, client.Reach(t.Context()), "the right one is sent at once")
}

// If the keyring hangs, a sign-in still ends in time.
func TestCredentialsThatDoNotCome(t *testing.T) {
	server := clienttest.NewServer(t)
	through := (&gate{}).open(t, nil)
	answered := make(chan struct{})
	client := clienttest.NewClient(t, server, func(config *hscn.Config) {
		config.Timeout = 200 * time.Millisecond
		config.Proxy = transport.ProxyOf("http://" + through.address)
		config.ProxyCredentials = func(ctx context.Context, proxy string) (string, secret.Text, bool) {
			if proxy == through.address {
				<-ctx.Done()
				<-answered // without credentials this proxy would let the connection through
			}
			return "", secret.Text{}, false
		}
	})
	err := client.Reach(t.Context())
	close(answered)
	clienttest.RequireCode(t, "NET-TIMEOUT", err)
}

// A proxy with an untrusted certificate is not a fault of e-RS, nor of the NHS root.
func TestAProxyThatCannotBeVerified(t *testing.T) {
	server, untrusted := clienttest.NewServer(t), clienttest.NewServer(t)
	config := untrusted.TLSConfig()
	config.ClientAuth = tls.NoClientCert
	through := (&gate{}).open(t, config)
	client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.Proxy = transport.ProxyOf("https://" + through.address) })
	err := clienttest.DeleteOnce(t.Context(), client)
	found := clienttest.ProblemOf(t, "NET-PROXY_TLS", err)
	happened := found.Expand(found.Happened)
	require.Contains(t, happened, through.address)
	require.Contains(t, found.Expand(found.Quoted), "e-RS stand-in throw-away CA")
	require.Contains(t, happened, "the test's certificates")
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	require.ErrorAs(t, err, &verification)
	require.ErrorAs(t, err, &authority)
}

// What else administrators write into the setting is refused by package config.
func TestProxySettings(t *testing.T) {
	for setting, want := range map[string]string{
		"none": "", "http://proxy.example:3128": "http://proxy.example:3128", "https://[::1]:8443": "https://[::1]:8443",
	} {
		t.Run(setting, func(t *testing.T) {
			chosen, err := transport.ProxyOf(setting)(&http.Request{URL: &url.URL{Scheme: "https", Host: "ers.example"}})
			require.NoError(t, err)
			if want == "" {
				require.Nil(t, chosen)
			} else {
				require.Equal(t, want, chosen.String())
			}
		})
	}
	for _, setting := range []string{"", "environment"} {
		require.NotNil(t, transport.ProxyOf(setting))
	}
	choose := transport.ProxyOf("http://clerk:hunter2@proxy.example:http")
	_, err := choose(&http.Request{URL: &url.URL{Scheme: "https", Host: "ers.example"}})
	require.Error(t, err)
	requireNoPassword(t, err)
}

// A process reads its environment once, so this test runs in its own.
const proxyTestURL, proxyTestFiles = "ERSCLIENT_TEST_URL", "ERSCLIENT_TEST_FILES"

// HTTPS_PROXY often holds a password. It goes to the proxy, and nowhere else.
func TestAPasswordInTheEnvironment(t *testing.T) {
	if os.Getenv(proxyTestURL) != "" {
		signInFromTheEnvironment(t)
		return
	}
	server := clienttest.NewServer(t, erstest.WithServerNames("ers.example"))
	folder := t.TempDir()
	_, err := server.WriteFiles(folder)
	require.NoError(t, err)
	host := strings.TrimSuffix(strings.TrimPrefix(server.URL, "https://"), "/ers-api")
	_, port, err := net.SplitHostPort(host)
	require.NoError(t, err)
	for name, one := range map[string]struct {
		wants, proxy, code string
	}{
		"the right one":         {"Basic " + proxyBasic, url.UserPassword(proxyUser, proxyWord).String() + "@", "ERS-A003-403"},
		"a wrong one":           {"Basic x", url.UserPassword(proxyUser, proxyWord).String() + "@", "NET-PROXY_PASSWORD"},
		"none":                  {"Basic x", "", "NET-PROXY_AUTH"},
		"one that breaks a URL": {"", "clerk:hunter2%zz@", "NET-PROXY_SETTING"},
	} {
		t.Run(name, func(t *testing.T) {
			through := (&gate{wants: one.wants, offers: []string{"Basic"}, target: host}).open(t, nil)
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAPasswordInTheEnvironment$", "-test.v")
			command.Env = append(os.Environ(), "HTTPS_PROXY=http://"+one.proxy+through.address, "NO_PROXY=", "REQUEST_METHOD=",
				proxyTestURL+"=https://ers.example:"+port+"/ers-api", proxyTestFiles+"="+folder)
			output, err := command.CombinedOutput()
			require.NoError(t, err, "%s", output)
			require.Contains(t, string(output), "code: "+one.code)
			for _, form := range []string{"hunter2", proxyBasic} {
				require.False(t, strings.Contains(string(output), form), "the output shows the password")
			}
		})
	}
}

// signInFromTheEnvironment makes a call with no other setting, and prints everything printable.
func signInFromTheEnvironment(t *testing.T) {
	t.Helper()
	folder := os.Getenv(proxyTestFiles)
	roots, _, err := certificate.LoadRootCAs(folder + "/ca.pem")
	require.NoError(t, err)
	certificate, err := certificate.Load(certificate.Files{
		Certificate: folder + "/client.pem", Key: folder + "/client-key.pem",
	})
	require.NoError(t, err)
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: os.Getenv(proxyTestURL), Certificate: certificate, RootCAs: roots, Proxy: transport.ProxyOf("environment"),
	}})
	require.NoError(t, err)
	defer client.Close()
	err = clienttest.DeleteOnce(t.Context(), client)
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	t.Logf("code: %s", found.Code)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		t.Logf("%v %+v %#v", cause, cause, cause)
	}
	t.Logf("%v %s %s", found, found.Expand(found.Happened), found.WhatToDo())
	t.Logf("%v %+v", client, client)
}
