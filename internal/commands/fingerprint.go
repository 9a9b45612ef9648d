package commands

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// backgroundFlag is the name of the flag with which the desktop starts the program when the user logs in.
const backgroundFlag = "background"

// byLinkFlag is the name of the flag of a window that a link opens. Links come from web pages, and none begins a sign-in by itself.
const byLinkFlag = "by-link"

// windowFingerprint names the sort of window that a command line asks for, by a digest of all that makes a difference: the demonstration or the
// real thing, the settings file, and settings as flags or in the environment. A window cannot take on another's: it would go
// on with the session of one ASID under the name of another. Where a window only starts (--background, --for) makes none.
func windowFingerprint(kind, file string, flags *pflag.FlagSet, environ []string) string {
	if file != "" {
		if whole, err := filepath.Abs(file); err == nil {
			file = whole
		}
	}
	parts := []string{kind, file}
	if flags != nil {
		flags.Visit(func(flag *pflag.Flag) {
			if !slices.Contains([]string{"config", backgroundFlag, "for", byLinkFlag}, flag.Name) {
				parts = append(parts, flag.Name+"="+flag.Value.String())
			}
		})
	}
	for _, entry := range environ {
		if strings.HasPrefix(entry, "ERS_LOGIN_") {
			parts = append(parts, entry)
		}
	}
	slices.Sort(parts[2:])
	digest := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(digest[:])
}

// otherWindow: a window of another sort is open.
var otherWindow = &problem.Problem{
	Code:  "INSTANCE-OTHER",
	Title: "e-RS Login is open already, with other settings",
	Happened: "A window of e-RS Login is open for you on this computer. It was started in another way than this one: with other " +
		"settings, or as a demonstration. Only one can keep your e-RS session.",
	Steps: []string{
		"Go to the window that is open, sign out there and close it.",
		"Then start this one again.",
	},
}

// otherDisplay: a window is open where the user of this start does not see it.
var otherDisplay = &problem.Problem{
	Code:  "INSTANCE-OTHER_DISPLAY",
	Title: "e-RS Login is open already, on another display",
	Happened: "A window of e-RS Login is open for you on another desktop of this computer, such as that of a remote session. " +
		"Only one can keep your e-RS session.",
	Steps: []string{
		"Go to that desktop and sign in there.",
		"To go on here instead, sign out and close the window there. Then start e-RS Login here.",
	},
}

// sharesDisplay reports whether two starts name a display in common, or one of them names none.
func sharesDisplay(one, other string) bool {
	if one == "" || other == "" {
		return true
	}
	named := strings.Fields(other)
	return slices.ContainsFunc(strings.Fields(one), func(display string) bool { return slices.Contains(named, display) })
}

// startedOtherwise is the same, told in the window that is open.
var startedOtherwise = &problem.Problem{
	Code:     "INSTANCE-STARTED_OTHERWISE",
	Title:    "e-RS Login was started again, with other settings",
	Happened: "You started e-RS Login again with other settings. To use those, sign out here and close this window first.",
	Steps: []string{
		"Sign out here and close this window.",
		"Then start e-RS Login again with the other settings.",
	},
}
