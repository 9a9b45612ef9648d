package transport

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// maxRetryAfter bounds the Retry-After that is taken from a server.
const maxRetryAfter = time.Hour

// StatusError is the cause if e-RS, or a gateway before it, answered a call with a status other
// than success. Call and status make the Problem's code, such as ERS-A001-403.
type StatusError struct {
	// Call is the call's name, such as A001, and Method its HTTP method.
	Call, Method string
	// Status is the HTTP status.
	Status int
	// RetryAfter is the pause that the server asked for, an hour at most; 0 if none.
	RetryAfter time.Duration
	// Outcome is e-RS's description of the fault.
	Outcome Outcome
	// Meaning is the call's error for the status, such as ersclient.ErrProofRefused; nil if none.
	Meaning error
}

// Is reports whether the status means one of the errors of package ersclient.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ersclient.ErrAnswered:
		// Redirections come from captive portals, and 407 from proxies.
		return e.Status/100 != 3 && e.Status != http.StatusProxyAuthRequired
	case ersclient.ErrUnavailable:
		return e.Status/100 == 5
	case ersclient.ErrAnswerLost:
		return isGateway(e.Status) || e.Status/100 == 2
	case ersclient.ErrStartAgain:
		return e.Status/100 == 2
	}
	return false
}

// Unwrap returns the Meaning.
func (e *StatusError) Unwrap() error { return e.Meaning }

// Error returns call, status and e-RS's description, in one line.
func (e *StatusError) Error() string {
	line := fmt.Sprintf("%s %s: answered %s", e.Call, e.Method, e.Answer())
	if text := e.Outcome.Text(); text != "" {
		line += ": " + text
	}
	return line
}

// Answer returns the status with its text, such as 403 Forbidden.
func (e *StatusError) Answer() string { return statusText(e.Status) }

func newStatusError(r Request, response *http.Response, body []byte, now time.Time) *StatusError {
	outcome := decodeOutcome(body, r.Secrets)
	if r.Decode != nil {
		outcome = r.Decode(body, cleanWithout(r.Secrets))
	}
	return &StatusError{
		Call:       r.Call.Name,
		Method:     r.Call.Method,
		Status:     response.StatusCode,
		RetryAfter: retryAfter(response.Header, now),
		Outcome:    outcome,
	}
}

// retryAfter reads the Retry-After header: seconds, or an HTTP date, taken relative to the answer's
// Date so that a wrong clock on this computer does not matter.
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

func isGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// answerError is the cause if a call succeeded by its status and its answer is unusable.
type answerError struct {
	call Call
	err  error
}

func (e *answerError) Error() string { return e.call.String() + ": " + e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

// Is reports whether the error is one of package ersclient's: e-RS may have carried out the call,
// and has answered unless the answer is a web page.
func (e *answerError) Is(target error) bool {
	return target == ersclient.ErrAnswerLost || target == ersclient.ErrStartAgain || target == ersclient.ErrAnswered && !errors.Is(e.err, errHTML)
}

// unusable makes the Problem of an unusable answer.
func unusable(call Call, err error) *problem.Problem {
	cause := &answerError{call, err}
	if errors.Is(err, errHTML) {
		return NotERS.With("Call", call.Name).Because(cause)
	}
	if call.Unusable != nil {
		return call.Unusable.Because(cause)
	}
	made := *unusableAnswer
	made.Code = "ERS-" + call.Name + "-ANSWER"
	return made.With("Call", call.Name).Because(cause)
}
