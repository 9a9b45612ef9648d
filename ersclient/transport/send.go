package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxBody bounds an answer in bytes, after decompression. A session with ten thousand permissions
// has about this size.
const maxBody = 1 << 20

// Call is one of the calls of e-RS, numbered as in its documentation.
type Call struct {
	// Name is its number, such as A001, and Method its HTTP method.
	Name, Method string
	// Success is the status of its success. Another 2xx is an error, since the documentation does not
	// define what it did. 0 means any 2xx, for a call whose answer has no content.
	Success int
	// Safe: the call changes nothing at e-RS, so it may be repeated though e-RS has seen it.
	Safe bool
	// Once: the call is never repeated, neither here nor by the HTTP transport, since a second one
	// would be an error if the first was carried out.
	Once bool
	// Ends: the call closes a session. It has a rate limit of its own, so that other calls do not
	// delay it, and is repeated once, and only if e-RS cannot have seen it.
	Ends bool
	// Unusable is the Problem of an unusable answer; nil means that of the documented calls of e-RS,
	// ERS-{Name}-ANSWER.
	Unusable *problem.Problem
}

// callReach names the connection of [Client.Reach], which sends no request, and callExamine the
// request of [Client.Examine], which is none of the documented calls.
var (
	callReach   = Call{Name: "connection"}
	callExamine = Call{Name: "check", Method: http.MethodHead}
)

// String returns the call's name and method, for the log.
func (c Call) String() string { return strings.TrimSpace(c.Name + " " + c.Method) }

func (c Call) succeeded(status int) bool {
	return status == c.Success || c.Success == 0 && status/100 == 2
}

// Request holds the parameters of one call.
type Request struct {
	Call Call
	// Step is appended to the path, escaped as one path segment; empty means none.
	Step string
	// Query is the encoded query; empty means none.
	Query string
	// Traced sends a UUID as X-Correlation-ID, another with each attempt: see [Trace].
	Traced bool
	// Header is sent unchanged, including the case of its names.
	Header http.Header
	// Body is nil, or JSON unless Header has another Content-Type.
	Body []byte
	// Secrets are masked in errors.
	Secrets []secret.Text
	// Read decodes the body of a success; it is not called for a call whose answer has no content. Its
	// error makes the answer unusable, and must not quote it.
	Read func(body []byte) error
	// Decode reads the body of an error; clean makes a text from it fit for a log. nil means an
	// OperationOutcome.
	Decode func(body []byte, clean func(string) string) Outcome
	// Refused makes the error of a status other than the call's success.
	Refused func(*StatusError) error
}

// Send makes a call in its turn, and repeats it where that is safe. The error is a *problem.Problem
// or that of Request.Refused.
func (c *Client) Send(ctx context.Context, r Request) error {
	return c.config.Pace.retry.do(ctx, r.Call, func(ctx context.Context) error { return c.try(ctx, r) })
}

// try waits for the call's turn and makes it once.
func (c *Client) try(ctx context.Context, r Request) error {
	asked := c.now()
	if err := c.turn(ctx, r.Call, asked); err != nil {
		return err
	}
	if r.Traced {
		return c.traced(ctx, r, asked)
	}
	return c.attempt(ctx, r, asked, &Trace{})
}

// attempt makes a call that has had its turn since asked. It fills in what the answer adds to the
// trace.
func (c *Client) attempt(ctx context.Context, r Request, asked time.Time, trace *Trace) error {
	c.notices.look(asked)
	limited, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	var sent atomic.Bool
	// No http.Client: it would follow redirects, and put the URL, with the session key, into its
	// errors.
	response, err := c.transport.RoundTrip(c.newRequest(limited, r, &sent))
	if err != nil {
		return c.transportProblem(ctx, r.Call, sent.Load(), err)
	}
	c.notices.compareClocks(asked, c.now(), response.Header)
	trace.answered(response, r.Secrets)
	// Close repeats the error of Read, or reports one about bytes that are not needed.
	defer func() { _ = response.Body.Close() }()
	body, bodyErr := readBody(response)
	typeErr := checkContentType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode/100 == 2 && errors.Is(typeErr, errHTML):
		// A server that answers 200 without JSON is not e-RS.
		return unusable(r.Call, typeErr)
	case !r.Call.succeeded(response.StatusCode):
		// The status is enough. A body that broke off holds no outcome.
		return r.Refused(newStatusError(r, response, body, c.now()))
	case r.Call.Success == 0:
		return nil // the body is empty
	case typeErr != nil:
		return unusable(r.Call, typeErr)
	case errors.Is(bodyErr, errTooLong):
		return unusable(r.Call, bodyErr)
	case bodyErr != nil:
		return c.transportProblem(ctx, r.Call, sent.Load(), bodyErr)
	}
	if err := r.Read(body); err != nil {
		return unusable(r.Call, err)
	}
	return nil
}

// newRequest makes the HTTP request of a call. sent is set once the headers are written to the
// connection's buffer: they may not have left it yet, which errs on the safe side.
func (c *Client) newRequest(ctx context.Context, r Request, sent *atomic.Bool) *http.Request {
	target := *c.target
	target.RawQuery = r.Query
	header := http.Header{"User-Agent": {c.config.UserAgent}}
	maps.Copy(header, r.Header)
	if r.Step != "" {
		// The path of a base URL without one is a slash.
		target.RawPath = strings.TrimSuffix(c.target.EscapedPath(), "/") + "/" + url.PathEscape(r.Step)
		target.Path = strings.TrimSuffix(target.Path, "/") + "/" + r.Step
	}
	made := http.Request{Method: r.Call.Method, URL: &target, Host: target.Host, Header: header}
	if r.Body != nil {
		for _, name := range []string{"Accept", "Content-Type"} {
			if header[name] == nil {
				header[name] = jsonType
			}
		}
		made.Body, made.ContentLength = bodyOf(r), int64(len(r.Body))
		if !r.Call.Once {
			// GetBody lets the transport repeat a request of which nothing was written.
			made.GetBody = func() (io.ReadCloser, error) { return bodyOf(r), nil }
		}
	}
	return made.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
}

var jsonType = []string{"application/json"}

// bodyOf returns the body in a type that net/http knows to be in memory, so that headers and body
// go out in one write.
func bodyOf(r Request) io.ReadCloser { return io.NopCloser(bytes.NewReader(r.Body)) }

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
func mask(text string, secrets []secret.Text) string {
	for _, hidden := range secrets {
		if !hidden.IsZero() {
			text = strings.ReplaceAll(text, hidden.Reveal(), secret.Mask)
		}
	}
	return secretForms.ReplaceAllString(text, secret.Mask)
}
