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

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// maxBody bounds an answer, after decompression. A session with ten thousand permissions has about this size.
const maxBody = 1 << 20

// Call is one of e-RS's calls, as its documentation numbers them.
type Call struct {
	// Name is its number, such as A001, and Method its HTTP method.
	Name, Method string
	// Success is the status of its success. Any other 2xx is not what was agreed on, and nothing can be said of what it did. 0 stands
	// for any 2xx: the call has no answer that could be missing.
	Success int
	// Once has it never sent again, neither here nor by the HTTP transport: a second one would be an error if the first one was
	// carried out.
	Once bool
	// Ends marks the call that closes a session. It has turns of its own, so that no crowd of other calls keeps it from being sent, and
	// is sent again, once, only if e-RS cannot have seen it.
	Ends bool
}

// What is none of the calls, and wants nothing.
var (
	callReach = Call{Name: "connection"}
	callAsk   = Call{Name: "check", Method: http.MethodHead}
)

// String names the call, for the log.
func (c Call) String() string { return strings.TrimSpace(c.Name + " " + c.Method) }

func (c Call) succeeded(status int) bool {
	return status == c.Success || c.Success == 0 && status/100 == 2
}

// Request is a call about to be made.
type Request struct {
	Call Call
	// Step is opaque, and is escaped as one more step of the path. It may be empty.
	Step string
	// Header is sent as it stands, names included.
	Header http.Header
	// Body is JSON, or nil.
	Body []byte
	// Secrets are kept out of errors.
	Secrets []secret.Text
	// Refused makes the error of a status that is not the call's success.
	Refused func(*StatusError) error
}

// Send makes a call when it is its turn, and again where that is safe. It returns the body of the success, which is nil for a call
// without an answer that could be missing. The error is a *problem.Problem, or what Request.Refused has made.
func (c *Client) Send(ctx context.Context, r Request) ([]byte, error) {
	var answer []byte
	err := c.pace.retry.do(ctx, r.Call, func(ctx context.Context) error {
		var err error
		answer, err = c.try(ctx, r)
		return err
	})
	return answer, err
}

// try makes a call once.
func (c *Client) try(ctx context.Context, r Request) ([]byte, error) {
	asked := c.now()
	if err := c.turn(ctx, r.Call, asked); err != nil {
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
		return nil, c.transportProblem(ctx, r.Call, sent.Load(), err)
	}
	c.notices.compareClocks(asked, c.now(), response.Header)
	// Close can only repeat what Read has said, or would have said about bytes that nobody wants.
	defer func() { _ = response.Body.Close() }()
	body, bodyErr := readBody(response)
	typeErr := checkContentType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode/100 == 2 && errors.Is(typeErr, errHTML):
		// Whatever it is that answers 200 to everything, it is not e-RS.
		return nil, Unusable(r.Call, typeErr)
	case !r.Call.succeeded(response.StatusCode):
		// The status says enough. If the body broke off, there is no outcome in it.
		return nil, r.Refused(newStatusError(r, response, body, c.now()))
	case r.Call.Success == 0:
		// There is nothing in its body that could be missed.
		return nil, nil
	case typeErr != nil:
		return nil, Unusable(r.Call, typeErr)
	case errors.Is(bodyErr, errTooLong):
		return nil, Unusable(r.Call, bodyErr)
	case bodyErr != nil:
		return nil, c.transportProblem(ctx, r.Call, sent.Load(), bodyErr)
	}
	return body, nil
}

// newRequest makes the request of a call. Sent is set once the headers are complete: before that nobody can have acted on them. They
// may still be in a buffer then, which errs on the safe side.
func (c *Client) newRequest(ctx context.Context, r Request, sent *atomic.Bool) *http.Request {
	target := *c.target
	header := http.Header{"User-Agent": c.userAgent}
	maps.Copy(header, r.Header)
	if r.Step != "" {
		target.RawPath = c.target.EscapedPath() + "/" + url.PathEscape(r.Step)
		target.Path += "/" + r.Step
	}
	made := http.Request{Method: r.Call.Method, URL: &target, Host: target.Host, Header: header}
	if r.Body != nil {
		header["Accept"], header["Content-Type"] = jsonType, jsonType
		made.Body, made.ContentLength = bodyOf(r), int64(len(r.Body))
		if !r.Call.Once {
			// With it, the transport sends a request again if it is certain that nothing of it was written.
			made.GetBody = func() (io.ReadCloser, error) { return bodyOf(r), nil }
		}
	}
	return made.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
}

var jsonType = []string{"application/json"}

// bodyOf returns a body of the kind that the transport knows to be in memory: it sends headers and body of others apart.
func bodyOf(r Request) io.ReadCloser { return io.NopCloser(bytes.NewReader(r.Body)) }

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
func mask(text string, secrets []secret.Text) string {
	for _, hidden := range secrets {
		if !hidden.IsZero() {
			text = strings.ReplaceAll(text, hidden.Reveal(), secret.Mask)
		}
	}
	return secretForms.ReplaceAllString(text, secret.Mask)
}
