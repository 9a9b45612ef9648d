package transport_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// serveTCP serves without TLS and returns the address.
func serveTCP(t *testing.T, script func(net.Conn)) string {
	t.Helper()
	listener := clienttest.Listen(t)
	clienttest.ServeConns(t, listener, script)
	return listener.Addr().String()
}

// Each of these needs other help, so they must not be confused.
func TestFailuresOfTheNetworkAreDistinguished(t *testing.T) {
	cases := map[string]struct {
		address func(*testing.T) string
		code    string
	}{
		// RFC 6761: this name does not exist anywhere.
		"an unknown name": {func(*testing.T) string { return "ers.invalid" }, "NET-DNS"},
		"no listener": {func(t *testing.T) string {
			listener := clienttest.Listen(t)
			require.NoError(t, listener.Close())
			return listener.Addr().String()
		}, "NET-REFUSED"},
		"no answer": {func(t *testing.T) string {
			return serveTCP(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
		}, "NET-TIMEOUT"},
		"cut at once": {func(t *testing.T) string { return serveTCP(t, func(net.Conn) {}) }, "NET-CUT"},
		"no TLS there": {func(t *testing.T) string {
			return serveTCP(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn)
			})
		}, "TLS-HANDSHAKE"},
	}
	certificates := clienttest.NewServer(t)
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			client := clienttest.NewClient(t, certificates, func(config *hscn.Config) {
				config.BaseURL = "https://" + one.address(t) + "/ers-api"
				if one.code == "NET-TIMEOUT" {
					config.Timeout = 300 * time.Millisecond
				}
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			clienttest.RequireCode(t, one.code, err)
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "nothing was sent")
			clienttest.RequireCode(t, one.code, client.Reach(t.Context()))
		})
	}
}

// The server is always verified; the service desk gets what was presented and what was expected.
func TestAServerThatCannotBeVerified(t *testing.T) {
	untrusted := clienttest.NewServer(t)
	hour := time.Hour
	now := time.Now()
	cases := map[string]struct {
		options []erstest.Option
		change  func(*hscn.Config)
		code    string
		says    []string
	}{
		"an untrusted authority": {
			change: func(config *hscn.Config) { config.RootCAs = untrusted.RootCAs() },
			code:   "TLS-UNTRUSTED",
			says:   []string{"e-RS stand-in throw-away CA", "the test's certificates"},
		},
		"an authority the system does not know": {
			change: func(config *hscn.Config) { config.RootCAs, config.TrustStore = nil, "" },
			code:   "TLS-UNTRUSTED",
			says:   []string{"the system's certificates"},
		},
		"no authority at all": {
			change: func(config *hscn.Config) { config.RootCAs, config.TrustStore = x509.NewCertPool(), "" },
			code:   "TLS-UNTRUSTED",
			says:   []string{"the configured certificates"},
		},
		"another name": {
			options: []erstest.Option{erstest.WithServerNames("portal.example", "192.0.2.1")},
			code:    "TLS-NAME",
			says:    []string{"127.0.0.1", "portal.example, 192.0.2.1"},
		},
		"no name": {
			options: []erstest.Option{erstest.WithServerNames()},
			code:    "TLS-NAME",
			says:    []string{"made for –"},
		},
		"expired": {
			options: []erstest.Option{erstest.WithServerValidity(now.Add(-2*hour), now.Add(-hour))},
			code:    "TLS-EXPIRED",
			says:    []string{now.Add(-hour).UTC().Format("15:04 UTC")},
		},
		"not valid yet": {
			options: []erstest.Option{erstest.WithServerValidity(now.Add(hour), now.Add(2*hour))},
			code:    "TLS-CLOCK",
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t, one.options...)
			client := clienttest.NewClient(t, server, func(config *hscn.Config) {
				if one.change != nil {
					one.change(config)
				}
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			found := clienttest.ProblemOf(t, one.code, err)
			for _, text := range one.says {
				require.Contains(t, found.Expand(found.Happened+"\n"+found.Quoted), text)
			}
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
			clienttest.RequireCode(t, one.code, client.Reach(t.Context()))
			require.Empty(t, server.Requests())
		})
	}
}

// A refused endpoint certificate is for the service desk, and must not read like a network fault.
// With TLS 1.3 it shows only when the answer is read.
func TestAClientThatIsNotAccepted(t *testing.T) {
	untrusted := clienttest.NewServer(t)
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		cases := map[string]struct {
			certificate tls.Certificate
			code        string
		}{
			"no certificate":              {tls.Certificate{}, "TLS-CLIENT_CERT_MISSING"},
			"one of another organisation": {untrusted.ClientCertificate(), "TLS-CLIENT_CERT"},
		}
		for kind, one := range cases {
			t.Run(name+", "+kind, func(t *testing.T) {
				server := clienttest.NewServer(t)
				raw := clienttest.ServeRaw(t, server, func(config *tls.Config) { config.MaxVersion = version },
					func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
				client := clienttest.NewClient(t, server, func(config *hscn.Config) {
					config.BaseURL, config.Certificate = raw.URL, one.certificate
				})
				err := clienttest.DeleteOnce(t.Context(), client)
				clienttest.RequireCode(t, one.code, err)
				require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "the server has not read the request")
				require.Empty(t, raw.Received())
			})
		}
	}
}

