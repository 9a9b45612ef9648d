package ersclient

import "errors"

// What programs decide by, with errors.Is. A Problem's code is for people.
var (
	// ErrProofRefused: e-RS does not accept the proof of who the user is, such as a smartcard's ticket. The same one will be
	// refused again.
	ErrProofRefused = errors.New("e-RS does not accept the proof of who the user is")
	// ErrSessionGone: e-RS has no such session, so that there is nothing left to close.
	ErrSessionGone = errors.New("e-RS has no such session")
	// ErrAnswered: e-RS, or a gateway of its own, has answered, if not what was asked for: the way to it is open.
	ErrAnswered = errors.New("e-RS has answered")
	// ErrAnswerLost: e-RS may have carried out the call all the same. The request was sent, at least in part, and what came back
	// says nothing about it: a time-out, a cut connection, an answer that cannot be read, a gateway's 502, 503 or 504.
	// It is not the error of a call that e-RS cannot have seen, or has refused.
	ErrAnswerLost = errors.New("the answer of e-RS was lost")
	// ErrStartAgain: ErrAnswerLost, and a program should start again by itself. It is not the error of a gateway's 502, 503 or 504:
	// what sheds load would get more calls for each that it has refused, so that the user is asked (requirement IO-06).
	ErrStartAgain = errors.New("the answer of e-RS was lost, and the sign-in can start again")
	// ErrRefreshRefused: e-RS, or what signs in to it, does not renew the session any more. The user
	// has to sign in again.
	ErrRefreshRefused = errors.New("the session cannot be refreshed")
)
