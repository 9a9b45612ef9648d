// Package erstest is a stand-in for e-RS with mutual TLS, in the manner of net/http/httptest: for tests, examples and the
// demonstration.
//
// It speaks A001, A002 and A003 as the public e-RS API documentation describes them, and really keeps sessions. A ticket
// that nobody was given is refused, as are an ASID that was never issued, a role that the user does not have, a second
// selection and a call for a session that does not exist. A002 answers with another session id than A001 and with a blank
// before the organisation's name, since the published examples do.
//
// Clients are let in by certificate only. Each [Server] makes an authority of its own in memory, whose key is gone when the
// program ends; [Server.RootCAs] and [Server.ClientCertificate] are what a client in the same program needs, and
// [Server.WriteFiles] is for one in another.
//
// What goes wrong in the field can be ordered with [Server.Fail]: calls that are slow, cut before or after they were
// handled, or answered with HTML, half a JSON, a redirect or a gateway's error. [Server.Shed] has it bear a limited load, and
// [Server.SetClock] gives it another time.
//
// Where the public material is silent, a comment says what the stand-in does and that it is a choice. No claim is made that
// the real e-RS does the same. Everything it keeps is bounded, and every session in it is made up.
package erstest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// ASID is the accredited system id that a Server knows unless WithASID names others.
const ASID = "123456789012"

// Server is a stand-in e-RS. Its methods are safe for concurrent use.
type Server struct {
	// URL is the base URL, ending in /ers-api. It is set by Start.
	URL string

	address      string
	names        []string
	from, until  time.Time
	asids        map[string]bool
	userOptions  []userOption
	credentials  *credentials
	sessions     *sessions
	faults       faults
	conditions   conditions
	journal      journal
	servers      []*http.Server
	serving      sync.WaitGroup
	closing      chan struct{}
	closeOnce    sync.Once
	mu           sync.Mutex
	handlersOpen bool
	handlers     sync.WaitGroup
}

type userOption struct {
	ticket string
	user   User
}

// Option changes a Server before it starts.
type Option func(*Server)

// WithUser lets a user sign in with a ticket. The users of DefaultUsers are there besides.
func WithUser(ticket string, user User) Option {
	return func(s *Server) { s.userOptions = append(s.userOptions, userOption{ticket, user}) }
}

// WithASID replaces the accredited system ids that are let in.
func WithASID(asids ...string) Option {
	return func(s *Server) {
		s.asids = make(map[string]bool, len(asids))
		for _, asid := range asids {
			s.asids[asid] = true
		}
	}
}

// WithAddress has the server listen there instead of at a free port of 127.0.0.1.
func WithAddress(address string) Option { return func(s *Server) { s.address = address } }

// WithServerNames replaces the names and addresses that the server's certificate is for, so that a client's check of the
// name can be seen to fail.
func WithServerNames(names ...string) Option { return func(s *Server) { s.names = names } }

// WithServerValidity replaces the time during which the server's certificate is valid.
func WithServerValidity(from, until time.Time) Option {
	return func(s *Server) { s.from, s.until = from, until }
}

// NewServer starts a Server. It panics if it cannot listen, as httptest.NewServer does; use NewUnstartedServer and Start
// where that will not do.
func NewServer(options ...Option) *Server {
	s := NewUnstartedServer(options...)
	if err := s.Start(); err != nil {
		panic(fmt.Sprintf("erstest: %v", err))
	}
	return s
}

// NewUnstartedServer makes a Server that does not listen yet.
func NewUnstartedServer(options ...Option) *Server {
	s := &Server{
		address:  "127.0.0.1:0",
		names:    []string{"127.0.0.1", "::1", "localhost"},
		asids:    map[string]bool{ASID: true},
		sessions: newSessions(),
		closing:  make(chan struct{}),
	}
	for ticket, user := range DefaultUsers() {
		s.AddUser(ticket, user)
	}
	for _, option := range options {
		option(s)
	}
	for _, added := range s.userOptions {
		s.AddUser(added.ticket, added.user)
	}
	return s
}

// Start makes the certificates and listens. A Server is started once.
func (s *Server) Start() error {
	credentials, err := newCredentials(s.names, s.from, s.until)
	if err != nil {
		return err
	}
	s.credentials = credentials
	listener, err := listen(s.address)
	if err != nil {
		return err
	}
	s.URL = "https://" + listener.Addr().String() + basePath
	s.mu.Lock()
	s.handlersOpen = true
	s.mu.Unlock()
	s.serve(tls.NewListener(listener, credentials.serverConfig()), http.HandlerFunc(s.serveHTTP))
	return nil
}

// Close ends every connection, a call that hangs included, and returns when nothing of the server is running any more.
func (s *Server) Close() {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.mu.Lock()
		s.handlersOpen = false
		servers := s.servers
		s.mu.Unlock()
		for _, server := range servers {
			// What is left to fail here is a listener that is closed already.
			_ = server.Close()
		}
		s.serving.Wait()
		s.handlers.Wait()
	})
}

// ClientCertificate returns an endpoint certificate that the server accepts, with FQDN for its common name.
func (s *Server) ClientCertificate() tls.Certificate { return s.credentials.client }

// TLSConfig returns the server's side of the mutual TLS, for a listener of the caller's own that its clients will accept.
func (s *Server) TLSConfig() *tls.Config { return s.credentials.serverConfig() }

// RootCAs returns the authority of the server's certificate: the only root that a client of it needs.
func (s *Server) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.credentials.authority)
	return pool
}

// AddUser lets a user sign in with a ticket, from now on. A ticket that is known already changes hands.
func (s *Server) AddUser(ticket string, user User) { s.sessions.addUser(ticket, user) }

// Revoke ends a ticket, and with it the sessions that were created from it: silently, as when the card is removed.
func (s *Server) Revoke(ticket string) { s.sessions.revoke(ticket) }

// Sessions returns the sessions that there are now, the oldest first.
func (s *Server) Sessions() []SessionInfo { return s.sessions.list() }

// Ended returns the number of sessions that have ended: deleted with A003, with their ticket, or to make room for another.
func (s *Server) Ended() int { return s.sessions.endedCount() }

// Requests returns the calls that were made, the oldest first, as far as the journal reaches back (1,000 calls).
func (s *Server) Requests() []Request { return s.journal.list() }

// Fail has the next call of a kind meet a fault. Faults for the same kind of call wait in line; a hundred may wait.
func (s *Server) Fail(call Call, fault Fault) error { return s.faults.add(call, fault) }

// Forgive takes back the faults that wait for a kind of call.
func (s *Server) Forgive(call Call) { s.faults.drop(call) }

func listen(address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("could not listen: %w", err)
	}
	return listener, nil
}

// serve answers connections beside the caller until Close. It speaks HTTP/1.1 only: header names in the e-RS documentation
// are upper case, and HTTP/2 has none of that.
func (s *Server) serve(listener net.Listener, handler http.Handler) {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           handler,
		Protocols:         &protocols,
		ReadHeaderTimeout: 30 * time.Second,
		// A refused certificate is the client's to report.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.mu.Lock()
	s.servers = append(s.servers, server)
	s.mu.Unlock()
	// Serve returns when Close is called. A listener that broke before shows to the client, as connections that are refused.
	s.serving.Go(func() { _ = server.Serve(listener) })
}

// enter counts a handler, unless the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handlersOpen {
		s.handlers.Add(1)
	}
	return s.handlersOpen
}
