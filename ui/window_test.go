package ui

import (
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // Windows has no files of time zones

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// texts returns everything that a screen reader finds, in order.
func (w *world) texts() []string {
	var texts []string
	for _, object := range w.heard() {
		if a, ok := object.CanvasObject.(fyne.Accessible); ok && a.AccessibilityLabel() != "" {
			texts = append(texts, a.AccessibilityLabel())
		}
	}
	return texts
}

// closeWindow is a click on the window's close button, which Fyne's test window cannot make.
func (w *world) closeWindow() { w.close() }

// closeTwice closes the window and answers its question by closing it again.
func (w *world) closeTwice() {
	w.close()
	w.now = w.now.Add(closeAgain)
	w.close()
}

// TestWaitingWords: what a user without a session reads first.
func TestWaitingWords(t *testing.T) {
	const stillIn = "Take your smartcard with you when you leave. You are still signed in to other NHS systems until you remove it."
	for _, c := range []struct {
		name    string
		missing signin.Missing
		reason  signin.Reason
		title   string
		text    string
	}{
		{"no card", hscn.MissingCard, signin.NotEnded, "Insert your smartcard",
			"Then enter your passcode in the Identity Agent window."},
		{"no passcode", hscn.MissingPasscode, signin.NotEnded, "Enter your passcode",
			"If this is your smartcard, press Sign in and enter your passcode in the Identity Agent window."},
		{"cancelled, card still in", hscn.MissingPasscode, signin.Cancelled, "Enter your passcode",
			"If this is your smartcard, press Sign in and enter your passcode in the Identity Agent window."},
		{"expired, card still in", hscn.MissingPasscode, signin.Expired,
			"You were signed out because your session reached its time limit",
			"Press Sign in and enter your passcode in the Identity Agent window."},
		{"card removed, and another one in", hscn.MissingPasscode, signin.CardRemoved, "Enter your passcode",
			"If this is your smartcard, press Sign in and enter your passcode in the Identity Agent window."},
		{"no reader", hscn.MissingReader, signin.NotEnded, "Connect your smartcard reader",
			"Then insert your smartcard."},
		{"no agent", hscn.MissingAgent, signin.NotEnded, "The NHS Identity Agent is not installed",
			"Ask your local service desk to install it."},
		{"nothing known", hscn.MissingUnknown, signin.NotEnded, "Looking for your smartcard…",
			"If it is not in the reader yet, insert it now."},
		{"a card is in at the start", hscn.MissingIntent, signin.NotEnded, "Your smartcard is ready", "Press Sign in to start."},
		{"signed out", hscn.MissingIntent, signin.SignedOut, "You are signed out of e-RS", stillIn},
		{"signed out, card taken", hscn.MissingCard, signin.SignedOut, "You are signed out of e-RS",
			"Insert your smartcard and enter your passcode to sign in again."},
		{"card removed", hscn.MissingCard, signin.CardRemoved, "Your smartcard was removed, so you were signed out",
			"Insert your smartcard and enter your passcode to sign in again."},
		{"card removed with its reader", hscn.MissingReader, signin.CardRemoved, "Your smartcard was removed, so you were signed out",
			"Connect your reader and insert your smartcard to sign in again."},
		{"another sign-in", hscn.MissingIntent, signin.TicketChanged,
			"You were signed out because a smartcard was used to sign in again", stillIn},
		{"expired", hscn.MissingIntent, signin.Expired,
			"You were signed out because your session reached its time limit", stillIn},
		{"screen locked", hscn.MissingIntent, signin.ScreenLocked, "You were signed out because the screen was locked", stillIn},
		{"another user", hscn.MissingCard, signin.UserSwitched,
			"You were signed out because another user started to use this computer",
			"Insert your smartcard and enter your passcode to sign in again."},
		{"card removed while the role is switched", hscn.MissingCard, signin.RoleSwitched,
			"You were signed out before you chose another role",
			"Insert your smartcard and enter your passcode to sign in again."},
		{"not renewed", hscn.MissingIntent, signin.Renewed,
			"You were signed out because your session could not be extended", stillIn},
		{"not completed", hscn.MissingIntent, signin.Abandoned, "The sign-in could not be completed", stillIn},
		{"cancelled", hscn.MissingCard, signin.Cancelled, "Insert your smartcard",
			"Then enter your passcode in the Identity Agent window."},
		{"cancelled, signed in before", hscn.MissingIntent, signin.Cancelled, "Your smartcard is ready", stillIn},
		{"no agent any more matters most", hscn.MissingAgent, signin.Expired,
			"The NHS Identity Agent is not installed",
			"Ask your local service desk to install it."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(waitingState(c.missing, c.reason))
			require.Contains(t, w.texts(), c.title)
			require.Contains(t, w.texts(), c.text)
			require.Equal(t, c.reason == signin.Cancelled, contains(w.texts(), "You did not sign in."),
				"the next step stays, with what has come of the last one above it")
		})
	}
}

