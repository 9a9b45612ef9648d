package signin

import (
	"errors"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
)

// notCleared is the Problem of an entry that could not be removed from the keyring. The keyring's
// own Problem explains why, in words for a user who signs in; this one is for a user who leaves.
func notCleared(err error, closed bool) *problem.Problem {
	why := problem.Of(err)
	made := *why
	made.Title = "Your session is still stored on this computer"
	made.Happened = problem.Sentences("You are signing out of e-RS, but your session could not be removed from this computer.", why.Happened)
	if closed {
		made.Title = "You are signed out, but your session is still stored on this computer"
		made.Happened = problem.Sentences("The session is closed at e-RS, so no one can use it. It could not be removed from "+
			"this computer, so other applications may show you as signed in.", why.Happened)
	}
	made.Retry = true
	return &made
}

// notClosed is the Problem of a session that the user has left, and that e-RS did not confirm to be
// closed (A003-03). What e-RS has answered is worded for a sign-in; words are the platform's for a
// user who leaves.
func notClosed(err error, words *problem.Problem) *problem.Problem {
	why := problem.Of(err)
	made := *why
	made.Title, made.Happened, made.Steps, made.Button = words.Title, words.Happened, words.Steps, words.Button
	made.Retry = true
	return &made
}

// notUsable is the notice that the keyring cannot be used, to a user who has not signed in yet. It is
// nil if it can. One that is locked is unlocked during the sign-in.
func notUsable(err error) *problem.Problem {
	if err == nil {
		return nil
	}
	made := *problem.Of(err)
	if errors.Is(err, handoff.ErrLocked) && !errors.Is(err, handoff.ErrItemLocked) {
		made.Happened = "You can still sign in."
		made.Steps = []string{
			"Your computer asks for the password of its secure storage after you choose a role. It is usually the password that you use to " +
				"sign in to this computer.",
			"If you are not asked, or the password is not accepted, contact your local service desk and quote the reference below.",
		}
	}
	return &made
}

// notReadable is the notice that other applications cannot read the session of a signed-in user,
// and why. It is nil if they can.
func notReadable(err error) *problem.Problem {
	if err == nil {
		return nil
	}
	why := problem.Of(err)
	made := *why
	made.Title = "Other applications cannot use your e-RS session"
	return &made
}

// otherEntry is found where another program writes what only this program may write.
var otherEntry = &problem.Problem{
	Code:     "KEYRING-OTHER",
	Title:    "Another program has replaced your e-RS session",
	Happened: "e-RS Login did not store the session that other applications now find on this computer.",
	Steps: []string{
		"If you have e-RS Login open somewhere else, such as on another computer, sign out there.",
		"Press **Sign out** here, then sign in again.",
		"If it happens again, contact your local service desk and quote the reference below.",
	},
	ServiceDesk: []string{"Find the program that changes the entries of the service ers-login: other programs may only read them."},
}

// entryGone is found where another program removes what only this one may remove.
var entryGone = &problem.Problem{
	Code:  "KEYRING-REMOVED",
	Title: "Another program has signed your applications out of e-RS",
	Happened: "Another program removed your session from this computer, and may have closed it " +
		"at e-RS. Your other e-RS applications are signed out.",
	Steps: []string{
		"To keep working in e-RS, press **Switch role** and choose your role again.",
		"To stop using e-RS, press **Sign out**.",
		"If it happens again, contact your local service desk and quote the reference below.",
	},
	ServiceDesk: []string{"Find the program that changes the entries of the service ers-login: other programs may only read them."},
}
