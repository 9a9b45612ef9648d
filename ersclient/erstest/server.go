// Package erstest is a stand-in for e-RS with mutual TLS, in the manner of net/http/httptest: for
// tests, examples and the demonstration.
//
// It implements A001, A002 and A003 as in the public e-RS API documentation, and keeps sessions. It
// refuses unknown tickets, ASIDs and sessions, roles that the user does not have, and second
// selections. A002 answers with another session id than A001 and with a blank before the
// organisation's name, as the published examples do.
//
// Clients need a certificate. Each [Server] makes an authority in memory, whose key ends with the
// program; [Server.RootCAs] and [Server.ClientCertificate] serve a client in the same program, and
// [Server.WriteFiles] one in another.
//
// [Server.Fail] orders failures seen in the field: calls that are slow, cut before or after they
// were handled, or answered with HTML, half a JSON, a redirect or a gateway's error.
// [Server.SetClock] changes the clock.
//
// Where the public material is silent, a comment marks the stand-in's behaviour as a choice, which
// need not be that of the real e-RS. Everything it keeps is bounded, and all its sessions are
// invented.
package erstest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// ASID is the accredited system id that a Server accepts.
const ASID = "123456789012"

// Server is a stand-in e-RS. Its methods are safe for concurrent use.
type Server struct {
	// URL is the base URL, ending in /ers-api. It is set by Start.
	URL string

	*testserver.Server

	address             string
	names               []string
	from, until         time.Time
	authority           *testserver.Authority
	certificate, client tls.Certificate

	mu    sync.Mutex
	users map[string]User
	// sessions are all of them, the oldest first.
	sessions []*session
	ended    int
}

// Option configures a Server before it starts.
type Option func(*Server)

// WithUser adds a user with a ticket to DefaultUsers.
func WithUser(ticket string, user User) Option { return func(s *Server) { s.AddUser(ticket, user) } }

// WithAddress sets the address to listen on, by default a free port of 127.0.0.1.
func WithAddress(address string) Option { return func(s *Server) { s.address = address } }

// WithServerNames replaces the names and addresses in the server's certificate, to test a client's
// verification of them.
func WithServerNames(names ...string) Option { return func(s *Server) { s.names = names } }

// WithServerValidity replaces the validity of the server's certificate.
func WithServerValidity(from, until time.Time) Option {
	return func(s *Server) { s.from, s.until = from, until }
}

// NewServer starts a Server. It panics if it cannot listen, as httptest.NewServer does;
// NewUnstartedServer and Start return the error.
func NewServer(options ...Option) *Server {
	s := NewUnstartedServer(options...)
	if err := s.Start(); err != nil {
		panic(fmt.Sprintf("erstest: %v", err))
	}
	return s
}

// NewUnstartedServer makes a Server that is not listening.
func NewUnstartedServer(options ...Option) *Server {
	s := &Server{
		address: "127.0.0.1:0",
		names:   []string{"127.0.0.1", "::1", "localhost"},
		Server:  testserver.New(),
		users:   map[string]User{},
	}
	s.DefineCall(A001, http.StatusCreated)
	s.DefineCall(A002, http.StatusOK)
	s.DefineCall(A003, http.StatusOK)
	for ticket, user := range DefaultUsers() {
		s.AddUser(ticket, user)
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// Start makes the certificates and listens. It is called once.
func (s *Server) Start() error {
	var err error
	if s.authority, err = testserver.NewAuthority(); err != nil {
		return err
	}
	if s.certificate, err = s.authority.Server(s.names, s.from, s.until); err != nil {
		return err
	}
	if s.client, err = s.authority.Issue(clientLeaf()); err != nil {
		return err
	}
	at, err := s.Serve(s.address, s.TLSConfig(), s.Handler(s.answer))
	if err != nil {
		return err
	}
	s.URL = "https://" + at.String() + basePath
	return nil
}

// ClientCertificate returns an endpoint certificate that the server accepts, with common name FQDN.
func (s *Server) ClientCertificate() tls.Certificate { return s.client }

// RootCAs returns the server's authority: the only root that its clients need.
func (s *Server) RootCAs() *x509.CertPool { return s.authority.Pool() }