// TestUpdateKeepsWhatTheUserDoes: a change of health must take neither the focus nor the page from
// under a user.
func TestUpdateKeepsWhatTheUserDoes(t *testing.T) {
	last := fiveRoles()[0]
	for _, c := range []struct {
		name  string
		state signin.State
	}{
		{"waiting", waitingState(hscn.MissingCard, signin.NotEnded)},
		{"signing in", workingState(signin.SigningIn, signin.NotEnded)},
		{"choosing", choosingState(fiveRoles(), &last)},
		{"signed in", signedInState()},
		{"problem", failedState(notAccepted)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(c.state)
			w.press(fyne.KeyTab)
			before := w.focused()
			require.NotEmpty(t, before)
			c.state.Links.ERS = signin.HealthBad
			w.Show(c.state)
			require.Equal(t, before, w.focused())
			require.Contains(t, w.texts(), "e-RS not reached last time")
		})
	}
}

// TestShown: the log of a support case has to name each screen that the user saw, once.
func TestShown(t *testing.T) {
	var phases []signin.Phase
	w := newWorld(t, Settings{Shown: func(state signin.State) { phases = append(phases, state.Phase) }})
	state := signedInState()
	w.Show(state)
	state.Links.ERS = signin.HealthBad
	w.Show(state)
	w.closeTwice()
	require.Equal(t, []signin.Phase{signin.Starting, signin.SignedIn, signin.Ending}, phases)
}

// TestAnotherStateIsAnotherScreen: a user must not see an earlier session, roles or Problem.
func TestAnotherStateIsAnotherScreen(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	next := signedInState()
	next.Chosen.OrgName = "Zeta Surgery"
	w.Show(next)
	require.Contains(t, w.texts(), "Zeta Surgery (R01)")
	require.NotContains(t, w.texts(), "NHST_X3 (R01)")

	w.Show(choosingState(fiveRoles(), nil))
	w.Show(choosingState(fiveRoles()[:1], nil))
	require.Contains(t, w.texts(), "You have one role. Press Enter to continue.")

	w.Show(failedState(notAccepted))
	other := *notAccepted
	other.Title = "Something else"
	w.Show(failedState(&other))
	require.Contains(t, w.texts(), "Something else")

	w.Show(workingState(signin.Ending, signin.SignedOut))
	w.Show(workingState(signin.Ending, signin.CardRemoved))
	require.Contains(t, w.texts(), "Your smartcard was removed. Signing out…")
}

// TestNewestStateIsShown: states come faster than a slow computer draws them, from any goroutine.
func TestNewestStateIsShown(t *testing.T) {
	w := newWorld(t, Settings{})
	var mu sync.Mutex
	var queued []func()
	w.do = func(draw func()) {
		mu.Lock()
		defer mu.Unlock()
		queued = append(queued, draw)
	}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() { w.Window.Show(workingState(signin.SigningIn, signin.NotEnded)) })
	}
	wait.Wait()
	w.Show(signedInState())
	require.Len(t, queued, 1, "one draw for all of them")
	queued[0]()
	require.Contains(t, w.texts(), "You are signed in to e-RS")

	w.Show(failedState(notAccepted))
	require.Len(t, queued, 2, "and another for what comes later")
	queued[1]()
	require.Contains(t, w.texts(), notAccepted.Title)
}

