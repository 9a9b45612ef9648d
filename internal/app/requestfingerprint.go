package app

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// BackgroundFlag is the name of the flag with which the desktop starts the program at log-in.
const BackgroundFlag = "background"

// ByLinkFlag is the name of the flag of a window that a link opens. Links come from web pages, and
// do not begin a sign-in.
const ByLinkFlag = "by-link"

// requestFingerprint identifies the kind of window that a command line asks for: a digest of
// demonstration or real, the settings file, and settings as flags or in the environment. A window
// cannot serve another's request: it would go on with one ASID's session under another. How it
// starts (--background, --by-link, --for) does not count.
func requestFingerprint(kind, file string, flags *pflag.FlagSet, environ []string) string {
	if file != "" {
		if whole, err := filepath.Abs(file); err == nil {
			file = whole
		}
	}
	parts := []string{kind, file}
	if flags != nil {
		flags.Visit(func(flag *pflag.Flag) {
			if !slices.Contains([]string{"config", BackgroundFlag, "for", ByLinkFlag}, flag.Name) {
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

// demoRequestFingerprint is that of the window of a demonstration.
func demoRequestFingerprint(platform, persona string) string {
	return requestFingerprint("demonstration "+platform+" "+persona, "", nil, nil)
}

// otherWindow: a window with another fingerprint is open.
var otherWindow = &problem.Problem{
	Code:  "INSTANCE-OTHER",
	Title: "e-RS Login is already open, with other settings",
	Happened: "You already have an e-RS Login window on this computer, with other settings or as " +
		"a demonstration. Only one can be open.",
	Steps: []string{
		"Go to the open window, sign out there and close it.",
		"Start e-RS Login again.",
	},
}

// OtherDisplay is the Problem of a start while a window is open on another display, which the user
// of this start does not see.
var OtherDisplay = &problem.Problem{
	Code:  "INSTANCE-OTHER_DISPLAY",
	Title: "e-RS Login is already open on another display",
	Happened: "You already have an e-RS Login window on another desktop of this computer, such " +
		"as a remote session. Only one can be open.",
	Steps: []string{
		"Go to that desktop and sign in there.",
		"To work here instead, sign out and close the window there. Then start e-RS Login here.",
	},
}

// sharesDisplay reports whether two starts share a display, or one of them names none.
func sharesDisplay(one, other string) bool {
	if one == "" || other == "" {
		return true
	}
	named := strings.Fields(other)
	return slices.ContainsFunc(strings.Fields(one), func(display string) bool { return slices.Contains(named, display) })
}

// The notices of otherWindow in the open window.
var (
	startedOtherwise = &problem.Problem{
		Code:        "INSTANCE-STARTED_OTHERWISE",
		Title:       "e-RS Login was started again, with other settings",
		Happened:    "To use the other settings, sign out and close this window, then start e-RS Login again.",
		Steps:       []string{stepStayHere},
		Information: true,
	}
	startedAsDemonstration = &problem.Problem{
		Code:        startedOtherwise.Code,
		Title:       "e-RS Login was started again, as a demonstration",
		Happened:    "To see the demonstration, sign out and close this window, then start the demonstration again.",
		Steps:       []string{stepStayHere},
		Information: true,
	}
	startedForReal = &problem.Problem{
		Code:        startedOtherwise.Code,
		Title:       "e-RS Login was started again, but this window is a demonstration",
		Happened:    "To sign in to e-RS, close this window, then start e-RS Login again.",
		Steps:       []string{stepStayHere},
		Information: true,
	}
)

const stepStayHere = "To keep using this window, you do not need to do anything."

// isDemonstration reports whether a fingerprint is that of a demonstration.
func isDemonstration(fingerprint string) bool {
	return slices.ContainsFunc(DemoPlatforms(), func(platform string) bool {
		return slices.ContainsFunc(PersonaKeys(), func(persona string) bool {
			return fingerprint == demoRequestFingerprint(platform, persona)
		})
	})
}

// noticeOf returns the notice in a window, by its fingerprint, about a start with another one.
func noticeOf(open, other string) *problem.Problem {
	switch {
	case isDemonstration(open) == isDemonstration(other):
		return startedOtherwise
	case isDemonstration(open):
		return startedForReal
	default:
		return startedAsDemonstration
	}
}
