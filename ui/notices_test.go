package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

const (
	auditWords = "Warning: There is no space for the audit log"
	auditStep  = "Free up disk space, for example by emptying the recycle bin. Do not delete the audit log."
)

// TestNotices: a full audit log is reported on each screen on which the user waits or works, and on
// no other.
func TestNotices(t *testing.T) {
	one := noticed(waitingState(hscn.MissingCard, signin.NotEnded), true)
	one.Notices = one.Notices[:2]
	for _, c := range []struct {
		name  string
		state signin.State
		want  string
	}{
		{"waiting", noticed(waitingState(hscn.MissingCard, signin.NotEnded), true), auditWords + " and 1 more"},
		{"one only", one, auditWords},
		{"quiet ones", noticed(waitingState(hscn.MissingCard, signin.NotEnded), false), ""},
		{"choosing", noticed(choosingState(fiveRoles(), nil), true), auditWords + " and 1 more"},
		{"signed in", noticed(signedInState(), true), auditWords + " and 1 more"},
		{"at work", noticed(workingState(signin.Selecting, signin.NotEnded), true), ""},
		{"a problem", noticed(failedState(notAccepted), true), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.state)
			said := ""
			for _, text := range w.texts() {
				if strings.HasPrefix(text, "Warning") {
					said = text
				}
			}
			require.Equal(t, c.want, said)
			require.Equal(t, c.want != "", contains(w.texts(), "The disk of the folder /var/lib/ers-login is full. "+
				"e-RS Login keeps the records while it is open, and writes them when it can. "+auditStep), "and what to do first")
			c.state.Notices = nil
			w.Show(c.state)
			require.NotContains(t, strings.Join(w.texts(), "\n"), "Warning", "it goes when it is over")
		})
	}
}

// demonstrated is a notice about which nothing has to be done.
var demonstrated = &problem.Problem{
	Code: "DEMO-KEYRING", Title: "Other applications can see this demonstration's session",
	Happened: "The session is in your computer's secure storage (keyring), as a real one would be. You can read it with the command \"{{.Command}}\".",
	Args:     map[string]string{"Command": "ers-login session"}, Information: true,
}

// TestANoticeSaysWhatToDo: the strip ends with the first step, and leads to all of them.
func TestANoticeSaysWhatToDo(t *testing.T) {
	again := *auditFull
	again.Happened, again.Steps = "It happened again.", []string{"Press **Try again**.", "Close other e-RS Login windows."}
	for name, state := range map[string]signin.State{
		"waiting": waitingState(hscn.MissingCard, signin.NotEnded), "choosing": choosingState(fiveRoles(), nil), "signed in": signedInState(),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			state.Notices = []signin.Notice{{Problem: auditFull}}
			w.Show(state)
			require.True(t, w.seen(auditStep))
			require.NotContains(t, w.texts(), "Hide", "it must be put right")
			w.notices.whatToDo.Tapped(&fyne.PointEvent{})
			require.Contains(t, w.texts(), "1.\u00a0"+auditStep)
			w.notices.whatToDo.Tapped(&fyne.PointEvent{})
			require.Contains(t, w.texts(), "1.\u00a0"+auditStep, "it stays open")
			state.Notices = []signin.Notice{{Problem: certificateEnds}}
			w.Show(state)
			require.True(t, w.seen("quote the reference CERT-EXPIRES_SOON."), "there is none below")
			state.Notices = []signin.Notice{{Problem: &again}}
			w.Show(state)
			require.False(t, w.seen("Try again"), "there is no such button")
			require.Contains(t, w.texts(), "1.\u00a0Close other e-RS Login windows.")
		})
	}
}

