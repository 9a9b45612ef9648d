package transport

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient"
)

// maxRetryAfter bounds what a server can ask for with Retry-After.
const maxRetryAfter = time.Hour

// StatusError is the cause of a Problem when e-RS, or a gateway before it, answered a call with a status that is not its
// success.
type StatusError struct {
	// Call is the call's name, such as A001, and Method its HTTP method.
	Call, Method string
	// Status is the HTTP status.
	Status int
	// RetryAfter is how long the server asked to wait, an hour at most; 0 if it did not ask.
	RetryAfter time.Duration
	// Outcome is what e-RS says about it.
	Outcome Outcome
	// Meaning is what the status means to this call, such as ErrProofRefused; nil where it means nothing in particular.
	Meaning error
}

// Is reports whether the status means one of the typed errors.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ersclient.ErrAnswered:
		// A redirection and 407 are a portal's and a proxy's.
		return e.Status/100 != 3 && e.Status != http.StatusProxyAuthRequired
	case ersclient.ErrAnswerLost:
		return isGateway(e.Status) || e.Status/100 == 2
	case ersclient.ErrStartAgain:
		return e.Status/100 == 2
	}
	return false
}

// Unwrap returns the Meaning.
func (e *StatusError) Unwrap() error { return e.Meaning }

// Error returns call and status, and what e-RS says, in one line.
func (e *StatusError) Error() string {
	line := fmt.Sprintf("%s %s: e-RS answered %s", e.Call, e.Method, e.Answer())
	if text := e.Outcome.Text(); text != "" {
		line += ": " + text
	}
	return line
}

// Answer returns the status as it is written, such as 403 Forbidden.
func (e *StatusError) Answer() string { return statusText(e.Status) }

func newStatusError(r Request, response *http.Response, body []byte, now time.Time) *StatusError {
	return &StatusError{
		Call:       r.Call.Name,
		Method:     r.Call.Method,
		Status:     response.StatusCode,
		RetryAfter: retryAfter(response.Header, now),
		Outcome:    decodeOutcome(body, r.Secrets),
	}
}

// retryAfter reads the header of that name: seconds, or an HTTP date. A date is taken relative to the answer's own, so that
// a wrong clock on this computer does no harm.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return bounded(time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second)
	}
	due, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return bounded(due.Sub(now))
}

func bounded(wait time.Duration) time.Duration { return min(max(wait, 0), maxRetryAfter) }

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