func TestAnOldTLSIsRefused(t *testing.T) {
	server := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, server, func(config *tls.Config) { config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.BaseURL = raw.URL })
	clienttest.RequireCode(t, "TLS-VERSION", clienttest.DeleteOnce(t.Context(), client))
	require.Empty(t, raw.Received())
}

// proxy is an HTTP proxy that answers CONNECT with a status line, and forwards after a 200.
func proxy(t *testing.T, status string) *url.URL {
	t.Helper()
	address := serveTCP(t, func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		request, err := http.ReadRequest(reader)
		if err != nil || status == "" {
			return
		}
		if !strings.HasPrefix(status, "200") {
			_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
			return
		}
		target, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", request.Host)
		if err != nil {
			return
		}
		defer func() { _ = target.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\n\r\n")
		var forth sync.WaitGroup
		forth.Go(func() { _, _ = io.Copy(target, reader); _ = target.Close() })
		_, _ = io.Copy(conn, target)
		_ = conn.Close()
		forth.Wait()
	})
	return &url.URL{Scheme: "http", User: url.UserPassword("clerk", "hunter2"), Host: address}
}

// Hospitals have proxies. A proxy's refusal is not a fault of e-RS, and other people can help.
func TestProxies(t *testing.T) {
	unused := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	cases := map[string]struct {
		proxy *url.URL
		code  string
	}{
		"passes on":                      {proxy(t, "200 Connection established"), ""},
		"wants a password":               {proxy(t, "407 Proxy Authentication Required"), "NET-PROXY_PASSWORD"},
		"refuses":                        {proxy(t, "403 Forbidden"), "NET-PROXY"},
		"cannot reach e-RS":              {proxy(t, "502 Bad Gateway"), "NET-PROXY"},
		"hangs up":                       {proxy(t, ""), "NET-PROXY"},
		"is not there":                   {unused, "NET-PROXY"},
		"has an unknown name":            {&url.URL{Scheme: "http", Host: "proxy.invalid:3128"}, "NET-PROXY"},
		"speaks SOCKS, and is not there": {&url.URL{Scheme: "socks5", Host: "127.0.0.1:1"}, "NET-PROXY"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.Proxy = http.ProxyURL(one.proxy) })
			reached, deleted := client.Reach(t.Context()), clienttest.DeleteOnce(t.Context(), client)
			if one.code == "" {
				require.NoError(t, reached)
				clienttest.RequireCode(t, "ERS-A003-403", deleted)
				return
			}
			for _, err := range []error{reached, deleted} {
				found := clienttest.ProblemOf(t, one.code, err)
				require.Contains(t, found.Expand(found.Happened), one.proxy.Host)
				require.NotContains(t, err.Error()+found.Expand(found.Happened), "hunter2")
				require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
			}
		})
	}
}

// A proxy setting may hold a password, with a mistake next to it.
func TestAProxySettingThatCannotBeUnderstood(t *testing.T) {
	client := clienttest.NewClient(t, clienttest.NewServer(t), func(config *hscn.Config) {
		config.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("invalid proxy http://clerk:hunter2@[") }
	})
	err := clienttest.DeleteOnce(t.Context(), client)
	clienttest.RequireCode(t, "NET-PROXY_SETTING", err)
	require.NotContains(t, err.Error(), "hunter2")
}

// If the alert is lost, the cut is still distinguished from a network fault: a certificate was not
// configured.
func TestACutAfterACertificateWasAskedFor(t *testing.T) {
	server := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, server, func(config *tls.Config) { config.ClientAuth = tls.RequestClientCert },
		func(conn *clienttest.RawConn, _ int) { _ = conn.Close() })
	client := clienttest.NewClient(t, server, func(config *hscn.Config) {
		config.BaseURL, config.Certificate = raw.URL, tls.Certificate{}
	})
	err := clienttest.DeleteOnce(t.Context(), client)
	clienttest.RequireCode(t, "TLS-CLIENT_CERT_MISSING", err)
	require.ErrorIs(t, err, ersclient.ErrAnswerLost, "it is a guess, and the request was sent")
}

// Data that a server sends in place of HTTP is kept out of the log: it may be a session.
func TestAnswersThatAreNotHTTP(t *testing.T) {
	for name, answer := range map[string]string{
		"a body alone":       `{"id":"planted"}` + "\r\n\r\n",
		"a malformed header": "HTTP/1.1 204 No Content\r\nplanted\r\n\r\n",
		"a wrong length":     "HTTP/1.1 200 OK\r\nContent-Length: planted\r\n\r\n",
		"another encoding":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: planted\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			raw := clienttest.ServeRaw(t, server, nil, func(conn *clienttest.RawConn, _ int) { conn.Answer(answer) })
			client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.BaseURL = raw.URL })
			err := clienttest.DeleteOnce(t.Context(), client)
			clienttest.RequireCode(t, "NET-CUT", err)
			require.ErrorContains(t, err, "the answer is not HTTP")
			require.NotContains(t, err.Error(), "planted")
			require.ErrorIs(t, err, ersclient.ErrAnswerLost)
		})
	}
}
