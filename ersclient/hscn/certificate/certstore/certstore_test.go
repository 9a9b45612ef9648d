package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

const fqdn = "gp.surgery.example"

// authority issues endpoint certificates: a root and an intermediate.
type authority struct {
	root, intermediate *x509.Certificate
	key                crypto.Signer
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	rootKey, key := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	root := issue(t, template("a root"), nil, rootKey, rootKey)
	return &authority{root, issue(t, template("a sub CA"), root, key, rootKey), key}
}

// issue makes a certificate, valid for the next hour unless the template differs; self-signed
// without a parent.
func issue(t *testing.T, template, parent *x509.Certificate, key, parentKey crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	require.NoError(t, err)
	template.SerialNumber = serial
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return made
}

// endpoint issues an endpoint certificate.
func (a *authority) endpoint(t *testing.T, key crypto.Signer, change ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: fqdn}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, one := range change {
		one(template)
	}
	return issue(t, template, a.intermediate, key, a.key)
}

// handshake connects to a server that requires a certificate of the authority, with a version of
// TLS.
func (a *authority) handshake(t *testing.T, loaded tls.Certificate, version uint16) error {
	t.Helper()
	key := newECDSA(t, elliptic.P256())
	server := a.endpoint(t, key, func(template *x509.Certificate) {
		template.DNSNames, template.ExtKeyUsage = []string{"e-rs.example"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	trusted := x509.NewCertPool()
	trusted.AddCert(a.root)
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	answer := make(chan error, 1)
	go func() {
		connection := tls.Server(there, &tls.Config{
			MinVersion: version, MaxVersion: version, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted,
			Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw, a.intermediate.Raw}, PrivateKey: key}},
		})
		_, err := connection.Write([]byte("welcome"))
		answer <- errors.Join(err, there.Close())
	}()
	connection := tls.Client(here, &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: trusted, ServerName: "e-rs.example",
		// As in package transport.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &loaded, nil },
	})
	word := make([]byte, len("welcome"))
	_, err := io.ReadFull(connection, word)
	_ = here.Close() // the server may be waiting for more
	if refused := <-answer; refused != nil {
		return refused
	}
	return err
}

func newECDSA(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

// software signs like NCryptSignHash, with a key in software.
type software struct {
	private crypto.Signer
	// refusing has the key's error for a scheme.
	refusing map[scheme]error
	// lengthen gives PSS another salt length than requested.
	lengthen int

	mu sync.Mutex
}

func (s *software) signHash(padding padding, digest []byte, size int) ([]byte, error) {
	if !s.mu.TryLock() {
		return nil, errors.New("two signatures at a time")
	}
	defer s.mu.Unlock()
	if err := s.refusing[padding.scheme]; err != nil {
		return nil, err
	}
	var signature []byte
	var err error
	switch private := s.private.(type) {
	case *rsa.PrivateKey:
		switch padding.scheme {
		case schemePKCS1:
			signature, err = rsa.SignPKCS1v15(nil, private, padding.hash, digest)
		case schemePSS:
			options := &rsa.PSSOptions{SaltLength: padding.salt + s.lengthen}
			signature, err = rsa.SignPSS(rand.Reader, private, padding.hash, digest, options)
		case schemeECDSA:
			err = nteNotSupported
		}
	case *ecdsa.PrivateKey:
		half := (private.Params().N.BitLen() + 7) / 8
		if padding.scheme != schemeECDSA || len(digest) > half {
			return nil, status(0x80090027) // NTE_INVALID_PARAMETER
		}
		r, v, failed := ecdsa.Sign(rand.Reader, private, digest)
		if failed != nil {
			return nil, failed
		}
		signature = append(r.FillBytes(make([]byte, half)), v.FillBytes(make([]byte, half))...)
	default:
		err = nteNotSupported
	}
	if err == nil && len(signature) > size {
		err = status(0x80090028) // NTE_BUFFER_TOO_SMALL
	}
	return signature, err
}

// kept is an entry of a store in memory.
type kept struct {
	der      [][]byte
	chainErr error
	from     string
	// removable is what the provider says of its keys.
	removable bool
	private   key
	keyErr    error
	// closed gets one element for each call of close.
	closed chan struct{}
}

func (k *kept) chain() ([][]byte, error) { return k.der, k.chainErr }
func (k *kept) provider() (string, bool) { return k.from, k.removable }
func (k *kept) key() (key, error)        { return k.private, k.keyErr }
func (k *kept) close()                   { k.closed <- struct{}{} }

// keep puts a certificate of the authority and its key into an entry.
func (a *authority) keep(leaf *x509.Certificate, private crypto.Signer) *kept {
	return &kept{
		der: [][]byte{leaf.Raw, a.intermediate.Raw}, from: "Microsoft Software Key Storage Provider",
		private: &software{private: private}, closed: make(chan struct{}, 2),
	}
}

// holding returns a store with entries.
func holding(name string, machine bool, entries ...*kept) store {
	return store{name: name, machine: machine, find: func(thumbprint [sha1.Size]byte) (entry, error) {
		for _, one := range entries {
			if sha1.Sum(one.der[0]) == thumbprint {
				return one, nil
			}
		}
		return nil, errNotFound
	}}
}

func thumbprintOf(der []byte) string {
	hash := sha1.Sum(der)
	return hex.EncodeToString(hash[:])
}

func keyOf(t *testing.T, loaded tls.Certificate) key {
	t.Helper()
	made, ok := loaded.PrivateKey.(*signer)
	require.True(t, ok)
	return made.key
}

// problemOf returns err as a Problem, checking that its texts are complete.
func problemOf(t *testing.T, err error) *problem.Problem {
	t.Helper()
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	text := found.Expand(strings.Join(slices.Concat([]string{found.Title, found.Happened}, found.WhatToDo(), found.ServiceDesk), "\n"))
	require.NotContains(t, text, "{{", "every value is filled in")
	require.Contains(t, text+found.Args["Setting"], setting, "the service desk has to know which setting is meant")
	return found
}

// If this fails, an organisation whose key may not leave Windows cannot sign in.
func TestSEC001CertificateFromAStore(t *testing.T) {
	issuer := newAuthority(t)
	for name, private := range map[string]crypto.Signer{
		"RSA":   newRSA(t),
		"P-256": newECDSA(t, elliptic.P256()),
		"P-384": newECDSA(t, elliptic.P384()),
		"P-521": newECDSA(t, elliptic.P521()),
	} {
		leaf := issuer.endpoint(t, private)
		stores := []store{holding("the user's", false), holding("the computer's", true, issuer.keep(leaf, private))}
		for version, which := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
			t.Run(name+", "+which, func(t *testing.T) {
				loaded, err := load(stores, thumbprintOf(leaf.Raw))
				require.NoError(t, err)
				require.Equal(t, fqdn, certificate.CommonName(loaded))
				require.Equal(t, [][]byte{leaf.Raw, issuer.intermediate.Raw}, loaded.Certificate)
				require.Empty(t, loaded.SupportedSignatureAlgorithms, "all that the key can do")
				require.NoError(t, issuer.handshake(t, loaded, version))
			})
		}
	}
}

