// Package testserver is what the stand-ins for e-RS share: a server that ends its connections when
// it is closed, certificates from an authority in memory, faults ordered for single calls, another
// clock, a journal of the calls, and the control endpoint of a stand-in in another process.
//
// A stand-in embeds a [Server], defines its calls, and answers each request through
// [Server.Answer]. Everything that is kept is bounded.
package testserver

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxRequest = 1 << 20
	jsonType   = "application/json"
)

// Call names a kind of call.
type Call string

// Reply is an answer not yet sent, or cut.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// JSON is an answer with a value that can be marshalled.
func JSON(status int, value any) Reply {
	body, err := json.Marshal(value)
	if err != nil {
		// The values are structs of the stand-ins.
		panic(err)
	}
	return Reply{status, map[string]string{"Content-Type": jsonType}, body}
}

// Server is the common part of a stand-in. Its methods are safe for concurrent use, except for
// DefineCall, which comes before Serve.
type Server struct {
	calls        map[Call]int
	waiting      map[Call][]Fault
	ahead        atomic.Int64
	journal      journal
	servers      []*http.Server
	serving      sync.WaitGroup
	closing      chan struct{}
	closeOnce    sync.Once
	mu           sync.Mutex
	handlersOpen bool
	handlers     sync.WaitGroup
}

// New makes a Server that serves nothing yet.
func New() *Server {
	return &Server{calls: map[Call]int{}, waiting: map[Call][]Fault{}, closing: make(chan struct{}), handlersOpen: true}
}

// Accepts reports whether a request's Accept header allows an application type.
func Accepts(r *http.Request, mediaType string) bool {
	for _, header := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			accepted, _, err := mime.ParseMediaType(part)
			if err == nil && slices.Contains([]string{mediaType, "application/*", "*/*"}, accepted) {
				return true
			}
		}
	}
	return false
}

// DefineCall makes a call known, with the status of its success.
func (s *Server) DefineCall(call Call, success int) { s.calls[call] = success }

// Serve answers connections to an address in the background until Close, over TLS if there is a
// configuration. It speaks HTTP/1.1 only: HTTP/2 lacks the upper-case header names of the e-RS
// documentation.
func (s *Server) Serve(address string, config *tls.Config, handler http.Handler) (net.Addr, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("could not listen: %w", err)
	}
	at := listener.Addr()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler:           handler,
		Protocols:         &protocols,
		ReadHeaderTimeout: 30 * time.Second,
		// A refused certificate is for the client to report.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.mu.Lock()
	s.servers = append(s.servers, server)
	s.mu.Unlock()
	// Serve returns on Close. If the listener breaks, clients see refused connections.
	s.serving.Go(func() { _ = server.Serve(listener) })
	return at, nil
}

// Close ends every connection, including hanging calls, and returns when the server has stopped.
func (s *Server) Close() {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.mu.Lock()
		s.handlersOpen = false
		servers := s.servers
		s.mu.Unlock()
		for _, server := range servers {
			// The only possible error is that the listener is closed already.
			_ = server.Close()
		}
		s.serving.Wait()
		s.handlers.Wait()
	})
}

// Requests returns the last 1,000 calls, the oldest first.
func (s *Server) Requests() []Request { return s.journal.list() }

// Handler reads each request's body, bounded, and hands it on. Close waits for it.
func (s *Server) Handler(answer func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.handlers.Done()
		// The whole body is read first: only then does the request's context end with the connection.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			s.send(w, r, "", Reply{Status: http.StatusBadRequest})
			return
		}
		answer(w, r, body)
	})
}

// SetClock sets the clock for the Date of answers ahead of this computer's, or behind it if
// negative.
func (s *Server) SetClock(ahead time.Duration) { s.ahead.Store(int64(ahead)) }

// Answer answers a call with the fault ordered for it, or with what handle returns, which carries it
// out. The call is "" for a request that is none.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request, call Call, handle func() Reply) {
	if fault, ordered := s.take(call); ordered {
		s.fail(w, r, call, fault, handle)
		return
	}
	s.send(w, r, call, handle())
}

// send writes an answer and its entry in the journal.
func (s *Server) send(w http.ResponseWriter, r *http.Request, call Call, answer Reply) {
	s.journal.add(Request{call, r.Method, answer.Status})
	if ahead := time.Duration(s.ahead.Load()); ahead != 0 { // otherwise net/http sets it
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}
	for name, value := range answer.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.Status)
	// A client that disconnected needs no answer.
	_, _ = w.Write(answer.Body)
}

// enter counts a handler and returns true, unless the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handlersOpen {
		s.handlers.Add(1)
	}
	return s.handlersOpen
}
