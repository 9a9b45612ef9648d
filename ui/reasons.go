package ui

import "github.com/ers-login/ers-login/internal/signin"

// reasonWords are what the window says of the end of a session, in English: why it has ended, to a user who
// waits; that it is ending, and what other applications do meanwhile; and the notification. Empty is nothing.
type reasonWords struct{ ended, ending, others, notification string }

// A session that the user ends gets a moment for calls of other applications. Any other ends at once.
const (
	finishing = "Your other e-RS applications are finishing what they are doing."
	gone      = "Your other e-RS applications can no longer use this session."
	seeWhy    = "Your e-RS session has ended. Open e-RS Login to see why."
)

var reasons = map[signin.Reason]reasonWords{
	signin.SignedOut: {"You are signed out of e-RS", "Signing out…", finishing, ""},
	signin.Quitting:  {"", "Signing out…", finishing, ""},
	signin.CardRemoved: {"Your smartcard was removed, so you were signed out", "Your smartcard was removed. Signing out…", gone,
		"Your smartcard was removed, so your e-RS session has ended."},
	signin.TicketChanged: {"You were signed out because a smartcard was used to sign in again",
		"A smartcard was used to sign in again. Signing out…", gone, seeWhy},
	signin.Expired: {"You were signed out because your session reached its time limit",
		"Your session reached its time limit. Signing out…", gone, "Your e-RS session has reached its time limit and has ended."},
	signin.ScreenLocked: {"You were signed out because the screen was locked", "The screen was locked. Signing out…", gone, seeWhy},
	signin.Idle: {"You were signed out because this computer was not used for a while",
		"This computer was not used for a while. Signing out…", gone, "This computer was not used for a while, so your e-RS session has ended."},
	signin.UserSwitched: {"You were signed out because another user started to use this computer",
		"Another user is using this computer. Signing out…", gone, seeWhy},
	signin.RoleSwitched: {"You were signed out before you chose another role", "Switching role…", finishing, ""},
	signin.Renewed:      {"You were signed out because your session could not be extended", "Extending your session…", finishing, ""},
	signin.Cancelled:    {"", "Cancelling…", "", ""},
	signin.RoleGivenUp:  {"", "Going back to your roles…", "", ""},
	signin.Abandoned:    {"The sign-in could not be completed", "Signing out…", "", seeWhy},
}
