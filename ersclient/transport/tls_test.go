package transport_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// identity is a certificate with its key, and the chain that a server presents.
type identity struct {
	certificate *x509.Certificate
	key         crypto.Signer
	chain       [][]byte
}

func (i *identity) tls() tls.Certificate {
	return tls.Certificate{Certificate: i.chain, PrivateKey: i.key}
}

// issue makes a certificate as modified by change, signed by issuer, or self-signed if nil.
func issue(t *testing.T, issuer *identity, change func(*x509.Certificate)) *identity {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return issueFor(t, key, issuer, change)
}

func issueFor(t *testing.T, key crypto.Signer, issuer *identity, change func(*x509.Certificate)) *identity {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "server.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	made := &identity{parsed, key, [][]byte{der}}
	if issuer != nil && issuer.certificate.Issuer.String() != issuer.certificate.Subject.String() {
		made.chain = append(made.chain, issuer.chain...)
	}
	return made
}

// authority returns a change that makes a certificate an authority.
func authority(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: name}
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		c.ExtKeyUsage, c.IPAddresses, c.DNSNames = nil, nil, nil
	}
}

// onlyCommonName returns a change that leaves the common name as the only name.
func onlyCommonName(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.Subject.CommonName, c.IPAddresses, c.DNSNames = name, nil, nil }
}

// issueMD5 makes a certificate for 127.0.0.1 signed with MD5, which crypto/x509 cannot.
func issueMD5(t *testing.T, root *identity) *identity {
	t.Helper()
	folder := t.TempDir()
	made := issue(t, nil, nil)
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	pkcs8 := func(key crypto.Signer) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		return der
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: made.certificate.Subject}, made.key)
	require.NoError(t, err)
	extensions := filepath.Join(folder, "extensions")
	require.NoError(t, os.WriteFile(extensions, []byte("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"), 0o600))
	output, err := exec.CommandContext(t.Context(), "openssl", "x509", "-req", "-md5", "-days", "1", "-extfile", extensions,
		"-in", write("request.pem", "CERTIFICATE REQUEST", request), "-CA", write("root.pem", "CERTIFICATE", root.certificate.Raw),
		"-CAkey", write("root.key", "PRIVATE KEY", pkcs8(root.key)), "-CAcreateserial", "-outform", "DER").Output()
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(output)
	require.NoError(t, err)
	require.Equal(t, x509.MD5WithRSA, parsed.SignatureAlgorithm)
	return &identity{parsed, made.key, [][]byte{output}}
}

// rootOf returns a change that makes a client trust one authority.
func rootOf(root *identity) func(*hscn.Config) {
	return func(config *hscn.Config) {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AddCert(root.certificate)
	}
}

