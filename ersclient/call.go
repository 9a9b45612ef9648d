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

// maxBody bounds an answer, after decompression. A session with ten thousand permissions has about this size.
const maxBody = 1 << 20

// call is one of the three calls, as the documentation numbers them, with the status of its success. Any other 2xx is not
// what was agreed on, and nothing can be said of what it did. A003 has no answer that could be missing: there, 0 stands for
// any 2xx.
type call struct {
	name, method string
	success      int
}

var (
	callA001 = call{"A001", http.MethodPost, http.StatusCreated}
	callA002 = call{"A002", http.MethodPut, http.StatusOK}
	callA003 = call{"A003", http.MethodDelete, 0}
	// callReach is none, and asks nothing.
	callReach = call{name: "connection"}
)

// String names the call, for the log.
func (c call) String() string { return strings.TrimSpace(c.name + " " + c.method) }

func (c call) succeeded(status int) bool {
	return status == c.success || c.success == 0 && status/100 == 2
}

// request is a call about to be made.
type request struct {
	call call
	// key names the session, for A002 and A003.
	key SessionKey
	// body is JSON, nil for A003.
	body []byte
	// ticket and permission are what the body was made of: the one to be kept out of errors, the other to explain them.
	ticket     Ticket
	permission Permission
}

// send makes a call once, when it is its turn, and returns the body of its success.
func (c *Client) send(ctx context.Context, r request) ([]byte, error) {
	asked := c.now()
	if err := c.turn(ctx, r.call, asked); err != nil {
		return nil, err
	}
	c.notices.look(asked)
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var sent atomic.Bool
	// The transport is used without an http.Client around it, which would follow redirects, and would put the URL into its
	// errors, session key included.
	response, err := c.transport.RoundTrip(c.newRequest(limited, r, &sent))
	if err != nil {
		return nil, c.transportProblem(ctx, r.call, sent.Load(), err)
	}
	c.notices.compareClocks(asked, c.now(), response.Header)
	// Close can only repeat what Read has said, or would have said about bytes that nobody wants.
	defer func() { _ = response.Body.Close() }()
	body, bodyErr := readBody(response)
	typeErr := checkContentType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode/100 == 2 && errors.Is(typeErr, errHTML):
		// Whatever it is that answers 200 to everything, it is not e-RS.
		return nil, answerProblem(r.call, typeErr)
	case !r.call.succeeded(response.StatusCode):
		// The status says enough. If the body broke off, there is no outcome in it.
		return nil, statusProblem(r, newStatusError(r, response, body, c.now()))
	case r.call == callA003:
		// There is nothing in its body that could be missed.
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

// newRequest makes the request of a call. Session keys are opaque, so they are escaped as one step of the path. Sent is set
// once the headers are complete: before that nobody can have acted on them. They may still be in a buffer then, which errs
// on the safe side.
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
			// With it, the transport sends a request again if it is certain that nothing of it was written. For A002 not even that
			// is left to others.
			made.GetBody = func() (io.ReadCloser, error) { return bodyOf(r), nil }
		}
	}
	return made.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
}

var jsonType = []string{"application/json"}

// bodyOf returns a body of the kind that the transport knows to be in memory: it sends headers and body of others apart.
func bodyOf(r request) io.ReadCloser { return io.NopCloser(bytes.NewReader(r.body)) }

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxBody)

// readBody reads a bounded body. It reads to the end where that is within the bound, so that the connection can be used
// again.
func readBody(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	// The announced length, which is -1 if unknown, saves growing. It is not believed.
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

// checkContentType accepts JSON, with parameters and as a +json type.
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

// secretForms are what session keys and tickets have looked like so far.
var secretForms = regexp.MustCompile(`(?i)pro-xapi-session_[0-9a-z-]*|AQIC[^\s"']*`)

// mask takes secrets out of a text from outside: the call's own whatever they look like, and others by their form.
func (r request) mask(text string) string {
	for _, hidden := range []secret.Text{r.key.Text, r.ticket.Text} {
		if !hidden.IsZero() {
			text = strings.ReplaceAll(text, hidden.Reveal(), secret.Mask)
		}
	}
	return secretForms.ReplaceAllString(text, secret.Mask)
}