// TestANoticeThatNeedsNothing can be hidden, until it changes.
func TestANoticeThatNeedsNothing(t *testing.T) {
	w := newWorld(t, Settings{})
	state := waitingState(hscn.MissingCard, signin.NotEnded)
	state.Notices = []signin.Notice{{Problem: demonstrated}, {Problem: auditFull}}
	w.Show(state)
	require.Contains(t, w.texts(), demonstrated.Title+" and 1 more", "nothing to warn of")
	w.notices.hide.Tapped(&fyne.PointEvent{})
	require.False(t, w.seen(demonstrated.Title))
	require.Contains(t, w.texts(), auditWords)
	require.NotContains(t, w.texts(), "Hide")
	signedIn := signedInState()
	signedIn.Notices = state.Notices
	w.Show(signedIn)
	require.False(t, w.seen(demonstrated.Title), "it stays hidden")
	w.press(fyne.KeyF1)
	require.Contains(t, w.texts(), demonstrated.Title, "the help has it")
	w.press(fyne.KeyF1)
	state.Notices = []signin.Notice{{Problem: demonstrated.With("Command", "another")}}
	w.Show(state)
	require.Contains(t, w.texts(), demonstrated.Title, "it has changed")
	w.notices.hide.Tapped(&fyne.PointEvent{})
	require.False(t, w.notices.box.Visible())
	state.Notices = nil
	w.Show(state)
	state.Notices = []signin.Notice{{Problem: demonstrated.With("Command", "another")}}
	w.Show(state)
	require.Contains(t, w.texts(), demonstrated.Title, "it is new")
}

// TestABlockedCardIsWhatTheScreenSays: no screen asks for a passcode under a strip that says that the
// card is blocked.
func TestABlockedCardIsWhatTheScreenSays(t *testing.T) {
	w := newWorld(t, Settings{})
	state := waitingState(hscn.MissingPasscode, signin.NotEnded)
	state.Notices = []signin.Notice{{Problem: blocked, Instead: true}}
	w.Show(state)
	require.Contains(t, w.texts(), "Your smartcard is blocked")
	require.Contains(t, w.texts(), "Ask your Registration Authority to unblock your smartcard. The wrong passcode was entered too many times.")
	require.NotContains(t, w.texts(), "Enter your passcode")
	require.False(t, w.notices.box.Visible())
	require.Contains(t, w.texts(), "Reference "+blocked.Code+"  ·  20 November 2026 at 08:42")
	pressButton(t, w, "Copy details")
	copied := w.app.Clipboard().Content()
	require.Contains(t, copied, "Reference: "+blocked.Code+"\nTime: 20 November 2026 08:42:00 UTC\nYour smartcard is blocked\n")
	state.Notices = nil
	w.Show(state)
	require.Contains(t, w.texts(), "Enter your passcode")
	require.False(t, w.seen("Reference"))
	require.False(t, w.seen("Copy details"))
}

// TestNoticesLeaveTheMainAction: a notice must not hide the main button, in the smallest window and
// at twice the text size.
func TestNoticesLeaveTheMainAction(t *testing.T) {
	for _, c := range []struct {
		name  string
		state signin.State
		main  string
	}{
		{"waiting", waitingState(hscn.MissingCard, signin.NotEnded), "Sign in"},
		{"choosing", choosingState(fiveRoles(), &triage), "Service provider clinician, NHST_X3 (R01), Last used, Enter, 1, 5"},
		{"signed in", endsSoonState(), "Stay signed in"},
	} {
		for _, scale := range []float32{0.8, 1, 2} {
			t.Run(c.name, func(t *testing.T) {
				w := newWorld(t, Settings{TextScale: scale})
				w.win.Resize(fyne.NewSize(minWidth, minHeight))
				w.Show(c.state)
				w.Show(noticed(c.state, true)) // it comes while the screen is shown
				require.Equal(t, c.main, w.focused())
				requireWholeInView(t, w)
				w = newWorld(t, Settings{TextScale: scale})
				w.win.Resize(fyne.NewSize(minWidth, minHeight))
				w.Show(noticed(c.state, true)) // it was there before
				require.Equal(t, c.main, w.focused())
				requireWholeInView(t, w)
			})
		}
	}
}

// requireWholeInView checks that the focused control is between header, notices and status bar.
func requireWholeInView(t *testing.T, w *world) {
	t.Helper()
	control := requireFocusedObject(t, w)
	top := w.viewport.Object().Position().Y
	assert.GreaterOrEqual(t, control.at.Y, top)
	assert.LessOrEqual(t, control.at.Y+control.Size().Height, top+w.viewport.Object().Size().Height)
}

