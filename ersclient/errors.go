package ersclient

import "errors"

// Programs decide by these, with errors.Is; the Problem's code is for people.
var (
	// ErrProofRefused: e-RS does not accept the proof of the user's identity, such as a smartcard's
	// ticket. The same proof will be refused again.
	ErrProofRefused = errors.New("e-RS does not accept the proof of who the user is")
	// ErrSessionGone: e-RS has no such session: there is nothing left to close.
	ErrSessionGone = errors.New("e-RS has no such session")
	// ErrAnswered: e-RS or its gateway answered, if with an error: the way to it is open.
	ErrAnswered = errors.New("e-RS has answered")
	// ErrUnavailable: e-RS or its gateway answered that it does not work (500 to 599).
	ErrUnavailable = errors.New("e-RS is not available")
	// ErrAnswerLost: e-RS may have carried out a failed call: the request was sent, at least in part,
	// and the answer leaves it open (a time-out, a cut connection, an unreadable answer, a gateway's
	// 502, 503 or 504). It is not the error of a call that e-RS refused or cannot have seen.
	ErrAnswerLost = errors.New("the answer of e-RS was lost")
	// ErrStartAgain: as ErrAnswerLost, and a program should start again by itself, once the session is
	// deleted; but not after a gateway's 502, 503 or 504. A service that sheds load would get more
	// calls for each it refused, and fewer people would get in; so the user is asked (IO-06, see
	// TestIO06TheRushOfAMorning).
	ErrStartAgain = errors.New("the answer of e-RS was lost, and the sign-in can start again")
	// ErrRefreshRefused: e-RS, or the service that signs in to it, no longer renews the session. The
	// user has to sign in again.
	ErrRefreshRefused = errors.New("the session cannot be refreshed")
)
