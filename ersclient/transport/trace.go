package transport

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

const (
	correlationHeader = "X-Correlation-ID"
	requestHeader     = "X-Request-ID"
	// maxRequestID bounds an X-Request-ID in characters. Those of e-RS have 36.
	maxRequestID = 100
)

// Trace is one attempt of a call, as its operators know it. It holds no secret.
type Trace struct {
	Call Call
	// CorrelationID is the UUID that was sent, RequestID the answer's X-Request-ID, empty if it has
	// none.
	CorrelationID, RequestID string
	// Status is the answer's, 0 without one.
	Status int
	// Took is the time from the request to the end of the answer.
	Took time.Duration
}

// String returns the ids as they stand in details and logs.
func (t Trace) String() string {
	text := correlationHeader + " " + t.CorrelationID
	if t.RequestID != "" {
		text += ", " + requestHeader + " " + t.RequestID
	}
	return text
}

func (t *Trace) answered(response *http.Response, secrets []secret.Text) {
	t.Status = response.StatusCode
	if id := response.Header.Get(requestHeader); id != "" {
		t.RequestID = problem.Clean(mask(id, secrets), maxRequestID)
	}
}

// traceKey is the key of a context's receiver of traces.
type traceKey struct{}

// WithTrace returns a context in which receive gets each attempt of a [Request.Traced], besides
// Config.Trace: it belongs to the call that is made with the context.
func WithTrace(ctx context.Context, receive func(Trace)) context.Context {
	return context.WithValue(ctx, traceKey{}, receive)
}

// traced makes an attempt under a new correlation id. The error's cause names the ids, and
// Config.Trace gets them in any case.
func (c *Client) traced(ctx context.Context, r Request, asked time.Time) error {
	trace := Trace{Call: r.Call, CorrelationID: newUUID()}
	header := http.Header{correlationHeader: {trace.CorrelationID}}
	maps.Copy(header, r.Header)
	r.Header = header
	began := time.Now()
	err := c.attempt(ctx, r, asked, &trace)
	trace.Took = time.Since(began)
	if c.config.Trace != nil {
		c.config.Trace(trace)
	}
	if receive, asked := ctx.Value(traceKey{}).(func(Trace)); asked {
		receive(trace)
	}
	if err == nil {
		return nil
	}
	shown := problem.Of(err)
	return shown.Because(&tracedError{shown.Cause, trace})
}

// tracedError adds the ids of an attempt to its error.
type tracedError struct {
	err   error
	trace Trace
}

func (e *tracedError) Error() string { return fmt.Sprintf("%v (%v)", e.err, e.trace) }
func (e *tracedError) Unwrap() error { return e.err }

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // It never fails.
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
