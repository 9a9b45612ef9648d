package helper

import "github.com/ers-login/ers-login/internal/problem"

// Upgraded is the Problem for [ErrOtherVersion] of any helper.
var Upgraded = &problem.Problem{
	Code:  "PROGRAM-UPGRADED",
	Title: "e-RS Login was updated while it was open",
	Happened: "A new version was installed while the old one was open. Close e-RS Login and open " +
		"it again to use it.",
	Steps: []string{
		"Close e-RS Login: choose **Quit** from the menu of its icon next to the clock, or " +
			"close its window. Then start it again.",
		"Sign in again if you were signed in.",
		"If it happens again, contact your local service desk and quote the reference below.",
	},
	ServiceDesk: []string{
		"The program and its helper, in the same folder, have different versions. Install " +
			"both again.",
	},
}