// TestClosing: a window that closed at once would leave the session open, and its key in the
// keyring.
func TestClosing(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(signedInState())
	w.closeTwice()
	requireIntents(t, w, signin.Quit{})
	require.Contains(t, w.texts(), "Signing out…")
	require.False(t, w.app.quit)

	w.closeWindow()
	requireIntents(t, w) // once is enough

	w.Show(signedInState())
	require.Contains(t, w.texts(), "Signing out…", "a state from before the click changes nothing")
	w.Show(workingState(signin.Ending, signin.Quitting))
	require.Contains(t, w.texts(), "Signing out…")
	require.False(t, w.app.quit)

	w.Show(signin.State{Phase: signin.Closed})
	require.True(t, w.app.quit)
	require.Nil(t, w.stopTicks)
	w.Show(signedInState()) // nothing is drawn any more
	require.NotContains(t, w.texts(), "You are signed in to e-RS")
}

// TestEndingWords: a user who did not ask for the end learns why, and one who did that other
// applications may still be at work.
func TestEndingWords(t *testing.T) {
	const gone = "Your other e-RS applications can no longer use this session."
	const finish = "Your other e-RS applications are finishing what they are doing."
	for _, c := range []struct {
		reason      signin.Reason
		title, text string
	}{
		{signin.SignedOut, "Signing out…", finish},
		{signin.Quitting, "Signing out…", finish},
		{signin.RoleSwitched, "Switching role…", finish},
		{signin.Renewed, "Extending your session…", finish},
		{signin.CardRemoved, "Your smartcard was removed. Signing out…", gone},
		{signin.TicketChanged, "A smartcard was used to sign in again. Signing out…", gone},
		{signin.Expired, "Your session reached its time limit. Signing out…", gone},
		{signin.ScreenLocked, "The screen was locked. Signing out…", gone},
		{signin.UserSwitched, "Another user is using this computer. Signing out…", gone},
		{signin.Cancelled, "Cancelling…", ""},
		{signin.RoleGivenUp, "Going back to your roles…", ""},
		{signin.Abandoned, "Signing out…", ""},
	} {
		t.Run(string(c.reason), func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(workingState(signin.Ending, c.reason))
			require.Equal(t, c.title, w.texts()[0])
			for _, text := range []string{gone, finish} {
				assert.Equal(t, text == c.text, contains(w.texts(), text), text)
			}
		})
	}
}

// TestClosingWithoutASession: the text does not mention other applications that never had a
// session.
func TestClosingWithoutASession(t *testing.T) {
	const gone = "Your other e-RS applications are finishing what they are doing."
	w := newWorld(t, Settings{})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.closeWindow()
	requireIntents(t, w, signin.Quit{})
	require.Contains(t, w.texts(), "Closing…")
	require.NotContains(t, w.texts(), gone)

	w = newWorld(t, Settings{})
	w.Show(choosingState(fiveRoles(), nil))
	w.closeWindow()
	require.Contains(t, w.texts(), "Signing out…")
	require.NotContains(t, w.texts(), gone)

	w = newWorld(t, Settings{})
	w.Show(signedInState())
	w.closeTwice()
	require.Contains(t, w.texts(), gone)
}

