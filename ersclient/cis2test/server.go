// Package cis2test is a stand-in for the NHS API platform, in the manner of net/http/httptest: the
// OAuth 2 gateway, the e-RS FHIR API (A030, A040) and NHS England's directory of organisations, for
// tests, examples and the demonstration. Users sign in to it as in a browser: on a small page with
// personas to pick, or headless with [Server.SignIn].
//
// The gateway's facts are imitated: numbers that are JSON strings, a mandatory state, a redirect
// URI compared as a whole text, a secret in the form alone, an exact content type, refresh tokens
// that work once and end twelve hours after the first sign-in, and failures that end in the browser
// as JSON instead of coming back. A second client, without a secret, is served as an OAuth 2 server
// for native applications serves it: PKCE, any loopback port, numbers that are numbers.
//
// So are those of the API: it wants a bearer token, and for A040 an organisation and a function that the
// user holds, and refuses in e-RS's own words. Its answers have no names; the directory has.
//
// [testserver.Server.Fail] orders failures for single calls, [Server.Revoke] ends a session behind
// the back of its client, and [Server.Pass] lets time pass. All personas and sessions are invented.
// Where the public material is silent, a comment marks the stand-in's behaviour as a choice.
package cis2test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// The clients that every Server knows.
const (
	// ClientID and ClientSecret are those of an application registered at the gateway.
	ClientID     = "Stand-In-Application-Key-0000000"
	ClientSecret = "StandInSecret000"
	// RedirectURI is the application's, unless WithRedirectURI replaces it.
	RedirectURI = "http://localhost:8149/callback"
	// PublicClientID is that of a native application, which has no secret.
	PublicClientID = "stand-in-native-application"
)

// Server is a stand-in for gateway and API. Its methods are safe for concurrent use.
type Server struct {
	*testserver.Server
	// URL is the address of the host, such as https://127.0.0.1:4711. It is set by Start.
	URL string

	address      string
	plain        bool
	redirectURIs []string
	mux          *http.ServeMux
	authority    *testserver.Authority
	personas     []Persona
	sessions     *sessions
	registration registration
	broker       func(ctx context.Context, token string) (persona string)
}

// Option configures a Server before it starts.
type Option func(*Server)

// WithPersona adds a persona to DefaultPersonas, or replaces the one with its ID.
func WithPersona(persona Persona) Option { return func(s *Server) { s.addPersona(persona) } }

// WithRedirectURI replaces the registered redirect URIs.
func WithRedirectURI(uris ...string) Option { return func(s *Server) { s.redirectURIs = uris } }

// WithAddress sets the address to listen on, by default a free port of 127.0.0.1.
func WithAddress(address string) Option { return func(s *Server) { s.address = address } }

// WithoutTLS serves plain HTTP, for a real browser that does not know the stand-in's authority.
func WithoutTLS() Option { return func(s *Server) { s.plain = true } }

// The gateway's lifetimes of an access token, and of the last refresh token from the sign-in on.
const (
	AccessLife = 599 * time.Second
	TotalLife  = 43199 * time.Second
)

// WithLifetimes replaces AccessLife and TotalLife.
func WithLifetimes(access, total time.Duration) Option {
	return func(s *Server) { s.sessions.accessLife, s.sessions.totalLife = access, total }
}

// WithBroker has the API accept the access tokens of a broker too. personaOf returns the ID of the
// persona that a token stands for, or "" for one that is not accepted.
func WithBroker(personaOf func(ctx context.Context, token string) string) Option {
	return func(s *Server) { s.broker = personaOf }
}

// NewServer starts a Server. It panics if it cannot listen, as httptest.NewServer does;
// NewUnstartedServer and Start return the error.
func NewServer(options ...Option) *Server {
	s := NewUnstartedServer(options...)
	if err := s.Start(); err != nil {
		panic(fmt.Sprintf("cis2test: %v", err))
	}
	return s
}

// NewUnstartedServer makes a Server that is not listening.
func NewUnstartedServer(options ...Option) *Server {
	s := &Server{
		Server:       testserver.New(),
		address:      "127.0.0.1:0",
		redirectURIs: []string{RedirectURI},
		mux:          http.NewServeMux(),
		personas:     DefaultPersonas(),
		sessions:     newSessions(),
	}
	for _, option := range options {
		option(s)
	}
	s.oauth()
	s.fhir()
	s.mux.Handle("/", s.Handler(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		s.Answer(w, r, "", func() testserver.Reply { return failed(http.StatusNotFound, "invalid_request", "Not Found") })
	}))
	return s
}

// Start makes the certificate and listens. It is called once.
func (s *Server) Start() error {
	authority, err := testserver.NewAuthority()
	if err != nil {
		return err
	}
	certificate, err := authority.Server([]string{"127.0.0.1", "::1", "localhost"}, time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	scheme, config := "https", &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	if s.plain {
		scheme, config = "http", nil
	}
	at, err := s.Serve(s.address, config, s.mux)
	if err != nil {
		return err
	}
	s.authority, s.URL = authority, scheme+"://"+at.String()
	return nil
}

// OAuthURL returns the base URL of the gateway, for package cis2.
func (s *Server) OAuthURL() string { return s.URL + oauthPath }

// RootCAs returns the server's authority: the only root that its clients need.
func (s *Server) RootCAs() *x509.CertPool { return s.authority.Pool() }

// Client returns an HTTP client that trusts the server and uses no proxy. It keeps no connections.
func (s *Server) Client() *http.Client { return Browser(s.RootCAs()) }

// Browser is Server.Client for a stand-in in another process.
func Browser(roots *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
	}}
}

// endpoint serves a call, for which faults can be ordered. handle carries it out; the pattern is
// http.ServeMux's.
func (s *Server) endpoint(pattern string, call testserver.Call, handle func(r *http.Request, body []byte) testserver.Reply) {
	s.DefineCall(call, http.StatusOK)
	s.mux.Handle(pattern, s.Handler(func(w http.ResponseWriter, r *http.Request, body []byte) {
		s.Answer(w, r, call, func() testserver.Reply { return handle(r, body) })
	}))
}
