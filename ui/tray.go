package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// tray is the notification area icon: signed out, signed in or a Problem, with a menu for use while
// the window is hidden. It is created before Fyne's loop runs, as Fyne would not start it later.
// Fyne's own binding of a window to a tray is not used: it would take over closing the window, and
// so signing out.
type tray struct {
	w       *Window
	desktop desktop.App
	shown   trayFace
}

// trayFace is the visible content of the tray.
type trayFace struct {
	icon              fyne.Resource
	title             string
	test, who, what   string
	switches, signOut bool
}

// newTray returns a window's tray, or nil if the desktop has none.
func newTray(w *Window) *tray {
	app, can := w.app.(desktop.App)
	if !can || !w.settings.Tray {
		return nil
	}
	return &tray{w: w, desktop: app}
}

// show shows a state. It does nothing if that looks the same, since Fyne replaces a menu as a
// whole.
func (t *tray) show(state signin.State) {
	face := faceOf(state)
	face.title, face.test = t.w.title(), testEnvironment(state.Environment)
	if face == t.shown {
		return
	}
	t.shown = face
	t.desktop.SetSystemTrayMenu(t.menu(face))
	t.desktop.SetSystemTrayIcon(face.icon)
	t.w.do(func() { t.w.settings.Tooltip(face.title) })
}

// faceOf returns the tray's content for a state.
func faceOf(state signin.State) trayFace {
	who, out := problem.Clean(state.User.Name, 100), assets.TrayOut
	if state.Switching { // other applications go on
		out = assets.TraySignedIn
	}
	switch state.Phase {
	case signin.SignedIn:
		return trayFace{icon: assets.TraySignedIn, who: who, switches: true, signOut: true, what: roleAt(state.Chosen)}
	case signin.Failed:
		p := state.Problem
		if p == nil {
			p = problem.Unexpected
		}
		return trayFace{icon: assets.TrayProblem, what: translated(p, p.Title)}
	case signin.Choosing:
		return trayFace{icon: out, who: who, signOut: true, what: lang.L("Choose your organisation and role")}
	case signin.ChoosingClinician:
		return trayFace{icon: out, who: who, signOut: true, what: lang.L("Who are you working for?")}
	default:
		return trayFace{icon: assets.TrayOut, what: lang.L("Not signed in to e-RS")}
	}
}

func (t *tray) menu(face trayFace) *fyne.Menu {
	var items []*fyne.MenuItem
	for _, said := range []string{face.test, face.who, face.what} {
		if said != "" {
			item := fyne.NewMenuItem(said, nil)
			item.Disabled = true
			items = append(items, item)
		}
	}
	open := t.item(lang.L("Open"), t.w.settings.Raise)
	switches := t.item(lang.L("Switch role"), func() {
		t.w.settings.Raise()
		t.w.closeOver()
		if s, is := t.w.screen.(*signedIn); is {
			s.switchRole()
		}
	})
	signOut := t.item(lang.L("Sign out"), t.w.askToSignOut)
	switches.Disabled, signOut.Disabled = !face.switches, !face.signOut
	quit := t.item(lang.L("Quit"), t.w.quit)
	quit.IsQuit = true
	return fyne.NewMenu(face.title, append(items, fyne.NewMenuItemSeparator(), open, switches, signOut,
		fyne.NewMenuItemSeparator(), quit)...)
}

// item returns a menu item. Fyne may call it after its loop has ended.
func (t *tray) item(title string, chosen func()) *fyne.MenuItem {
	return fyne.NewMenuItem(title, func() { t.w.do(chosen) })
}

// askToSignOut asks in the window, like its own button: other applications stop.
func (w *Window) askToSignOut() {
	w.settings.Raise()
	if !handedOver(w.last) {
		w.send(signin.SignOut{})
		return
	}
	w.closeOver()
	if s, is := w.screen.(*signedIn); is {
		s.askToSignOut()
		return
	}
	w.putOver(newLeaving(w, askSigningOut(w, w.closeOver)))
}

// outOfTheWay hides the window without ending anything: into the tray, or minimised.
func (w *Window) outOfTheWay() {
	if w.tray != nil {
		w.win.Hide()
	} else {
		w.settings.Minimise()
	}
}

// minimises reports whether the user wants the window minimised once signed in.
func (w *Window) minimises() bool {
	value, _ := w.preference(PreferMinimise)
	return value == "true"
}