// TestLiveTexts: a clock that stands still is worse than none, and one that runs unseen costs
// battery.
func TestLiveTexts(t *testing.T) {
	w := newWorld(t, Settings{})
	var next func() // what the last timer calls, unless it was stopped
	var wait time.Duration
	w.after = func(in time.Duration, call func()) func() {
		next, wait = call, in
		return func() { next = nil }
	}
	pass := func(every time.Duration) {
		t.Helper()
		require.NotNil(t, next)
		require.Equal(t, every, wait)
		next()
	}
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	require.Nil(t, next)

	w.Show(workingState(signin.SigningIn, signin.NotEnded))
	w.now = morning.Add(2 * time.Second)
	pass(time.Second)
	require.NotContains(t, w.texts(), "2 seconds", "not worth a word")
	w.now = morning.Add(3 * time.Second)
	pass(time.Second)
	require.Contains(t, w.texts(), "3 seconds")
	w.now = morning.Add(75 * time.Second)
	pass(time.Second)
	require.Contains(t, w.texts(), "1 min 15 s")

	w.now = morning.Add(2 * time.Minute)
	w.Show(signedInState())
	require.Contains(t, w.texts(), "18:42, in 10 hours, or when you remove your smartcard")
	w.now = morning.Add(9*time.Hour + 55*time.Minute)
	pass(5 * time.Second)
	require.Contains(t, w.texts(), "18:42, in 5 minutes, or when you remove your smartcard")

	w.Show(failedState(notAccepted))
	require.Nil(t, next, "it was left")
}

func TestRemaining(t *testing.T) {
	for _, c := range []struct {
		left           time.Duration
		english, welsh string
	}{
		{10 * time.Hour, "in 10 hours", "ymhen 10 awr"},
		{10*time.Hour - time.Second, "in 10 hours", "ymhen 10 awr"},
		{9*time.Hour + 55*time.Minute + time.Second, "in 10 hours", "ymhen 10 awr"},
		{9*time.Hour + 55*time.Minute, "in 9 hours 55 minutes", "ymhen 9 awr 55 munud"},
		{61 * time.Minute, "in 1 hour 5 minutes", "ymhen 1 awr 5 munud"},
		{time.Hour, "in 1 hour", "ymhen 1 awr"},
		{59 * time.Minute, "in 59 minutes", "ymhen 59 munud"},
		{time.Second, "in 1 minute", "ymhen 1 munud"},
		{0, "now", "nawr"},
		{-time.Hour, "now", "nawr"},
	} {
		for language, want := range map[string]string{english: c.english, "cy": c.welsh} {
			t.Run(language+" "+c.left.String(), func(t *testing.T) {
				speak(t, language)
				assert.Equal(t, want, remaining(morning, morning.Add(c.left)))
			})
		}
	}
}

// speak sets the language of the texts for a test.
func speak(t *testing.T, language string) {
	t.Helper()
	require.NoError(t, UseLanguage(language))
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
}

