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

var (
	unusableAnswer = &problem.Problem{
		Title:     "The answer from e-RS could not be used",
		Happened:  "Something in the answer from e-RS is missing or damaged.",
		Technical: technicalCall,
		Steps:     []string{stepTryAgain, stepServiceDesk},
		Retry:     true,
	}
	// NotERS is the Problem of a web page in place of e-RS's answer.
	NotERS = &problem.Problem{
		Code:  "NET-HTML",
		Title: "Your network blocked the connection to e-RS",
		Happened: "Your network sent a web page instead of e-RS. You may need to sign in to the " +
			"network or Wi-Fi.",
		Technical: technicalCall,
		Steps: []string{
			"If your network or Wi-Fi asks you to sign in or accept terms, do that in your web " +
				"browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		Retry: true,
	}
)

// What a service desk asks for first: the call of an answer that is not that of e-RS, and why a
// connection was cut.
const (
	technicalCall  = "Call to e-RS: {{.Call}}"
	technicalAlert = "Reason: {{.Alert}}"
)

// Steps that many Problems share.
const (
	stepTryAgain    = "Press **Try again**."
	stepServiceDesk = "If it happens again, contact your local service desk and quote the reference below."
	stepAskDesk     = "Contact your local service desk and quote the reference below."
)
