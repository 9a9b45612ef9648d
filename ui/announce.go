package ui

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// announcement is the notification of a change for a user who looks at another window, or "". It is
// always one of our own texts: desktops keep notifications, and show them on a locked screen.
func announcement(before, after signin.State) string {
	if !handedOver(before) {
		return ""
	}
	if after.Phase == signin.SignedIn {
		if after.EndsSoon && !before.EndsSoon {
			return lang.L("Your e-RS session ends in five minutes. Open e-RS Login to stay signed in.")
		}
		if unusable(after) != nil && unusable(before) == nil {
			return lang.L("Your other e-RS applications cannot use your session. Open e-RS Login to see why.")
		}
		return ""
	}
	switch after.Phase {
	case signin.Ending, signin.Waiting:
	case signin.Failed:
		return lang.L(seeWhy)
	default:
		return ""
	}
	if text := reasons[after.Reason].notification; text != "" {
		return lang.L(text)
	}
	return "" // requested by the user
}

// signedInAs is the notification for a user whose window is minimised when they have signed in. It
// has no name of a person, since a locked screen may show it.
func (w *Window) signedInAs(state signin.State) string {
	return lang.L("Signed in as {{.Role}} at {{.Organisation}} until {{.Time}}.", map[string]any{
		"Role": plain(RoleName(state.Chosen.BusinessFunction)), "Organisation": plain(organisation(state.Chosen)),
		"Time": w.clockTime(state.ExpiresAt)})
}

// plain returns a name from e-RS for a notification, without what markup or a script could be made
// of: Linux desktops read the text as HTML, and some ways to show it run a shell.
func plain(name string) string {
	const marks = ",.-_() "
	return problem.Clean(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(marks, r) {
			return r
		}
		return -1
	}, name), 100)
}

// notify shows a notification. It calls another process, which may be slow.
func (w *Window) notify(text string) {
	heading := w.title()
	w.aside(func() { w.settings.Notify(heading, text) })
}