// The certificate serves for a call to e-RS.
func TestSEC001SignInWithACertificateFromAStore(t *testing.T) {
	server := erstest.NewServer()
	t.Cleanup(server.Close)
	given := server.ClientCertificate()
	private, ok := given.PrivateKey.(crypto.Signer)
	require.True(t, ok)
	in := &kept{der: given.Certificate, private: &software{private: private}, closed: make(chan struct{}, 1)}
	loaded, err := load([]store{holding("the user's", false, in)}, thumbprintOf(given.Certificate[0]))
	require.NoError(t, err)
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL, Certificate: loaded, RootCAs: server.RootCAs(),
	}})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	session, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	require.NoError(t, client.DeleteSession(t.Context(), session.Key))
}

// The order between two copies, and that one without a key does not hide one with it: a certificate
// is easily imported twice.
func TestTheOrderOfTheStores(t *testing.T) {
	issuer := newAuthority(t)
	private := newECDSA(t, elliptic.P256())
	leaf := issuer.endpoint(t, private)
	good := func() *kept { return issuer.keep(leaf, private) }
	keyless := func() *kept {
		one := good()
		one.private, one.keyErr = nil, cryptNoKeyProperty
		return one
	}
	damaged := func() *kept {
		one := good()
		one.chainErr = status(0x8007000E)
		return one
	}
	for name, test := range map[string]struct {
		user, machine []*kept
		uses          string // user or machine; or the code of a Problem
	}{
		"in both":                       {[]*kept{good()}, []*kept{good()}, "user"},
		"in the user's":                 {[]*kept{good()}, nil, "user"},
		"in the computer's":             {nil, []*kept{good()}, "machine"},
		"without a key in the user's":   {[]*kept{keyless()}, []*kept{good()}, "machine"},
		"unreadable in the user's":      {[]*kept{damaged()}, []*kept{good()}, "machine"},
		"without a key in both":         {[]*kept{keyless()}, []*kept{damaged()}, "CERT-STORE_KEY_MISSING"},
		"without a key, and not at all": {nil, []*kept{keyless()}, "CERT-STORE_KEY_MISSING"},
		"nowhere":                       {nil, nil, "CERT-STORE_NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			stores := []store{holding("user", false, test.user...), holding("machine", true, test.machine...)}
			loaded, err := load(stores, thumbprintOf(leaf.Raw))
			uses := ""
			if err != nil {
				uses = problemOf(t, err).Code
			} else {
				uses = "machine"
				if len(test.user) > 0 && keyOf(t, loaded) == test.user[0].private {
					uses = "user"
				}
			}
			require.Equal(t, test.uses, uses)
			// Entries not used are closed.
			for _, one := range append(test.user, test.machine...) {
				opened := one.keyErr != nil || one.chainErr != nil
				assert.Equal(t, opened, len(one.closed) == 1, "each once, and not the one in use")
			}
			runtime.KeepAlive(loaded)
		})
	}
}

