package helper

import "github.com/ers-login/ers-login/internal/problem"

// Upgraded is the Problem for [ErrOtherVersion] of any helper.
var Upgraded = &problem.Problem{
	Code:  "PROGRAM-UPGRADED",
	Title: "e-RS Login was updated while it was open",
	Happened: "Another version was installed on this computer in the meantime. Its parts do not work together with the window, which is " +
		"still the version from before.",
	Steps: []string{
		"Close e-RS Login and start it again: choose **Quit** from the menu of its icon beside the clock, or close its window.",
		"Sign in again if you were signed in.",
		"If it says the same again, give your local service desk the reference below: the program and its helper, in one folder, are of " +
			"different versions, and have to be installed anew.",
	},
}
