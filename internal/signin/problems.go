package signin

import "github.com/ers-login/ers-login/internal/problem"

// notCleared is the Problem of an entry that could not be removed from the keyring. The keyring's
// own Problem explains why, in words for a user who signs in; this one is for a user who leaves.
func notCleared(err error, closed bool) *problem.Problem {
	why := problem.Of(err)
	made := *why
	made.Title = "Your session is still in the keyring"
	made.Happened = problem.Sentences("You are leaving e-RS, but the entry that other applications read could not be removed.", why.Happened)
	if closed {
		made.Title = "You are signed out, but the keyring could not be cleared"
		made.Happened = problem.Sentences("The session was closed at e-RS, so nobody can use it. The entry that other applications read could "+
			"not be removed, so they may take you for signed in.", why.Happened)
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
	made.Title, made.Happened, made.Steps = words.Title, words.Happened, words.Steps
	made.Retry = true
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
	made.Title = "Other applications cannot read your e-RS session"
	return &made
}

// otherEntry is found where somebody else writes what only this program may write.
var otherEntry = &problem.Problem{
	Code:     "KEYRING-OTHER",
	Title:    "Another program has replaced your e-RS session",
	Happened: "The keyring has a session in it that this window has not put there.",
	Steps: []string{
		"If e-RS Login is open somewhere else for you, such as on another computer with the same keyring, sign out there.",
		"Press **Sign out** here, and sign in again.",
		"If it happens again, give your local service desk the reference below.",
	},
}

// entryGone is found where another program removes what only this one may remove.
var entryGone = &problem.Problem{
	Code:  "KEYRING-REMOVED",
	Title: "Your e-RS session was removed from the keyring",
	Happened: "Other applications are signed out. Another program has removed the entry that they read, and may have closed your session " +
		"at e-RS.",
	Steps: []string{
		"To go on in e-RS, press **Switch role** and choose your role again. That makes a new session.",
		"If you want to leave e-RS, press **Sign out**.",
		"If it happens again, give your local service desk the reference below.",
	},
}