// TestTheEndIsTomorrow: a user of the night shift must not take 05:19 for a time that has passed.
func TestTheEndIsTomorrow(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	require.NoError(t, err)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, london)
	}
	const removed, tynnu = ", or when you remove your smartcard", ", neu pan fyddwch yn tynnu eich cerdyn clyfar allan"
	for _, c := range []struct {
		name           string
		now, end       time.Time
		english, welsh string
	}{
		{"the same day", at(11, 20, 8, 42), at(11, 20, 18, 42), "18:42, in 10 hours", "18:42, ymhen 10 awr"},
		{"the next day", at(11, 20, 19, 19), at(11, 21, 5, 19), "05:19 tomorrow, in 10 hours", "05:19 yfory, ymhen 10 awr"},
		{"at midnight", at(11, 20, 23, 0), at(11, 21, 0, 0), "00:00 tomorrow, in 1 hour", "00:00 yfory, ymhen 1 awr"},
		{"a minute before midnight", at(11, 20, 22, 59), at(11, 20, 23, 59), "23:59, in 1 hour", "23:59, ymhen 1 awr"},
		{"since midnight", at(11, 21, 0, 0), at(11, 21, 5, 19), "05:19, in 5 hours 20 minutes", "05:19, ymhen 5 awr 20 munud"},
		{"the next month", at(11, 30, 20, 0), at(12, 1, 6, 0), "06:00 tomorrow, in 10 hours", "06:00 yfory, ymhen 10 awr"},
		{"the next year", at(12, 31, 20, 0), time.Date(2027, 1, 1, 6, 0, 0, 0, london), "06:00 tomorrow, in 10 hours", "06:00 yfory, ymhen 10 awr"},
		{"clocks go forward", at(3, 28, 20, 0), at(3, 28, 20, 0).Add(10 * time.Hour), "07:00 tomorrow, in 10 hours", "07:00 yfory, ymhen 10 awr"},
		{"clocks go back", at(10, 24, 20, 0), at(10, 24, 20, 0).Add(10 * time.Hour), "05:00 tomorrow, in 10 hours", "05:00 yfory, ymhen 10 awr"},
		{"clocks have gone forward", at(3, 29, 0, 30), at(3, 29, 3, 0), "03:00, in 1 hour 30 minutes", "03:00, ymhen 1 awr 30 munud"},
		{"summer, when UTC has another date", at(7, 1, 14, 30), at(7, 2, 0, 30), "00:30 tomorrow, in 10 hours", "00:30 yfory, ymhen 10 awr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			time.Local = london
			t.Cleanup(func() { time.Local = time.UTC })
			state := signedInState()
			state.SignedInAt, state.ExpiresAt = c.now.UTC(), c.end.UTC()
			for language, want := range map[string]string{english: c.english + removed, "cy": c.welsh + tynnu} {
				w := newWorld(t, Settings{Language: language})
				w.now = c.now
				w.Show(state)
				require.Contains(t, w.texts(), want)
			}
			speak(t, english)
		})
	}
	t.Run("the warning too, until midnight", func(t *testing.T) {
		w := newWorld(t, Settings{})
		state := endsSoonState()
		state.SignedInAt, state.ExpiresAt = morning.Add(5*time.Hour), time.Date(2026, 11, 21, 0, 2, 0, 0, time.UTC)
		w.now = state.ExpiresAt.Add(-5 * time.Minute)
		w.Show(state)
		require.Contains(t, w.texts(), "Your session ends at 00:02 tomorrow")
		w.now = state.ExpiresAt.Add(-time.Minute)
		w.tick()
		require.Contains(t, w.texts(), "Your session ends at 00:02")
		require.Contains(t, w.texts(), "00:02, in 1 minute, or when you remove your smartcard")
	})
}

// TestTimers uses real timers. One that was stopped does nothing, even if it has passed already: a
// screen that was left would go on ticking beside the next one.
func TestTimers(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w, passed, queued := newWorld(t, Settings{}), make(chan struct{}), make(chan func())
	w.do = func(todo func()) { queued <- todo }
	w.doAfter(time.Millisecond, func() { close(passed) })
	(<-queued)()
	<-passed
	stop := w.doAfter(0, func() { t.Error("it was stopped") })
	late := <-queued
	stop()
	late()
	w.doAfter(time.Hour, func() {})()
}

// TestHeader: the signed-in user is shown as long as that is true.
func TestHeader(t *testing.T) {
	const number = "User 5550 2096 4101"
	w := newWorld(t, Settings{})
	for _, c := range []struct {
		name  string
		state signin.State
		shown bool
	}{
		{"choosing", choosingState(fiveRoles(), nil), true},
		{"selecting", workingState(signin.Selecting, signin.NotEnded), true},
		{"signed in", signedInState(), true},
		{"ending", workingState(signin.Ending, signin.SignedOut), true},
		{"waiting", waitingState(hscn.MissingIntent, signin.SignedOut), false},
	} {
		w.Show(c.state)
		assert.Equal(t, c.shown, contains(w.texts(), number), c.name)
		assert.Equal(t, c.shown, contains(w.texts(), gpUser.Name), c.name)
	}
	require.Equal(t, "1234", grouped("1234"))
	require.Equal(t, "55502096410X", grouped("55502096410X"))
}

func contains(texts []string, wanted string) bool {
	for _, text := range texts {
		if text == wanted {
			return true
		}
	}
	return false
}