// Each fault has its own remedy; if this fails, a service desk looks in the wrong place.
func TestCertificatesOfAStoreThatCannotBeUsed(t *testing.T) {
	issuer := newAuthority(t)
	private, p224 := newRSA(t), newECDSA(t, elliptic.P224())
	p256, another := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	fromTo := func(from, to time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to) }
	}
	usage := func(usages ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage = usages }
	}
	made := func(change func(*x509.Certificate)) *kept {
		return issuer.keep(issuer.endpoint(t, private, change), private)
	}
	leaf := issuer.endpoint(t, private)
	refusing := func(answer error) *kept {
		one := issuer.keep(leaf, private)
		one.private = &software{private: private, refusing: map[scheme]error{schemePKCS1: answer, schemePSS: answer}}
		return one
	}
	from := func(provider string, removable bool) *kept {
		one := issuer.keep(leaf, private)
		one.from, one.removable = provider, removable
		// Any use of a card asks for a passcode.
		one.keyErr = errors.New("the card was asked")
		return one
	}
	unopened := func(answer error) *kept {
		one := issuer.keep(leaf, private)
		one.private, one.keyErr = nil, fmt.Errorf("CryptAcquireCertificatePrivateKey: %w", answer)
		return one
	}
	damaged := &kept{der: [][]byte{[]byte("rubbish")}, closed: make(chan struct{}, 1)}
	chainless := issuer.keep(leaf, private)
	chainless.chainErr = status(0x8007000E)
	for name, test := range map[string]struct {
		entry *kept
		code  string
		says  string
	}{
		"expired":               {made(fromTo(-2*time.Hour, -time.Hour)), "CERT-EXPIRED", fqdn},
		"not yet valid":         {made(fromTo(time.Hour, 2*time.Hour)), "CERT-NOT_YET_VALID", fqdn},
		"a server's":            {made(usage(x509.ExtKeyUsageServerAuth)), "CERT-USAGE", fqdn},
		"damaged":               {damaged, "CERT-STORE_INVALID", ""},
		"no chain":              {chainless, "CERT-STORE_UNREADABLE", ""},
		"no key":                {unopened(cryptNoKeyProperty), "CERT-STORE_KEY_MISSING", ".pfx"},
		"no right to the key":   {unopened(ntePerm), "CERT-STORE_KEY_DENIED", "Manage Private Keys"},
		"a prompt to open":      {unopened(nteSilentContext), "CERT-STORE_KEY_PROMPT", "strong private key protection"},
		"a prompt to sign":      {refusing(nteSilentContext), "CERT-STORE_KEY_PROMPT", "strong private key protection"},
		"no right to sign":      {refusing(ntePerm), "CERT-STORE_KEY_DENIED", ""},
		"a smartcard's":         {from("Microsoft Smart Card Key Storage Provider", false), "CERT-STORE_KEY_SMARTCARD", "smartcard"},
		"another maker's card":  {from("Some Maker's smart card CSP", false), "CERT-STORE_KEY_SMARTCARD", "smartcard"},
		"a card not put in":     {unopened(status(0x8010000C)), "CERT-STORE_KEY_SMARTCARD", "smartcard"},
		"something to pull out": {from("A Maker's Tokens", true), "CERT-STORE_KEY_SMARTCARD", "smartcard"},
		"an old key":            {unopened(keyLegacy), "CERT-STORE_KEY_LEGACY", "certutil"},
		"Ed25519":               {issuer.keep(issuer.endpoint(t, edwards), edwards), "CERT-STORE_KEY_UNSUPPORTED", "P-256"},
		"P-224":                 {issuer.keep(issuer.endpoint(t, p224), p224), "CERT-STORE_KEY_UNSUPPORTED", "P-256"},
		"another key":           {issuer.keep(leaf, newRSA(t)), "CERT-STORE_KEY_MISMATCH", ""},
		"another ECDSA key":     {issuer.keep(issuer.endpoint(t, another), p256), "CERT-STORE_KEY_MISMATCH", ""},
		"something unheard-of":  {unopened(status(0x80284001)), "CERT-STORE_KEY_FAILED", "0x80284001"},
		"not even a status":     {refusing(errors.New("odd")), "CERT-STORE_KEY_FAILED", ""},
		"a signature cut short": {cut(t, issuer), "CERT-STORE_KEY_FAILED", ""},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := load([]store{holding("the user's store", false, test.entry)}, thumbprintOf(test.entry.der[0]))
			found := problemOf(t, err)
			require.Equal(t, test.code, found.Code)
			require.Empty(t, loaded.Certificate)
			text := found.Expand(strings.Join(append(found.ServiceDesk, found.Happened), "\n"))
			require.Contains(t, text, test.says)
			require.Contains(t, text, "the user's store")
			require.Len(t, test.entry.closed, 1, "a handle is not left behind")
		})
	}
}