// TestServersThatCannotBeUsed has each kind of server and certificate in real networks, with its
// Problem and cause. A service desk sees the cause in the log and in doctor's table.
func TestServersThatCannotBeUsed(t *testing.T) {
	root := issue(t, nil, authority("Test root"))
	elliptic := issueFor(t, ellipticKey(t), root, nil)
	middle := issue(t, root, authority("Test intermediate"))
	weakMiddle := issue(t, root, func(c *x509.Certificate) {
		authority("Weak intermediate")(c)
		c.SignatureAlgorithm = x509.SHA1WithRSA
	})
	constrained := issue(t, root, func(c *x509.Certificate) {
		authority("Constrained intermediate")(c)
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"elsewhere.example"}, true
		c.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0), Mask: net.CIDRMask(8, 32)}}
	})
	untrusted := issue(t, nil, authority("Untrusted"))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	leaf := func(change func(*x509.Certificate)) *identity { return issue(t, root, change) }
	with := func(identity *identity, changes ...func(*tls.Config)) func(*tls.Config) {
		return func(config *tls.Config) {
			config.Certificates = []tls.Certificate{identity.tls()}
			for _, change := range changes {
				change(config)
			}
		}
	}
	versions := func(lowest, highest uint16) func(*tls.Config) {
		return func(config *tls.Config) { config.MinVersion, config.MaxVersion = lowest, highest }
	}
	good := leaf(nil)
	for name, one := range map[string]struct {
		server func(*tls.Config)
		client func(*hscn.Config)
		// code is empty if the server is accepted.
		code  string
		says  string
		cause string
	}{
		"good": {server: with(good)},
		"expired": {
			with(leaf(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), nil, "TLS-EXPIRED", "was valid from",
			"certificate has expired",
		},
		"not yet valid": {
			with(leaf(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })), nil, "TLS-CLOCK", "it is only",
			"is not yet valid",
		},
		"expired intermediate": {
			with(issue(t, issue(t, root, func(c *x509.Certificate) {
				authority("Old")(c)
				c.NotAfter = time.Now().Add(-time.Minute)
			}), nil)), nil, "TLS-EXPIRED", "was valid from", `subject "CN=Old"`,
		},
		"another name": {
			with(leaf(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"portal.example"} })), nil,
			"TLS-NAME", "a certificate for 127.0.0.1", "127.0.0.1",
		},
		"another address": {
			with(leaf(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = []net.IP{net.IPv4(192, 0, 2, 1)}, nil })), nil,
			"TLS-NAME", "a certificate for 127.0.0.1", "192.0.2.1",
		},
		"common name alone": {
			with(leaf(onlyCommonName("127.0.0.1"))), nil, "TLS-COMMON_NAME", "only has its name as the common name", `subject "CN=127.0.0.1"`,
		},
		"common name alone, of another": {
			with(leaf(onlyCommonName("portal.example"))), nil, "TLS-NAME", "for another name", `subject "CN=portal.example"`,
		},
		"SHA-1 leaf": {
			with(leaf(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA })), nil, "TLS-UNFIT", "SHA-1", "SHA1-RSA",
		},
		"SHA-1 intermediate": {with(issue(t, weakMiddle, nil)), nil, "TLS-UNFIT", "SHA-1", "signed with SHA1-RSA"},
		"MD5":                {with(issueMD5(t, root)), nil, "TLS-UNFIT", "MD5", "signed with MD5-RSA"},
		"RSA of 1024 bits":   {server: with(issueFor(t, small, root, nil))},
		"missing intermediate": {
			with(&identity{nil, nil, nil}, func(config *tls.Config) {
				made := issue(t, middle, nil)
				config.Certificates = []tls.Certificate{{Certificate: made.chain[:1], PrivateKey: made.key}}
			}), nil, "TLS-UNTRUSTED", "does not come from one of the authorities", `issuer "CN=Test intermediate"`,
		},
		"self-signed": {with(issue(t, nil, nil)), nil, "TLS-UNTRUSTED", "does not come from", `issuer "CN=server.example"`},
		"an unknown authority": {
			with(issue(t, untrusted, nil)), nil, "TLS-UNTRUSTED", "does not come from", `issuer "CN=Untrusted"`,
		},
		"name constraints": {
			with(issue(t, constrained, nil)), nil, "TLS-UNFIT", "name constraints", "Constrained intermediate",
		},
		"an intermediate that is no authority": {
			with(issue(t, issue(t, root, func(c *x509.Certificate) { c.Subject.CommonName = "No authority" }), nil)), nil,
			"TLS-UNFIT", "not allowed to sign", "No authority",
		},
		"critical extension": {
			with(leaf(func(c *x509.Certificate) {
				c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}}
			})), nil, "TLS-UNFIT", "a required extension that e-RS Login does not know", "unhandled critical extension",
		},
		"for clients alone": {
			with(leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), nil,
			"TLS-UNFIT", "not made for a server", "incompatible key usage",
		},
		"TLS 1.0 and 1.1 alone": {
			with(good, versions(tls.VersionTLS10, tls.VersionTLS11)), nil, "TLS-VERSION", "accepted neither", "protocol version",
		},
		"RSA key exchange alone":    {with(good, rsaOnly), nil, "TLS-CIPHERS", "RSA key exchange", "handshake failure"},
		"RSA key exchange, allowed": {server: with(good, rsaOnly), client: func(c *hscn.Config) { c.RSAKeyExchange = true }},
		"HTTP/2 alone":              {server: with(good, func(config *tls.Config) { config.NextProtos = []string{"h2"} })},
		"a client certificate of another authority": {
			with(good, func(config *tls.Config) {
				config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
				config.ClientCAs.AddCert(untrusted.certificate)
			}), nil, "TLS-CLIENT_CERT", "refused the organisation's endpoint certificate", "unknown certificate authority",
		},
		"server_name in a SAN": {
			server: with(leaf(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"portal.example"} })),
			client: named("portal.example"),
		},
		"server_name in a wildcard": {
			server: with(leaf(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"*.example"} })),
			client: named("portal.example"),
		},
		"server_name as the common name":     {server: with(leaf(onlyCommonName("portal.example"))), client: named("Portal.Example")},
		"server_name, an address":            {server: with(leaf(onlyCommonName("127.0.0.1"))), client: named("127.0.0.1")},
		"server_name, elliptic curves":       {server: with(elliptic), client: named("localhost")},
		"server_name, below an intermediate": {server: with(issue(t, middle, onlyCommonName("portal.example"))), client: named("portal.example")},
		"server_name, a common name beside a SAN": {
			with(leaf(func(c *x509.Certificate) {
				c.Subject.CommonName, c.IPAddresses, c.DNSNames = "portal.example", nil, []string{"other.example"}
			})), named("portal.example"), "TLS-NAME", "a certificate for portal.example", "other.example",
		},
		"server_name, and the host in the SAN": {with(good), named("portal.example"), "TLS-NAME", "for portal.example", "portal.example"},
		"server_name, another common name": {
			with(leaf(onlyCommonName("127.0.0.1"))), named("portal.example"), "TLS-NAME", "for portal.example", "portal.example",
		},
		"server_name, expired": {
			with(leaf(func(c *x509.Certificate) {
				onlyCommonName("portal.example")(c)
				c.NotAfter = time.Now().Add(-time.Minute)
			})), named("portal.example"), "TLS-EXPIRED", "was valid from", "certificate has expired",
		},
		"server_name, an unknown authority": {
			with(issue(t, untrusted, onlyCommonName("portal.example"))), named("portal.example"), "TLS-UNTRUSTED", "does not come from",
			`issuer "CN=Untrusted"`,
		},
		"server_name, self-signed": {
			with(issue(t, nil, onlyCommonName("portal.example"))), named("portal.example"), "TLS-UNTRUSTED", "does not come from",
			"unknown authority",
		},
		"server_name, for clients alone": {
			with(leaf(func(c *x509.Certificate) {
				onlyCommonName("portal.example")(c)
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			})), named("portal.example"), "TLS-UNFIT", "not made for a server", "incompatible key usage",
		},
		"server_name, SHA-1": {
			with(leaf(func(c *x509.Certificate) {
				onlyCommonName("portal.example")(c)
				c.SignatureAlgorithm = x509.SHA1WithRSA
			})), named("portal.example"), "TLS-UNFIT", "SHA-1", "SHA1-RSA",
		},
		"server_name, a common name below name constraints": {
			with(issue(t, constrained, onlyCommonName("portal.example"))), named("portal.example"), "TLS-UNFIT", "name constraints",
			"name constraints",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certificates := clienttest.NewServer(t)
			server := clienttest.ServeRaw(t, certificates, func(config *tls.Config) {
				config.ClientAuth = tls.NoClientCert
				one.server(config)
			}, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
			notices := &noticeboard{}
			client := clienttest.NewClient(t, certificates, rootOf(root), noticing(notices), func(config *hscn.Config) {
				config.BaseURL = server.URL
				if one.client != nil {
					one.client(config)
				}
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			reached := client.Reach(t.Context())
			answer, asked := client.Examine(t.Context())
			if one.code == "" {
				require.NoError(t, err)
				require.NoError(t, reached)
				require.NoError(t, asked)
				require.Equal(t, root.certificate.Raw, answer.Root.Raw)
				require.NotEmpty(t, answer.Presented)
				return
			}
			errs := []error{err, asked}
			if one.code != "TLS-CLIENT_CERT" { // With TLS 1.3 it shows with the first request.
				errs = append(errs, reached)
			}
			for _, err := range errs {
				found := clienttest.ProblemOf(t, one.code, err)
				require.Contains(t, found.Expand(found.Happened), one.says)
				require.Contains(t, err.Error(), one.cause)
				require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
			}
			if one.code == "TLS-CIPHERS" {
				require.ErrorContains(t, asked, "asked for RSA key exchange alone, the server accepted it")
			}
			require.Empty(t, server.Received(), "a request went to a server that was not verified")
		})
	}
}

func ellipticKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// rsaOnly configures a server without ECDHE.
func rsaOnly(config *tls.Config) {
	config.MaxVersion = tls.VersionTLS12
	config.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_CBC_SHA}
}

// named returns a change that sets server_name.
func named(name string) func(*hscn.Config) {
	return func(config *hscn.Config) { config.ServerName = name }
}

// RSA key exchange is for servers without anything else; while it is used, there is a notice.
func TestRSAKeyExchangeIsNoticed(t *testing.T) {
	certificates := clienttest.NewServer(t)
	root := issue(t, nil, authority("Test root"))
	leaf := issue(t, root, nil)
	modern := make(chan bool, 1)
	modern <- false
	server := clienttest.ServeRaw(t, certificates, func(config *tls.Config) {
		config.ClientAuth, config.Certificates, config.MaxVersion = tls.NoClientCert, []tls.Certificate{leaf.tls()}, tls.VersionTLS12
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			is := <-modern
			modern <- is
			chosen := config.Clone()
			if !is {
				rsaOnly(chosen)
			}
			return chosen, nil
		}
	}, func(conn *clienttest.RawConn, _ int) {
		conn.Answer("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	board := &noticeboard{}
	client := clienttest.NewClient(t, certificates, rootOf(root), noticing(board), func(config *hscn.Config) {
		config.BaseURL, config.RSAKeyExchange = server.URL, true
	})
	require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
	said, _ := board.new()
	require.Equal(t, []string{transport.NoticeTLS + " TLS-RSA_KEY_EXCHANGE"}, said)
	require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
	said, _ = board.new()
	require.Empty(t, said, "it is reported once")
	answer, err := client.Examine(t.Context())
	require.NoError(t, err)
	require.Equal(t, "TLS-RSA_KEY_EXCHANGE", transport.KeyExchange(answer.CipherSuite).Code)
	<-modern
	modern <- true
	require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
	said, _ = board.new()
	require.Equal(t, []string{transport.NoticeTLS}, said, "ECDHE is preferred, and the notice goes")
	answer, err = client.Examine(t.Context())
	require.NoError(t, err)
	require.Nil(t, transport.KeyExchange(answer.CipherSuite))
}

// A proxy with an https address is verified by its own name, never by that of e-RS.
func TestServerNameIsNotForTheProxy(t *testing.T) {
	root := issue(t, nil, authority("Test root"))
	certificates := clienttest.NewServer(t)
	leaf := issue(t, root, onlyCommonName("portal.example"))
	server := clienttest.ServeRaw(t, certificates, func(config *tls.Config) {
		config.ClientAuth, config.Certificates = tls.NoClientCert, []tls.Certificate{leaf.tls()}
	}, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
	for name, one := range map[string]struct {
		proxy *identity
		code  string
	}{
		"its own name": {issue(t, root, nil), ""},
		"e-RS's name":  {leaf, "NET-PROXY_TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			through := (&gate{}).open(t, &tls.Config{Certificates: []tls.Certificate{one.proxy.tls()}})
			client := clienttest.NewClient(t, certificates, rootOf(root), named("portal.example"), func(config *hscn.Config) {
				config.BaseURL, config.Proxy = server.URL, transport.ProxyOf("https://"+through.address)
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			answer, _ := client.Examine(t.Context())
			if one.code == "" {
				require.NoError(t, err)
				require.Equal(t, leaf.certificate.Raw, answer.Presented[0].Raw)
				return
			}
			clienttest.RequireCode(t, one.code, err)
			require.Empty(t, answer.Presented, "this is not about e-RS")
		})
	}
}

// A resumed session is verified like the first one, however crypto/tls resumes it.
func TestServerNameWithResumption(t *testing.T) {
	root, untrusted := issue(t, nil, authority("Test root")), issue(t, nil, authority("Untrusted"))
	certificates := clienttest.NewServer(t)
	leaf := issue(t, root, onlyCommonName("portal.example"))
	server := clienttest.ServeRaw(t, certificates, func(config *tls.Config) {
		config.ClientAuth, config.Certificates = tls.NoClientCert, []tls.Certificate{leaf.tls()}
	}, func(conn *clienttest.RawConn, _ int) {
		conn.Answer("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	at := func(config *hscn.Config) { config.BaseURL = server.URL }
	cache := tls.NewLRUClientSessionCache(8)
	good := clienttest.NewClient(t, certificates, rootOf(root), named("portal.example"), at)
	transport.Resume(good.Client, cache)
	for range 3 {
		require.NoError(t, clienttest.DeleteOnce(t.Context(), good))
	}
	for name, one := range map[string]struct {
		change func(*hscn.Config)
		code   string
	}{
		"another name": {func(config *hscn.Config) { rootOf(root)(config); named("other.example")(config) }, "TLS-NAME"},
		"another root": {func(config *hscn.Config) { rootOf(untrusted)(config); named("portal.example")(config) }, "TLS-UNTRUSTED"},
	} {
		t.Run(name, func(t *testing.T) {
			client := clienttest.NewClient(t, certificates, one.change, at)
			transport.Resume(client.Client, sameSession{cache})
			before := len(server.Received())
			clienttest.RequireCode(t, one.code, clienttest.DeleteOnce(t.Context(), client))
			require.Len(t, server.Received(), before)
		})
	}
}

// sameSession returns the session of any server.
type sameSession struct{ tls.ClientSessionCache }

func (s sameSession) Get(string) (*tls.ClientSessionState, bool) {
	return s.ClientSessionCache.Get("portal.example")
}

// opensslServer is an "openssl s_server" with its interactive commands.
type opensslServer struct {
	url     string
	process *exec.Cmd
	stdin   io.WriteCloser
	mu      sync.Mutex
	output  bytes.Buffer
}

func (s *opensslServer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(p)
}

func (s *opensslServer) count(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.output.String(), text)
}

// seen waits until text was printed the given number of times.
func (s *opensslServer) seen(t *testing.T, text string, times int) {
	t.Helper()
	require.Eventually(t, func() bool { return s.count(text) >= times }, time.Minute, 10*time.Millisecond, "no %q from openssl", text)
}

func (s *opensslServer) say(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(s.stdin, text)
	require.NoError(t, err)
}

func serveOpenSSL(t *testing.T, server, clients *identity, arguments ...string) *opensslServer {
	t.Helper()
	folder := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"server.pem": {Type: "CERTIFICATE", Bytes: server.certificate.Raw}, "server.key": keyBlock(t, server),
		"clients.pem": {Type: "CERTIFICATE", Bytes: clients.certificate.Raw},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	made := &opensslServer{}
	made.process = exec.CommandContext(t.Context(), "openssl", append([]string{
		"s_server", "-accept", "127.0.0.1:0", "-cert", filepath.Join(folder, "server.pem"), "-key", filepath.Join(folder, "server.key"),
		"-CAfile", filepath.Join(folder, "clients.pem"), "-msg", "-verify_return_error",
	}, arguments...)...)
	made.process.Stdout, made.process.Stderr = made, made
	var err error
	made.stdin, err = made.process.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, made.process.Start())
	t.Cleanup(func() {
		_ = made.process.Process.Kill()
		_ = made.process.Wait()
	})
	made.seen(t, "ACCEPT 127.0.0.1:", 1)
	made.mu.Lock()
	_, rest, _ := strings.Cut(made.output.String(), "ACCEPT 127.0.0.1:")
	made.mu.Unlock()
	port, _, _ := strings.Cut(rest, "\n")
	made.url = "https://127.0.0.1:" + strings.TrimSpace(port) + "/ers-api"
	return made
}

// IIS, and Apache with a rule for a folder, read the request and then ask for the certificate by
// renegotiation.
func TestACertificateAskedForByRenegotiation(t *testing.T) {
	root := issue(t, nil, authority("Test root"))
	client := issue(t, root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	const answer, finished = "HTTP/1.1 204 No Content\r\n\r\n", "Finished"
	start := func(t *testing.T, clients *identity, certificate tls.Certificate) (*opensslServer, *hscn.Client) {
		t.Helper()
		server := serveOpenSSL(t, issue(t, root, nil), clients, "-tls1_2")
		return server, clienttest.NewClient(t, clienttest.NewServer(t), rootOf(root), func(config *hscn.Config) {
			config.BaseURL, config.Certificate = server.url, certificate
		})
	}
	call := func(t *testing.T, client *hscn.Client) <-chan error {
		t.Helper()
		done := make(chan error, 1)
		go func() { done <- clienttest.DeleteOnce(t.Context(), client) }()
		return done
	}
	t.Run("several requests on one connection", func(t *testing.T) {
		server, caller := start(t, root, client.tls())
		for i := range 3 {
			done := call(t, caller)
			server.seen(t, "DELETE /", i+1)
			if i == 0 {
				handshakes := server.count(finished)
				server.say(t, "R\n")
				server.seen(t, finished, handshakes+2)
				server.seen(t, "CertificateVerify", 1)
			}
			server.say(t, answer)
			require.NoError(t, <-done)
		}
		require.Equal(t, 2, server.count("ClientHello"), "one connection, and one renegotiation")
	})
	t.Run("again and again", func(t *testing.T) {
		server, caller := start(t, root, client.tls())
		done := call(t, caller)
		server.seen(t, "DELETE /", 1)
		server.say(t, "R\n")
		server.seen(t, finished, 4)
		server.say(t, "r\n")
		err := <-done
		clienttest.RequireCode(t, "TLS-ALERT", err)
		assert.ErrorContains(t, err, "no renegotiation")
		require.ErrorIs(t, err, ersclient.ErrAnswerLost, "the server has read the request")
	})
	t.Run("without a certificate", func(t *testing.T) {
		server, caller := start(t, root, tls.Certificate{})
		done := call(t, caller)
		server.seen(t, "DELETE /", 1)
		server.say(t, "R\n")
		server.seen(t, "ClientHello", 2)
		server.seen(t, finished, 4)
		server.say(t, "Q\n") // It has nothing to say to a client without one.
		clienttest.RequireCode(t, "TLS-CLIENT_CERT_MISSING", <-done)
	})
	t.Run("a certificate of another authority", func(t *testing.T) {
		server, caller := start(t, issue(t, nil, authority("Untrusted")), client.tls())
		done := call(t, caller)
		server.seen(t, "DELETE /", 1)
		server.say(t, "R\n")
		clienttest.RequireCode(t, "TLS-CLIENT_CERT", <-done)
	})
}

// Go has no finite-field DHE: the cause is named, since no setting helps.
func TestAServerWithFiniteFieldDHEAlone(t *testing.T) {
	root := issue(t, nil, authority("Test root"))
	server := serveOpenSSL(t, issue(t, root, nil), root, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA")
	for _, compatible := range []bool{false, true} {
		client := clienttest.NewClient(t, clienttest.NewServer(t), rootOf(root), func(config *hscn.Config) {
			config.BaseURL, config.RSAKeyExchange = server.url, compatible
		})
		err := clienttest.DeleteOnce(t.Context(), client)
		found := clienttest.ProblemOf(t, "TLS-CIPHERS", err)
		require.Contains(t, found.Expand(found.Happened), "finite-field DHE")
		require.ErrorContains(t, err, "handshake failure")
		_, err = client.Examine(t.Context())
		clienttest.RequireCode(t, "TLS-CIPHERS", err)
		require.ErrorContains(t, err, "the server did not accept RSA key exchange either")
	}
}

// Local refusals of crypto/tls have their Problems too: the kind of our key, and a certificate that
// cannot be parsed.
func TestWhatGoRefusesByItself(t *testing.T) {
	root := issue(t, nil, authority("Test root"))
	ours := issue(t, root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	negative := issue(t, root, nil)
	folder := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"root.pem": {Type: "CERTIFICATE", Bytes: root.certificate.Raw}, "root.key": keyBlock(t, root), "server.key": keyBlock(t, negative),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	for _, arguments := range [][]string{
		{"req", "-new", "-key", "server.key", "-subj", "/CN=server.example", "-out", "server.csr"},
		{"x509", "-req", "-in", "server.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "-5", "-out", "negative.pem"},
	} {
		command := exec.CommandContext(t.Context(), "openssl", arguments...)
		command.Dir = folder
		said, err := command.CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
	for name, one := range map[string]struct {
		arguments         []string
		code, says, cause string
	}{
		"signatures of ECDSA alone": {
			[]string{"-Verify", "1", "-client_sigalgs", "ECDSA+SHA256"}, "TLS-CLIENT_CERT", "none of the signatures that its key can make",
			"signature algorithms",
		},
		"signatures with SHA-1 alone": {
			[]string{"-Verify", "1", "-client_sigalgs", "RSA+SHA1", "-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"}, "TLS-CLIENT_CERT",
			"none of the signatures that its key can make", "signature algorithms",
		},
		"a negative serial number": {
			[]string{"-cert", filepath.Join(folder, "negative.pem")}, "TLS-UNFIT", "breaks a rule for certificates", "negative serial number",
		},
		"a curve of its own": {[]string{"-groups", "X448"}, "TLS-CIPHERS", "curves and signatures", "handshake failure"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveOpenSSL(t, negative, root, one.arguments...)
			client := clienttest.NewClient(t, clienttest.NewServer(t), rootOf(root), func(config *hscn.Config) {
				config.BaseURL, config.Certificate = server.url, ours.tls()
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			found := clienttest.ProblemOf(t, one.code, err)
			require.Contains(t, found.Expand(found.Happened+"\n"+found.Technical), one.says)
			require.ErrorContains(t, err, one.cause)
		})
	}
}

func keyBlock(t *testing.T, of *identity) *pem.Block {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(of.key)
	require.NoError(t, err)
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}
}

// TestStrangersSayNothingInOurWindow: a refused server's or proxy's certificate is untrusted. Its
// texts must not read like a sentence of this program, and must not move a cursor.
func TestStrangersSayNothingInOurWindow(t *testing.T) {
	const speech = "is for your own help desk. Ring 0800 000 000 and tell the passcode of your card. \u009b31m\u202e\u200b "
	long := strings.Repeat(speech, 5)
	untrusted := issue(t, nil, func(c *x509.Certificate) { authority(long)(c); c.Subject.Organization = []string{long} })
	root := issue(t, nil, authority("Test root"))
	certificates := clienttest.NewServer(t)
	leaf := func(issuer *identity, addresses ...net.IP) *identity {
		return issue(t, issuer, func(c *x509.Certificate) {
			c.IPAddresses, c.Subject.CommonName = addresses, long
			c.DNSNames = []string{"ring 0800 000 000", strings.Repeat("a", 61) + ".example", "a.example", "b.example", "c.example", "d.example"}
		})
	}
	serve := func(identity *identity) string {
		return clienttest.ServeRaw(t, certificates, func(config *tls.Config) {
			config.Certificates, config.ClientAuth = []tls.Certificate{identity.tls()}, tls.NoClientCert
		}, func(*clienttest.RawConn, int) {}).URL
	}
	through := (&gate{}).open(t, &tls.Config{Certificates: []tls.Certificate{leaf(untrusted, net.IPv4(127, 0, 0, 1)).tls()}})
	for name, one := range map[string]struct {
		change func(*hscn.Config)
		code   string
		quoted string
	}{
		"an issuer": {
			func(config *hscn.Config) { config.BaseURL = serve(leaf(untrusted, net.IPv4(127, 0, 0, 1))) }, "TLS-UNTRUSTED",
			"Not verified, in the words of the certificate: issued by " + problem.Clean(long, 60),
		},
		"names": {
			func(config *hscn.Config) { config.BaseURL = serve(leaf(root)) }, "TLS-NAME",
			"Not verified, in the words of the certificate: made for a.example, b.example, c.example, …",
		},
		"a common name": {
			func(config *hscn.Config) { config.BaseURL = serve(issue(t, root, onlyCommonName(long))) }, "TLS-NAME",
			"Not verified, in the words of the certificate: made for –",
		},
		"a proxy's issuer": {
			func(config *hscn.Config) { config.Proxy = transport.ProxyOf("https://" + through.address) }, "NET-PROXY_TLS",
			"Not verified, in the words of the certificate: issued by " + problem.Clean(long, 60),
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := clienttest.NewClient(t, certificates, rootOf(root), one.change)
			err := clienttest.DeleteOnce(t.Context(), client)
			found := clienttest.ProblemOf(t, one.code, err)
			require.Equal(t, one.quoted, found.Expand(found.Quoted))
			for _, text := range append([]string{found.Title, found.Happened}, found.WhatToDo()...) {
				require.NotContains(t, found.Expand(text), "0800")
				require.NotContains(t, found.Expand(text), "a.example")
			}
			require.Equal(t, problem.Clean(err.Error(), 9999), err.Error(), "the log has printable characters alone")
			require.Contains(t, err.Error(), "subject")
		})
	}
}