// TestStatusBar: every state of each part has words and an icon of its own, since some users cannot
// distinguish green from red.
func TestStatusBar(t *testing.T) {
	icons := map[fyne.Resource]bool{}
	said := map[string]bool{}
	for _, health := range []signin.Health{signin.HealthUnknown, signin.HealthGood, signin.HealthAttention, signin.HealthBad} {
		icons[statusIcon(health)] = true
		for _, text := range []string{linkWords[health].ers, linkWords[health].keyring} {
			require.False(t, said[text], "%q is said of two states", text)
			said[text] = true
		}
	}
	require.Len(t, icons, 4)
	require.Equal(t, iconGood, statusIcon(signin.HealthGood))
	require.Equal(t, "Sign-in not checked yet", proofWords(signin.Link{}), "no platform is known yet")
	require.Equal(t, "No smartcard reader", proofWords(signin.Link{Health: signin.HealthAttention, Text: "No smartcard reader"}))
}

// TestDemonstration: the demonstration must not be taken for real.
func TestDemonstration(t *testing.T) {
	inserted := false
	w := newWorld(t, Settings{Demonstration: true, Simulator: []SimulatorItem{
		{Title: "Insert the card", Do: func() { inserted = true }},
		{},
		{Title: "Persona", Items: []SimulatorItem{{Title: "GP with five roles"}}},
	}})
	require.Equal(t, "e-RS Login (demonstration)", w.win.Title())
	require.Contains(t, w.texts(), "DEMONSTRATION")
	menu := w.win.MainMenu()
	require.Len(t, menu.Items, 1)
	require.Equal(t, "Simulator", menu.Items[0].Label)
	items := menu.Items[0].Items
	require.Len(t, items, 5)
	items[0].Action()
	require.True(t, inserted)
	require.True(t, items[1].IsSeparator)
	require.Equal(t, "GP with five roles", items[2].ChildMenu.Items[0].Label)
	require.True(t, items[4].IsQuit, "Fyne adds one of its own otherwise, which leaves without signing out")
	items[4].Action()
	requireIntents(t, w, signin.Quit{})

	w = newWorld(t, Settings{})
	require.Equal(t, "e-RS Login", w.win.Title())
	require.NotContains(t, w.texts(), "DEMONSTRATION")
	require.Nil(t, w.win.MainMenu())
}

// TestHelp opens and closes what to try first.
func TestHelp(t *testing.T) {
	const heading = "If you cannot sign in"
	w := newWorld(t, Settings{})
	w.win.Resize(fyne.NewSize(minWidth, minHeight))
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	require.NotContains(t, w.texts(), heading)
	w.press(fyne.KeyTab, fyne.KeyReturn)
	require.Contains(t, w.texts(), heading)
	box := w.screen.helps().box
	require.True(t, box.Visible())
	top, found := w.viewport.OffsetOf(box)
	require.True(t, found)
	require.LessOrEqual(t, top+box.Size().Height, w.viewport.Offset()+w.viewport.Object().Size().Height, "it is brought into view")
	require.Equal(t, "Hide help (F1)", w.focused())
	w.press(fyne.KeyReturn)
	require.NotContains(t, w.texts(), heading)
	require.Equal(t, "Help (F1)", w.focused())
}

func TestMarked(t *testing.T) {
	plain, bold := bodyStyle, boldStyle
	run := func(text string, style widgets.Style) widgets.Run { return widgets.Run{Text: text, Style: style} }
	for _, c := range []struct {
		text string
		want []widgets.Run
	}{
		{"Press **Try again**.", []widgets.Run{run("Press ", plain), run("Try again", bold), run(".", plain)}},
		{"**Sign in** again", []widgets.Run{run("Sign in", bold), run(" again", plain)}},
		{"No mark", []widgets.Run{run("No mark", plain)}},
		{"2 ** 3", []widgets.Run{run("2 ** 3", plain)}},
		{"", []widgets.Run{run("", plain)}},
	} {
		require.Equal(t, c.want, marked(c.text, plain, bold), c.text)
	}
}