// cut returns an entry whose key drops a byte of each signature.
func cut(t *testing.T, issuer *authority) *kept {
	t.Helper()
	private := newECDSA(t, elliptic.P256())
	one := issuer.keep(issuer.endpoint(t, private), private)
	one.private = cutting{&software{private: private}}
	return one
}

type cutting struct{ *software }

func (c cutting) signHash(padding padding, digest []byte, size int) ([]byte, error) {
	signature, err := c.software.signHash(padding, digest, size)
	if err != nil {
		return nil, err
	}
	return signature[1:], nil
}

// A thumbprint in another form is reported, rather than searched for in vain.
func TestThumbprintsThatAreNone(t *testing.T) {
	good := strings.Repeat("0123456789", 4)
	_, err := load(nil, good)
	require.Equal(t, "CERT-STORE_NOT_FOUND", problemOf(t, err).Code)
	_, err = load(nil, strings.Repeat("aBcDeF0123", 4))
	require.Equal(t, "ABCDEF0123ABCDEF0123ABCDEF0123ABCDEF0123", problemOf(t, err).Args["Thumbprint"])
	for name, text := range map[string]string{
		"nothing":              "",
		"a digit too few":      good[1:],
		"a digit too many":     good + "0",
		"a letter":             "G" + good[1:],
		"blanks":               " " + good[2:] + " ",
		"pairs":                "01 23 45 67 89 01 23 45 67 89 01 23 45 67 89 01 23 45 67 89",
		"a mark of direction":  "\u200e" + good,
		"and within the bytes": "\u200e" + good[3:],
		"SHA-256":              strings.Repeat("0123456789abcdef", 4),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(nil, text)
			require.Equal(t, "CERT-THUMBPRINT", problemOf(t, err).Code)
		})
	}
}

// The stores are named, so that a service desk knows where to import to.
func TestWhereItWasLookedFor(t *testing.T) {
	_, err := load([]store{holding("the one", false), holding("the other", true)}, strings.Repeat("ab", sha1.Size))
	found := problemOf(t, err)
	require.Equal(t, "CERT-STORE_NOT_FOUND", found.Code)
	require.Contains(t, found.Expand(found.Happened), "the one and the other")
}

// A store that cannot be opened is reported only if the other one lacks the certificate too.
func TestAStoreThatCannotBeOpened(t *testing.T) {
	issuer := newAuthority(t)
	private := newECDSA(t, elliptic.P256())
	leaf := issuer.endpoint(t, private)
	shut := store{name: "the shut one", find: func([sha1.Size]byte) (entry, error) {
		return nil, fmt.Errorf("CertOpenStore: %w", ntePerm)
	}}
	_, err := load([]store{shut, holding("the other", true)}, thumbprintOf(leaf.Raw))
	found := problemOf(t, err)
	require.Equal(t, "CERT-STORE_UNREADABLE", found.Code)
	require.Contains(t, found.Expand(found.Happened), "the shut one")
	require.ErrorIs(t, err, ntePerm)
	_, err = load([]store{shut, holding("the other", true, issuer.keep(leaf, private))}, thumbprintOf(leaf.Raw))
	require.NoError(t, err)
}

// A handle of each sign-in would add up: it is released with the certificate.
func TestTheKeyIsLetGo(t *testing.T) {
	issuer := newAuthority(t)
	private := newECDSA(t, elliptic.P256())
	leaf := issuer.endpoint(t, private)
	in := issuer.keep(leaf, private)
	func() {
		loaded, err := load([]store{holding("the user's", false, in)}, thumbprintOf(leaf.Raw))
		require.NoError(t, err)
		runtime.GC()
		require.NoError(t, issuer.handshake(t, loaded, tls.VersionTLS13))
		require.Empty(t, in.closed, "it is in use")
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return len(in.closed) == 1
	}, time.Minute, time.Millisecond, "the key was not let go")
}
