package transport

import (
	"errors"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

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

// Unusable makes the Problem of an unusable answer.
func Unusable(call Call, err error) *problem.Problem {
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
