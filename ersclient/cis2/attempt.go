package cis2

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/oauth2"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Bounds of the callback's listener. A browser opens a few connections ahead of use.
const (
	maxConnections    = 8
	maxCallbackHeader = 16 << 10
	callbackTimeout   = 5 * time.Second
)

// Code is an authorization code with what is needed to redeem it.
type Code struct {
	code, verifier secret.Text
	redirectURI    string
}

// Attempt is one sign-in in the browser. It holds the port of the redirect URI until a callback
// comes or Close is called.
type Attempt struct {
	// address is what the browser opens.
	address     string
	redirectURI string
	// host and path are those of the redirect URI.
	host, path string
	state      string
	verifier   secret.Text

	server    *http.Server
	listeners []net.Listener
	serving   sync.WaitGroup
	// callback receives the one that is accepted, or the end of the attempt.
	callback chan callback
	accept   sync.Once
	// page counts the answer to it.
	page sync.WaitGroup
	// strangers counts the connections of other users that were refused.
	strangers atomic.Int64
}

// callback is what came back from the browser: a code, or a failure.
type callback struct {
	code   secret.Text
	failed *problem.Problem
}

// Begin takes the port and makes the address to open. Close must be called. The error is
// CIS2-PORT_IN_USE or CIS2-LISTEN.
//
// The port is taken exclusively, on 127.0.0.1 and ::1 for localhost. A connection is accepted only
// from a process of the same user, and on Windows of the same session, since all users of a
// terminal server share the loopback interface; on systems other than Linux and Windows that is not
// checked.
func (c *Client) Begin(ctx context.Context) (*Attempt, error) {
	listeners, port, err := c.redirect.listen(ctx)
	if err != nil {
		return nil, err
	}
	a := &Attempt{
		redirectURI: c.redirect.withPort(port),
		host:        net.JoinHostPort(c.redirect.host, port),
		path:        c.redirect.path,
		// 256 random bits, as a verifier has.
		state:     oauth2.GenerateVerifier(),
		verifier:  secret.New(oauth2.GenerateVerifier()),
		listeners: listeners,
		callback:  make(chan callback, 1),
	}
	if a.address, err = c.authorizeURL(a.redirectURI, a.state, a.verifier.Reveal()); err != nil {
		a.stopListening()
		return nil, problem.Unexpected.Because(err)
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	a.server = &http.Server{
		Handler:           http.HandlerFunc(a.answer),
		Protocols:         &protocols,
		ReadHeaderTimeout: c.callbackTimeout,
		ReadTimeout:       c.callbackTimeout,
		WriteTimeout:      c.callbackTimeout,
		MaxHeaderBytes:    maxCallbackHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	a.server.SetKeepAlivesEnabled(false)
	for _, listener := range listeners {
		// Serve returns once the listener is closed.
		a.serving.Go(func() {
			_ = a.server.Serve(netutil.LimitListener(ownListener{listener, isOwn, &a.strangers}, maxConnections))
		})
	}
	return a, nil
}

// Address returns the address to open in the browser.
func (a *Attempt) Address() string { return a.address }

// Wait waits for the callback. The error is CIS2-TIMEOUT or CIS2-CANCELLED if the context ends
// first, or the Problem of a callback that reports an error.
func (a *Attempt) Wait(ctx context.Context) (Code, error) {
	select {
	case came := <-a.callback:
		if came.failed != nil {
			return Code{}, came.failed
		}
		return Code{came.code, a.verifier, a.redirectURI}, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			// A program that passes the browser's connections on, as some virus scanners do, is another
			// user's.
			return Code{}, tooLate.Because(fmt.Errorf("%w; connections of other users that were refused: %d",
				ctx.Err(), a.strangers.Load()))
		}
		return Code{}, givenUp.Because(ctx.Err())
	}
}

// Close gives the port back. It waits for a page that is on its way to the browser, a few seconds at
// most.
func (a *Attempt) Close() {
	a.accept.Do(func() { a.callback <- callback{failed: givenUp.Because(errors.New("the attempt was closed"))} })
	a.stopListening()
	a.page.Wait() // The server's WriteTimeout bounds it.
	// This ends the connections that a browser has opened ahead of use. Its error is that of a
	// listener which is closed.
	_ = a.server.Close()
	a.serving.Wait()
}

// stopListening closes the listeners. Connections that are open stay so.
func (a *Attempt) stopListening() {
	for _, listener := range a.listeners {
		// The only possible error is that it is closed already.
		_ = listener.Close()
	}
}

// answer answers the browser, and whatever else connects. Only the callback with the right state is
// answered otherwise than a stranger's request, so that nothing can be learned from here: by a site
// whose name was made to point here (DNS rebinding), and which reads the answer, not even whose
// port it is.
func (a *Attempt) answer(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet {
		header.Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if r.Host != a.host && r.Host+":80" != a.host {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	came, ours := callback{}, false
	if r.URL.EscapedPath() == a.path {
		came, ours = readCallback(r.URL.RawQuery, a.state)
	}
	first := false
	if ours {
		a.accept.Do(func() {
			first = true
			a.page.Add(1)
		})
	}
	if !first {
		stalePage.write(w, http.StatusNotFound)
		return
	}
	defer a.page.Done()
	a.stopListening()
	a.callback <- came
	switch {
	case came.failed == nil:
		finishedPage.write(w, http.StatusOK)
	case came.failed.Is(denied):
		deniedPage.write(w, http.StatusOK)
	default:
		failedPage.write(w, http.StatusOK)
	}
}

// readCallback reads the query of a callback. ours reports whether it has the state.
func readCallback(query, state string) (came callback, ours bool) {
	values, err := url.ParseQuery(query)
	if err != nil || len(values["state"]) != 1 ||
		subtle.ConstantTimeCompare([]byte(values["state"][0]), []byte(state)) != 1 {
		return callback{}, false
	}
	codes, failures := values["code"], values["error"]
	switch {
	case len(failures) > 0:
		return callback{failed: callbackProblem(failures[0], values.Get("error_description"))}, true
	case len(codes) != 1 || !transport.IsToken(codes[0], maxCode):
		return callback{failed: withOutcome(badCallback, "").Because(errors.New("the callback has no code, or one that cannot be"))}, true
	}
	return callback{code: secret.New(codes[0])}, true
}

// redirect is a redirect URI.
type redirect struct {
	// text is the URI as it is registered.
	text             string
	host, port, path string
}

func parseRedirect(text string) (redirect, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" || !transport.IsLoopback(parsed.Hostname()) || !isPort(parsed.Port()) ||
		parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || strings.Contains(text, "#") {
		return redirect{}, errors.New("the redirect URI is not an http address of this computer, with a port and a path")
	}
	path := parsed.EscapedPath()
	if path == "" {
		path = "/" // What a browser asks for.
	}
	return redirect{text, parsed.Hostname(), parsed.Port(), path}, nil
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(port, 10) == text
}

// withPort returns the URI's text, with a port in place of 0.
func (r redirect) withPort(port string) string {
	if r.port != "0" {
		return r.text
	}
	before, after, _ := strings.Cut(r.text, "//"+strings.TrimSuffix(net.JoinHostPort(r.host, "0"), "0"))
	return before + "//" + net.JoinHostPort(r.host, port) + strings.TrimPrefix(after, "0")
}

// portTries bounds the search for a port that is free on both loopback addresses.
const portTries = 20

// listen takes the port on all addresses of the host, and returns it.
func (r redirect) listen(ctx context.Context) ([]net.Listener, string, error) {
	for tried := 1; ; tried++ {
		listeners, port, err := r.listenOnce(ctx)
		if err == nil {
			return listeners, port, nil
		}
		if !isInUse(err) {
			return nil, "", cannotListen.With("Port", r.port).Because(err)
		}
		if r.port != "0" || tried == portTries {
			return nil, "", PortInUse.With("Port", r.port).Because(err)
		}
	}
}

func (r redirect) listenOnce(ctx context.Context) ([]net.Listener, string, error) {
	config := net.ListenConfig{Control: exclusively}
	if r.host != "localhost" {
		only, err := config.Listen(ctx, "tcp", net.JoinHostPort(r.host, r.port))
		if err != nil {
			return nil, "", fmt.Errorf("could not listen: %w", err)
		}
		return []net.Listener{only}, portOf(only), nil
	}
	first, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", r.port))
	if err != nil {
		return nil, "", fmt.Errorf("could not listen: %w", err)
	}
	second, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", portOf(first)))
	switch {
	case err == nil:
		return []net.Listener{first, second}, portOf(first), nil
	case isAny(err, noIPv6Errors), errors.As(err, new(*net.AddrError)):
		// There is no such address, and no other program can have it.
		return []net.Listener{first}, portOf(first), nil
	default:
		// This process cannot have it, but another user's may: the browser would go there.
		return nil, "", errors.Join(fmt.Errorf("could not listen: %w", err), first.Close())
	}
}

func portOf(listener net.Listener) string {
	// A listener's address has a port.
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func isInUse(err error) bool { return isAny(err, inUseErrors) }

func isAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}
