package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/signin"
)

// announcement is the notification for a user who is looking at another window, or "". It is always
// one of our own texts: desktops keep notifications, and show them on a locked screen.
func announcement(before, after signin.State) string {
	if before.Phase != signin.SignedIn {
		return ""
	}
	if after.Phase == signin.SignedIn {
		if after.EndsSoon && !before.EndsSoon {
			return lang.L("Your e-RS session ends in five minutes. Open e-RS Login to stay signed in.")
		}
		return ""
	}
	switch after.Phase {
	case signin.Ending, signin.Waiting:
	case signin.Failed:
		return lang.L("Your e-RS session has ended. Open e-RS Login to see why.")
	default:
		return ""
	}
	switch after.Reason {
	case signin.CardRemoved:
		return lang.L("Your smartcard was removed, so your e-RS session has ended.")
	case signin.Expired:
		return lang.L("Your e-RS session has reached its time limit and has ended.")
	case signin.TicketChanged, signin.ScreenLocked, signin.UserSwitched, signin.Abandoned:
		return lang.L("Your e-RS session has ended. Open e-RS Login to see why.")
	default: // requested by the user
		return ""
	}
}

// announce shows a notification about a change. It calls another process, which may be slow.
func (w *Window) announce(before, after signin.State) {
	text := announcement(before, after)
	if text == "" {
		return
	}
	notify, heading := w.settings.Notify, title(w.settings)
	if notify == nil {
		notify = func(title, text string) { w.app.SendNotification(fyne.NewNotification(title, text)) }
	}
	w.aside(func() { notify(heading, text) })
}