// TestDiagnosticsInHelp: the help has all known faults, the quiet notices too, with what to do.
func TestDiagnosticsInHelp(t *testing.T) {
	for _, c := range []struct {
		name  string
		state signin.State
	}{
		{"waiting", waitingState(hscn.MissingCard, signin.NotEnded)},
		{"choosing", choosingState(fiveRoles(), nil)},
		{"signed in", signedInState()},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.state)
			require.NotContains(t, w.texts(), "Known problems")
			w.Show(noticed(c.state, true))
			require.Contains(t, w.texts(), "Help (F1)")
			require.NotContains(t, w.texts(), "Known problems", "it is opened by the user")
			w.press(fyne.KeyF1)
			for _, text := range []string{"Known problems", noReaders.Title, noReaders.Happened,
				"1.\u00a0Check that the smartcard reader is plugged in. If it is, unplug it and plug it in again.",
				"Reference CARD-PCSC_UNAVAILABLE",
				auditFull.Title, certificateEnds.Title, "2.\u00a0If that does not help, contact your local service desk and quote the reference below.",
				"For the service desk", "1.\u00a0Check the smart card service of this computer.", "Hide help (F1)"} {
				require.Contains(t, w.texts(), text)
			}
			w.Show(noticed(c.state, false))
			require.NotContains(t, w.texts(), auditFull.Title, "what is over is no longer said")
			require.Contains(t, w.texts(), noReaders.Title)
			w.press(fyne.KeyF1)
			require.NotContains(t, w.texts(), noReaders.Title)

			w.press(fyne.KeyF1)
			c.state.Notices = nil
			w.Show(c.state)
			require.NotContains(t, w.texts(), "Known problems")
			if c.state.Phase == signin.Waiting {
				require.Contains(t, w.texts(), "If you cannot sign in")
			} else {
				require.Contains(t, w.texts(), "The name at the top is not mine")
			}
		})
	}
}

// TestHelpLink: the status bar opens the help by mouse.
func TestHelpLink(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(noticed(signedInState(), false))
	w.status.help.Tapped(&fyne.PointEvent{})
	require.Contains(t, w.texts(), "Known problems")
	require.Positive(t, w.win.Canvas().Size().Width)
	w.Show(workingState(signin.Ending, signin.SignedOut))
	require.NotContains(t, w.texts(), "F1 Help")
	w.press(fyne.KeyF1)
}

// TestRenewal: a user busy with patients sees the end coming, and can put it off with one key.
func TestRenewal(t *testing.T) {
	const title = "Your session ends at 18:42"
	const offer = "Stay signed in to keep working in the same role. " +
		"Save your work first: your other e-RS applications must connect again."
	w := newWorld(t, Settings{})
	w.now = morning.Add(9*time.Hour + 55*time.Minute)
	w.Show(signedInState())
	require.NotContains(t, w.texts(), title)
	w.Show(endsSoonState())
	require.Contains(t, w.texts(), title)
	require.Contains(t, w.texts(), "You will be signed out in 5 minutes. "+offer)
	require.Equal(t, "Stay signed in", w.focused())
	w.now = w.now.Add(2 * time.Minute)
	w.tick()
	require.Contains(t, w.texts(), "You will be signed out in 3 minutes. "+offer)
	asks := endsSoonState()
	asks.RenewAsks = true
	w.Show(asks)
	require.Contains(t, w.texts(), "You will be signed out in 3 minutes. "+offer+" You will be asked for your passcode.")
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.Renew{})

	w.Show(signedInState())
	require.NotContains(t, w.texts(), title)
	require.Empty(t, w.focused(), "a button that is gone does not keep the focus")

	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.Show(endsSoonState())
	require.Equal(t, "Stay signed in", w.focused(), "a window that is opened late")
}

// TestABackgroundWindowRenewsNothing: Enter in another window, which the warning may come in front of,
// must not renew. A user who comes back decides with the mouse or Tab.
func TestABackgroundWindowRenewsNothing(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.app.Lifecycle().(foreground).OnExitedForeground()() //nolint:errcheck,forcetypeassert // a panic fails the test just as well
	w.Show(endsSoonState())
	require.Contains(t, w.texts(), "Your session ends at 18:42")
	require.Empty(t, w.focused())
	w.app.Lifecycle().(foreground).OnEnteredForeground()() //nolint:errcheck,forcetypeassert // as above
	w.press(fyne.KeyReturn, fyne.KeySpace)
	requireIntents(t, w)
	w.press(fyne.KeyTab, fyne.KeyReturn)
	requireIntents(t, w, signin.Renew{})
}

