package ersclient

import (
	"errors"
	"net/http"

	"github.com/ers-login/ers-login/internal/problem"
)

// AnswerLost reports whether e-RS may have carried out a failed call: the request was sent, at
// least in part, and the answer leaves it open (a time-out, a cut connection, an unreadable answer,
// a gateway's 502, 503 or 504). It is false if e-RS refused the request or cannot have seen it.
// After such an A002 delete the session and start again at A001: a second A002 would be an error.
func AnswerLost(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return isGateway(status.Status) || status.Status/100 == 2
	}
	var answer *answerError
	if errors.As(err, &answer) {
		return true
	}
	var transport *transportError
	return errors.As(err, &transport) && transport.sent
}

// StartAgain reports whether a program should start again at A001 by itself after such an A002,
// once the session is deleted: as AnswerLost, but not after a gateway's 502, 503 or 504. A service
// that sheds load would get three more calls for each it refused, and fewer people would get in; so
// the user is asked (IO-06, see TestIO06TheRushOfAMorning).
func StartAgain(err error) bool {
	var status *StatusError
	if errors.As(err, &status) && isGateway(status.Status) {
		return false
	}
	return AnswerLost(err)
}

func isGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// answerError is the cause if a call succeeded by its status and its answer is unusable.
type answerError struct {
	call call
	err  error
}

func (e *answerError) Error() string { return e.call.String() + ": " + e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

// Is reports whether the answer came from e-RS: see [ErrAnswered].
func (e *answerError) Is(target error) bool {
	return target == ErrAnswered && !errors.Is(e.err, errHTML)
}

// answerProblem makes the Problem of an unusable answer.
func answerProblem(call call, err error) *Problem {
	cause := &answerError{call, err}
	if errors.Is(err, errHTML) {
		return notERS.With("Call", call.name).Because(cause)
	}
	made := *unusableAnswer
	made.Code = "ERS-" + call.name + "-ANSWER"
	return made.With("Call", call.name).Because(cause)
}

var (
	unusableAnswer = &problem.Problem{
		Title: "The answer from e-RS could not be used",
		Happened: "e-RS accepted the request, but something in its answer is missing, damaged or not what was asked for " +
			"({{.Call}}).",
		Steps: []string{stepTryAgain, stepServiceDesk},
		Retry: true,
	}
	notERS = &problem.Problem{
		Code:  "NET-HTML",
		Title: "Something else answered in place of e-RS",
		Happened: "A web page came back where e-RS should have answered ({{.Call}}). A proxy or a sign-in page of the network " +
			"may be in between.",
		Steps: []string{
			"If this network asks you to sign in or to accept terms, do that in your web browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		Retry: true,
	}
)

// Steps that many Problems share.
const (
	stepTryAgain    = "Press **Try again**."
	stepServiceDesk = "If it happens again, give your local service desk the reference below."
	stepAskDesk     = "Give your local service desk the reference below."
)
