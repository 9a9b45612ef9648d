package ersclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxBody bounds an answer in bytes, after decompression. A session with ten thousand permissions
// has about this size.
const maxBody = 1 << 20

// call is one of A001 to A003, with the status of its success. Another 2xx is an error, since the
// documentation does not define what it did. A003's answer has no content, so any 2xx will do: 0.
type call struct {
	name, method string
	success      int
}

var (
	callA001 = call{"A001", http.MethodPost, http.StatusCreated}
	callA002 = call{"A002", http.MethodPut, http.StatusOK}
	callA003 = call{"A003", http.MethodDelete, 0}
	// callReach names the connection of [Client.Reach], which sends no request.
	callReach = call{name: "connection"}
)

// String returns the call's name and method, for the log.
func (c call) String() string { return strings.TrimSpace(c.name + " " + c.method) }

func (c call) succeeded(status int) bool {
	return status == c.success || c.success == 0 && status/100 == 2
}

// request holds the parameters of one call.
type request struct {
	call call
	// key names the session, for A002 and A003.
	key SessionKey
	// body is JSON, nil for A003.
	body []byte
	// token and permission are what the body was made of: the first is masked in errors, the second
	// explains them.
	token      Token
	permission Permission
}

// send waits for the call's turn, makes it once and returns the body of a success.
func (c *Client) send(ctx context.Context, r request) ([]byte, error) {
	asked := c.now()
	if err := c.turn(ctx, r.call, asked); err != nil {
		return nil, err
	}
	c.notices.look(asked)
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent atomic.Bool
	// No http.Client: it would follow redirects, and put the URL, with the session key, into its
	// errors.
	response, err := c.transport.RoundTrip(c.newRequest(limited, r, &sent))
	if err != nil {
		return nil, c.transportProblem(ctx, r.call, sent.Load(), err)
	}
	c.notices.compareClocks(asked, c.now(), response.Header)
	// Close repeats the error of Read, or reports one about bytes that are not needed.
	defer func() { _ = response.Body.Close() }()
	body, bodyErr := readBody(response)
	typeErr := checkContentType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode/100 == 2 && errors.Is(typeErr, errHTML):
		// A server that answers 200 without JSON is not e-RS.
		return nil, answerProblem(r.call, typeErr)
	case !r.call.succeeded(response.StatusCode):
		// The status is enough. A body that broke off holds no outcome.
		return nil, statusProblem(r, newStatusError(r, response, body, c.now()))
	case r.call == callA003:
		// A003's body is empty.
		return nil, nil
	case typeErr != nil:
		return nil, answerProblem(r.call, typeErr)
	case errors.Is(bodyErr, errTooLong):
		return nil, answerProblem(r.call, bodyErr)
	case bodyErr != nil:
		return nil, c.transportProblem(ctx, r.call, sent.Load(), bodyErr)
	}
	return body, nil
}

// newRequest makes the HTTP request of a call. Session keys are opaque, so they are escaped as one
// path segment. sent is set once the headers are written to the connection's buffer: they may not
// have left it yet, which errs on the safe side.
func (c *Client) newRequest(ctx context.Context, r request, sent *atomic.Bool) *http.Request {
	target := *c.target
	header := c.header.Clone()
	if !r.key.IsZero() {
		target.RawPath = c.target.EscapedPath() + "/" + url.PathEscape(r.key.Reveal())
		target.Path += "/" + r.key.Reveal()
		header["HTTP_X_SESSION_KEY"] = []string{r.key.Reveal()}
	}
	made := http.Request{Method: r.call.method, URL: &target, Host: target.Host, Header: header}
	if r.body != nil {
		header["Accept"], header["Content-Type"] = jsonType, jsonType
		made.Body, made.ContentLength = bodyOf(r), int64(len(r.body))
		if r.call != callA002 {
			// GetBody lets the transport repeat a request of which nothing was written. A002 is not
			// repeated even then.
			made.GetBody = func() (io.ReadCloser, error) { return bodyOf(r), nil }
		}
	}
	return made.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
}

var jsonType = []string{"application/json"}

// bodyOf returns the body in a type that net/http knows to be in memory, so that headers and body
// go out in one write.
func bodyOf(r request) io.ReadCloser { return io.NopCloser(bytes.NewReader(r.body)) }

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxBody)

// readBody reads a body to its end or to maxBody. Only a connection whose body was read to the end
// is used again.
func readBody(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	// The announced length, -1 if unknown, is only a hint that saves growing.
	body.Grow(int(min(max(response.ContentLength, 0), maxBody)) + bytes.MinRead)
	if _, err := body.ReadFrom(io.LimitReader(response.Body, maxBody+1)); err != nil {
		return nil, err
	}
	if body.Len() > maxBody {
		return nil, errTooLong
	}
	return body.Bytes(), nil
}

var errHTML = errors.New("the answer is an HTML page")

// checkContentType accepts application/json and +json types, with or without parameters.
func checkContentType(contentType string) error {
	if contentType == "application/json" {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil && contentType != "":
		return errors.New("the answer's Content-Type is malformed")
	case mediaType == "text/html" || mediaType == "application/xhtml+xml":
		return errHTML
	case mediaType == "application/json",
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json"):
		return nil
	}
	return fmt.Errorf("the answer is %q instead of JSON", problem.Clean(mediaType, 100))
}

// secretForms matches session keys and tickets in the forms known so far.
var secretForms = regexp.MustCompile(`(?i)pro-xapi-session_[0-9a-z-]*|AQIC[^\s"']*`)

// mask replaces secrets in text from outside: the call's own in any form, others by secretForms.
func (r request) mask(text string) string {
	for _, hidden := range []secret.Text{r.key.Text, r.token.Text} {
		if !hidden.IsZero() {
			text = strings.ReplaceAll(text, hidden.Reveal(), secret.Mask)
		}
	}
	return secretForms.ReplaceAllString(text, secret.Mask)
}