// foreground is what Fyne's driver calls as the window gets the keyboard and loses it.
type foreground interface {
	OnEnteredForeground() func()
	OnExitedForeground() func()
}

// TestRenewalTakesNothing: a user about to answer whether to sign out must not renew instead.
func TestRenewalTakesNothing(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeyReturn)
	require.Equal(t, "Sign out", w.focused())
	w.Show(endsSoonState())
	require.Equal(t, "Sign out", w.focused())
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.SignOut{})
}

// TestStripIsSlim: however much has happened, the page keeps its place.
func TestStripIsSlim(t *testing.T) {
	long := *auditFull
	long.Happened = strings.Repeat("And much that happened. ", 30)
	state := waitingState(hscn.MissingCard, signin.NotEnded)
	state.Notices = []signin.Notice{{Problem: &long}, {}}
	for _, scale := range []float32{0.8, 1, 2} {
		w := newWorld(t, Settings{TextScale: scale})
		w.win.Resize(fyne.NewSize(minWidth, minHeight))
		w.Show(state)
		require.LessOrEqual(t, w.notices.box.Size().Height, float32(0.18*540))
		require.Equal(t, widgets.HeightFor(w.notices.box, minWidth), w.notices.box.Size().Height)
	}
}

// TestTheWholeTitleOfANotice: the end of a title may be what matters. The longest there is, in the
// largest text and the smallest window, leaves the main button in view, or at least the page's title.
func TestTheWholeTitleOfANotice(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		long := *auditFull
		long.Title = "The network's proxy asks for a sign-in that e-RS Login cannot do"
		for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), choosingState(fiveRoles(), &triage), endsSoonState()} {
			state.Notices = []signin.Notice{{Problem: &long}, {Problem: auditFull}}
			w.Show(state)
			require.True(t, w.notices.box.Visible())
			requireNothingCut(t, w, nil)
			requireNothingOverlaps(t, w)
			if s, is := w.screen.(*waiting); is && !w.viewport.Shows(s.signIn) {
				require.True(t, w.viewport.Shows(s.title))
				continue
			}
			if requireFocusedObject(t, w).Size().Height <= w.viewport.Object().Size().Height {
				requireWholeInView(t, w) // a card in Welsh is higher than the smallest page
			}
		}
	})
}

// TestWhoAsksIsSaidOnTheWay: the name of a program that requests a sign-in is on every screen up to
// the passcode.
func TestWhoAsksIsSaidOnTheWay(t *testing.T) {
	const said = "“Vendor App” asks you to sign in to e-RS."
	w := newWorld(t, Settings{})
	for _, phase := range []signin.Phase{signin.Waiting, signin.Prompting, signin.SigningIn, signin.Choosing, signin.Selecting, signin.Failed} {
		state := workingState(phase, signin.NotEnded)
		state.Permissions = choosingState(fiveRoles(), nil).Permissions
		state.Phase, state.AskedBy = phase, "Vendor App"
		state.Problem = &problem.Problem{Code: "TEST", Title: "Something", Happened: "It happened."}
		w.Show(state)
		require.Contains(t, w.texts(), said, phase)
		state.AskedBy = ""
		w.Show(state)
		require.NotContains(t, w.texts(), said, phase)
	}
}

// TestLinksOfANotice: links in the colour of the page's links cannot be read on amber.
func TestLinksOfANotice(t *testing.T) {
	slowUnderRace(t)
	for name, appearance := range map[string]string{"light": "light", "dark": "dark", "high contrast": "high-contrast"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Preferences: preferencesOf(map[Preference]string{PreferAppearance: appearance})})
			w.Show(noticed(waitingState(hscn.MissingCard, signin.NotEnded), true))
			drawn := w.win.Canvas().Capture()
			for _, object := range w.objects() {
				link, is := object.CanvasObject.(*widgets.Link)
				if !is || link != w.notices.hide && link != w.notices.whatToDo {
					continue
				}
				best := 0.0
				for y := range int(link.Size().Height) {
					for x := range int(link.Size().Width) {
						best = max(best, contrast(drawn.At(int(object.at.X)+x, int(object.at.Y)+y), amber))
					}
				}
				require.GreaterOrEqual(t, best, 4.5, link.AccessibilityLabel())
			}
		})
	}
}
