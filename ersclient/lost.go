package ersclient

import (
	"errors"
	"net/http"

	"github.com/ers-login/ers-login/internal/problem"
)

// AnswerLost tells whether a failed call may have been carried out by e-RS all the same: the request was sent, at least in
// part, and what came back says nothing about it (a time-out, a cut connection, an answer that cannot be read, a gateway's
// 502, 503 or 504). After such an A002 delete the session (A003) and start again at A001, by itself if StartAgain says so; a
// second A002 would be an error if the first one was carried out.
//
// It is false if e-RS cannot have seen the request, and if e-RS has refused it.
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

// StartAgain tells whether a program should start again at A001 by itself after such an A002, once the session is deleted: it
// is AnswerLost, except behind a gateway's 502, 503 or 504. Whoever sheds load would get three more calls for each that it
// has refused, and fewer people would get in; so the user is asked (requirement IO-06, see TestIO06TheRushOfAMorning).
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

// answerError is the cause when a call succeeded by its status and its answer is of no use.
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

// answerProblem makes the Problem of an answer that is of no use.
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

// The steps that many Problems share.
const (
	stepTryAgain    = "Press **Try again**."
	stepServiceDesk = "If it happens again, give your local service desk the reference below."
	stepAskDesk     = "Give your local service desk the reference below."
)
