package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/ui/widgets"
)

// chain is Diagnostics with fixed results.
type chain struct {
	findings []named
	// hangs: the last result never comes.
	hangs bool
	runs  int
	last  diagnose.Incident
	saved int
	err   error
	lines int
}

type named struct {
	name string
	diagnose.Finding
}

func (c *chain) Names() []string {
	var names []string
	for _, f := range c.findings {
		names = append(names, f.name)
	}
	return names
}

func (c *chain) Run(ctx context.Context, last diagnose.Incident, progress func(int, diagnose.Finding)) DiagnosticsResult {
	c.runs++
	c.last = last
	for i, f := range c.findings {
		if c.hangs && i == len(c.findings)-2 {
			break
		}
		progress(i, f.Finding)
	}
	if c.hangs {
		<-ctx.Done()
		return DiagnosticsResult{}
	}
	return DiagnosticsResult{Report: "OK  Clock  It is right.\n", Bundle: func(context.Context) (Bundle, error) {
		if c.err != nil {
			return Bundle{}, c.err
		}
		log := strings.Repeat(`{"level":"info","msg":"drawn","screen":"waiting","time":"2026-11-20T08:42:00Z","version":"1.0.0"}`+"\n", max(6, c.lines))
		return Bundle{Path: "/home/ann/Downloads/ers-login-support.zip", Files: []diagnose.File{
			{Name: "about.txt", Content: []byte("Support bundle of e-RS Login 1.0.0\n\nMasked in all files: tickets, session keys\n")},
			{Name: "settings.toml", Content: []byte("base_url = \"https://api.example.nhs.uk/ers-api\"  # the user's file\nasid = \"\"  # built-in default\n")},
			{Name: "log/ers-login.log", Content: []byte(log)},
		}, Save: func() error { c.saved++; return c.err }}, nil
	}}
}

func goodChain() []named {
	said := func(name, said string, args map[string]string) named {
		return named{name, diagnose.Finding{State: diagnose.OK, Said: said, Args: args}}
	}
	return []named{
		said("Smartcard reader", "{{.Count}} connected: {{.Names}}.", map[string]string{"Count": "1", "Names": "OMNIKEY 3121"}),
		said("Smartcard", "There is a card in the reader.", nil),
		said("Smartcard sign-in", "A smartcard is signed in.", nil),
		said("Clock", "This computer's clock is right, to within 1 second.", nil),
		said("Secure storage (keyring)", "A test entry was written, read back and removed.", nil),
	}
}

func brokenChain() []named {
	list := goodChain()
	list[0].Finding = diagnose.Finding{State: diagnose.Failed, Said: "No smartcard reader is connected.", Problem: smartcard.ReaderNotAvailable.Problem()}
	list[1].Finding = diagnose.Finding{State: diagnose.Skipped, Said: "The reader could not be checked, so the card could not be checked either."}
	list[3].Finding = diagnose.Finding{State: diagnose.Attention, Said: "This computer's clock and e-RS differ by {{.Minutes}} minutes.",
		Args: map[string]string{"Minutes": "7"}, Problem: clockWrong}
	return list
}

// clockWrong is the Problem of a clock seven minutes ahead.
var clockWrong = (&problem.Problem{
	Code:     "CLOCK-WRONG",
	Title:    "This computer's clock is wrong",
	Happened: "When this computer's clock showed {{.Now}}, it was {{.Theirs}} by the clock of e-RS.",
	Steps: []string{
		"Ask your local service desk to correct the date, time and time zone on this computer. Quote the reference below. " +
			"Until then, times shown here are wrong and signing in may fail.",
	},
}).With("Now", "30 November 2026 09:07 UTC").With("Theirs", "30 November 2026 09:00 UTC")

// seen reports whether a text is in the window.
func (w *world) seen(text string) bool {
	for _, object := range w.heard() {
		if a, ok := object.CanvasObject.(fyne.Accessible); ok && strings.Contains(a.AccessibilityLabel(), text) {
			return true
		}
	}
	return false
}

// A user finds out what is wrong and what to do, from any screen.
func TestDiagnosticsWorkFromEveryScreen(t *testing.T) {
	for _, state := range []signin.State{
		workingState(signin.Starting, signin.NotEnded), waitingState(hscn.MissingCard, signin.NotEnded),
		workingState(signin.Prompting, signin.NotEnded), workingState(signin.SigningIn, signin.NotEnded),
		choosingState(fiveRoles(), &triage), workingState(signin.Selecting, signin.NotEnded), signedInState(), failedState(notAccepted),
	} {
		t.Run(state.Phase.String(), func(t *testing.T) {
			looked := &chain{findings: brokenChain()}
			w := newWorld(t, Settings{Diagnostics: looked})
			w.Show(state)
			w.press(fyne.KeyF9)
			require.Equal(t, 1, looked.runs)
			require.True(t, w.seen("Smartcard reader: Failed"))
			require.True(t, w.seen("differ by 7 minutes"))
			require.True(t, w.seen("CARD-READER_NOT_AVAILABLE"))
			require.True(t, w.seen("1 thing is not working. See what to do below."))
			w.press(fyne.KeyEscape)
			require.False(t, w.seen("Smartcard reader: Failed"))
			require.Nil(t, w.over)
			require.Equal(t, []signin.Intent{signin.Look{}}, w.took(), "the status bar must not contradict it; looking does nothing else")
		})
	}
}

// Changes of the session meanwhile must not be missed.
func TestDiagnosticsGiveWayToASession(t *testing.T) {
	for name, c := range map[string]struct {
		before, after signin.State
		stays         bool
	}{
		"roles to choose from":  {waitingState(hscn.MissingCard, signin.NotEnded), choosingState(fiveRoles(), nil), false},
		"a session that ends":   {signedInState(), workingState(signin.Ending, signin.CardRemoved), false},
		"five minutes left":     {signedInState(), endsSoonState(), false},
		"still being got ready": {workingState(signin.Starting, signin.NotEnded), waitingState(hscn.MissingAgent, signin.NotEnded), true},
		"a problem":             {waitingState(hscn.MissingCard, signin.NotEnded), failedState(notAccepted), true},
		"a card put in":         {waitingState(hscn.MissingReader, signin.NotEnded), waitingState(hscn.MissingCard, signin.NotEnded), true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Diagnostics: &chain{findings: goodChain()}})
			w.Show(c.before)
			w.press(fyne.KeyF9)
			w.Show(c.after)
			require.Equal(t, c.stays, w.over != nil)
			w.press(fyne.KeyEscape)
			require.Nil(t, w.over)
			c.after.Words = w.last.Words
			require.True(t, w.screen.update(c.after), "the screen is that of the newest state")
		})
	}
}

// A run that was left is ended, and reports nothing into the next one.
func TestDiagnosticsThatAreLeftAreEnded(t *testing.T) {
	looked := &waitingChain{started: make(chan context.Context, 2)}
	w := newWorld(t, Settings{Diagnostics: looked})
	var late []func()
	w.aside = func(run func()) { late = append(late, run) }
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	require.True(t, w.seen("Clock: Checking…"))
	w.press(fyne.KeyEscape, fyne.KeyF9)
	require.Len(t, late, 2)
	late[0]()
	require.Error(t, (<-looked.started).Err())
	require.True(t, w.seen("Clock: Checking…"), "that was the run before")
	late[1]()
	require.NoError(t, (<-looked.started).Err())
	w.unfold()
	require.True(t, w.seen("Clock: OK"))
	w.Stop()
}

type waitingChain struct{ started chan context.Context }

func (*waitingChain) Names() []string { return []string{"Clock"} }

func (c *waitingChain) Run(ctx context.Context, _ diagnose.Incident, progress func(int, diagnose.Finding)) DiagnosticsResult {
	c.started <- ctx
	progress(0, diagnose.Finding{State: diagnose.OK})
	progress(7, diagnose.Finding{State: diagnose.Failed}) // a row that does not exist
	return DiagnosticsResult{}
}

func TestDiagnosticsRunAgainAndAreCopied(t *testing.T) {
	looked := &chain{findings: brokenChain()}
	w := newWorld(t, Settings{Diagnostics: looked})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	require.Equal(t, "Check again", w.focused())
	looked.findings = goodChain()
	w.press(fyne.KeyReturn)
	require.Equal(t, 2, looked.runs)
	require.True(t, w.seen("We found no problems."))
	require.False(t, w.seen("CARD-READER_NOT_AVAILABLE"))
	require.Equal(t, "Back", w.focused(), "there is nothing more to do here")
	w.press(fyne.KeyTab, fyne.KeyTab, fyne.KeySpace)
	require.Equal(t, "Report copied", w.focused())
	require.Equal(t, "e-RS Login 1.0.0\nTime: 20 November 2026 08:42:00 UTC\n\nOK  Clock  It is right.\n", w.app.Clipboard().Content())
}

// One fault is not "parts", in either language, and a sentence with a number is grammatical.
func TestDiagnosticsCountInWords(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, c := range []struct {
		bad, attention int
		stopped        bool
		english, welsh string
	}{
		{0, 0, false, "We found no problems.", "Ni chawsom hyd i unrhyw broblemau."},
		{0, 1, true, "1 thing needs attention.", "Mae angen sylw ar 1 peth."},
		{0, 3, true, "3 things need attention.", "Mae angen sylw ar 3 o bethau."},
		{0, 1, false, "1 thing needs attention. You can still sign in.", "Mae angen sylw ar 1 peth. Gallwch fewngofnodi o hyd."},
		{0, 3, false, "3 things need attention. You can still sign in.", "Mae angen sylw ar 3 o bethau. Gallwch fewngofnodi o hyd."},
		{1, 2, false, "1 thing is not working. See what to do below.", "Nid yw 1 peth yn gweithio. Gweler isod beth i'w wneud."},
		{2, 0, false, "2 things are not working. See what to do below.", "Nid yw 2 o bethau yn gweithio. Gweler isod beth i'w wneud."},
	} {
		require.NoError(t, UseLanguage(english))
		require.Equal(t, c.english, summaryOf(c.bad, c.attention, c.stopped))
		require.NoError(t, UseLanguage("cy"))
		require.Equal(t, c.welsh, summaryOf(c.bad, c.attention, c.stopped))
	}
}

// TestTheCheckAgreesWithThePage: for a user whose card is blocked, the check does not say that they can
// sign in, whether the page of a problem or the waiting page says so.
func TestTheCheckAgreesWithThePage(t *testing.T) {
	noCard := goodChain()
	noCard[2].Finding = diagnose.Finding{State: diagnose.Attention, Said: "No smartcard is signed in.", Problem: smartcard.TicketNotAvailable.Problem()}
	waiting := waitingState(hscn.MissingPasscode, signin.NotEnded)
	for name, c := range map[string]struct {
		state signin.State
		stops bool
	}{
		"a page":     {failedState(blocked), true},
		"a step":     {noticed(waiting, true), false},
		"no problem": {waiting, false},
		"in its step": {func() signin.State {
			s := waiting
			s.Notices = []signin.Notice{{Problem: blocked, Instead: true}}
			return s
		}(), true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Diagnostics: &chain{findings: noCard}})
			w.Show(c.state)
			w.press(fyne.KeyF9)
			require.Equal(t, c.stops, w.seen("Last problem: Your smartcard is blocked"))
			require.Equal(t, c.stops, w.problem.Card, "the check of the card says so too")
			require.Equal(t, !c.stops, w.seen("You can still sign in."))
		})
	}
}

// TestTheCheckOfASessionThatCannotBeUsed: the page, the check and what is copied from it say the
// same.
func TestTheCheckOfASessionThatCannotBeUsed(t *testing.T) {
	removed := &problem.Problem{Code: "KEYRING-REMOVED", Title: "Another program has signed your applications out of e-RS"}
	looked := &chain{findings: goodChain()}
	w := newWorld(t, Settings{Diagnostics: looked})
	w.Show(signedInState())
	require.True(t, w.seen("You can use your other e-RS applications now."))
	state := signedInState()
	state.Notices = []signin.Notice{{Problem: removed, Session: true}}
	w.Show(state)
	require.False(t, w.seen("You can use your other e-RS applications now."))
	require.True(t, w.seen("Your other e-RS applications cannot use this session at the moment."))
	w.press(fyne.KeyF9)
	require.False(t, w.seen("We found no problems."))
	require.True(t, w.seen("The last problem is below."))
	require.True(t, w.seen("Last problem: "+removed.Title))
	require.Equal(t, "Service provider clinician at NHST_X3 (R01), SERVICE_PROVIDER_CLINICIAN", w.problem.Role)
	require.True(t, w.seen(w.problem.Role))
	other := &problem.Problem{Code: "KEYRING-OTHER", Title: "Another program has replaced your e-RS session"}
	state.Notices = []signin.Notice{{Problem: other, Session: true}}
	w.Show(state)
	require.True(t, w.seen("Last problem: "+other.Title), "the page follows")
	require.Equal(t, 2, looked.runs)
	w.Show(state)
	require.Equal(t, 2, looked.runs)
	w.press(fyne.KeyEscape)
	w.Show(signedInState())
	require.True(t, w.seen("You can use your other e-RS applications now."))
}

// After a run Enter does what comes next, and the focus does not leave a control in use.
func TestDiagnosticsEndWithTheFocus(t *testing.T) {
	start := func(t *testing.T, findings []named) (*world, *func()) {
		t.Helper()
		w := newWorld(t, Settings{Diagnostics: &chain{findings: findings}})
		w.win.Resize(least)
		w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
		var run func()
		w.aside = func(f func()) { run = f }
		w.press(fyne.KeyF9)
		require.Empty(t, w.focused(), "an Enter too many does nothing while it looks")
		return w, &run
	}
	t.Run("something is wrong", func(t *testing.T) {
		w, run := start(t, brokenChain())
		(*run)()
		require.Equal(t, "Check again", w.focused())
	})
	t.Run("all is well", func(t *testing.T) {
		w, run := start(t, goodChain())
		(*run)()
		require.Equal(t, "Back", w.focused())
		w.press(fyne.KeyReturn)
		require.Nil(t, w.over)
	})
	t.Run("the user has gone to Back meanwhile", func(t *testing.T) {
		w, run := start(t, brokenChain())
		w.press(fyne.KeyTab)
		require.Equal(t, "Back", w.focused())
		(*run)()
		require.Equal(t, "Back", w.focused())
	})
	t.Run("the user reads further down", func(t *testing.T) {
		w, run := start(t, append(brokenChain(), brokenChain()...))
		w.aside = func(f func()) { f() }
		(*run)()
		w.win.Canvas().Unfocus()
		w.viewport.ScrollBy(300)
		before := w.viewport.Offset()
		require.Positive(t, before)
		page, ok := w.over.(*diagnostics)
		require.True(t, ok)
		page.finish(page.found)
		require.Equal(t, "Check again", w.focused())
		require.Equal(t, before, w.viewport.Offset())
	})
}

// The files' content can be read before it is handed on.
func TestTheBundleIsShownBeforeItIsSaved(t *testing.T) {
	looked := &chain{findings: goodChain(), lines: 20_000}
	w := newWorld(t, Settings{Diagnostics: looked})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	w.tabTo("Save a support file")
	w.press(fyne.KeyReturn)
	require.Zero(t, looked.saved)
	require.True(t, w.seen("base_url ="))
	page, shown := w.over.(*bundlePage)
	require.True(t, shown)
	require.Less(t, len(page.listing.Object().Objects), 200, "only what can be seen exists")
	w.press(fyne.KeyPageDown, fyne.KeyPageDown)
	require.True(t, w.seen(`"msg":"drawn"`))
	require.False(t, w.seen("base_url ="), "it has been scrolled away")
	require.Equal(t, "Save", w.focused())
	w.press(fyne.KeyReturn)
	require.Zero(t, looked.saved, "the button is shown first")
	requireInView(t, w)
	w.press(fyne.KeyReturn)
	require.Equal(t, 1, looked.saved)
	require.True(t, w.seen("Saved as /home/ann/Downloads/ers-login-support.zip"))
	require.Equal(t, "Open folder", w.focused())
	w.press(fyne.KeyReturn)
	require.Equal(t, "file:///home/ann/Downloads", w.app.opened)
	w.app.unopened = errors.New("nothing opens folders here")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen("The folder could not be opened. The file is saved as /home/ann/Downloads/ers-login-support.zip"))
	w.press(fyne.KeyTab, fyne.KeyReturn)
	require.Equal(t, "Path copied", w.focused())
	require.Equal(t, "/home/ann/Downloads/ers-login-support.zip", w.app.Clipboard().Content())
	w.press(fyne.KeyEscape)
	require.Equal(t, "Save a support file", w.focused(), "back where they came from")
	require.Equal(t, 1, looked.runs)
}

func TestABundleThatCannotBeMadeOrSavedSaysSo(t *testing.T) {
	full := &problem.Problem{Code: "DIAG-BUNDLE", Title: "The support file could not be saved"}
	looked := &chain{findings: goodChain(), err: full}
	w := newWorld(t, Settings{Diagnostics: looked})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	w.tabTo("Save a support file")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen("The support file could not be saved (DIAG-BUNDLE)"))
	looked.err = nil
	w.press(fyne.KeyReturn)
	require.True(t, w.seen("This is everything that will be saved."))
	looked.err = errors.New("disk on fire")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen(fmt.Sprintf("(%s)", problem.Unexpected.Code)))
	require.True(t, w.seen("Save"), "it can be tried again")
}

// What a user must act on is on top, and what works is out of the way: with fifteen rows, the one that
// has failed was below the fold of the window.
func TestDiagnosticsLeadToWhatFailed(t *testing.T) {
	list := append(goodChain(), brokenChain()[3], brokenChain()[0]) // attention comes before failed
	w := newWorld(t, Settings{Diagnostics: &chain{findings: list}})
	w.win.Resize(least)
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	text := strings.Join(w.texts(), "\n")
	failed, attention := strings.Index(text, "Smartcard reader: Failed"), strings.Index(text, "Clock: Needs attention")
	require.Positive(t, failed)
	require.Less(t, failed, attention)
	require.Less(t, attention, strings.Index(text, "5 parts are working."))
	require.NotContains(t, text, "Clock: OK")
	w.tabTo("5 parts are working. Show")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen("Clock: OK"))
	require.Equal(t, "5 parts are working. Hide", w.focused())
	w.press(fyne.KeyReturn)
	require.False(t, w.seen("Clock: OK"))
}

// TestDiagnosticsRememberTheProblem: a user who comes from an error must not read that all is well,
// and nothing of why they came.
func TestDiagnosticsRememberTheProblem(t *testing.T) {
	looked := &chain{findings: goodChain()}
	w := newWorld(t, Settings{Diagnostics: looked})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	require.False(t, w.seen("Last problem"))
	w.press(fyne.KeyF9)
	w.Show(failedState(notAccepted))
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	w.press(fyne.KeyF9)
	require.True(t, w.seen("Last problem: e-RS did not accept your smartcard sign-in"))
	require.True(t, w.seen("Reference ERS-A001-403  ·  20 November 2026 at 08:43"))
	require.Equal(t, diagnose.Incident{Problem: notAccepted, At: morning.Add(70 * time.Second)}, looked.last, "for the report")
	w.now = w.now.AddDate(0, 0, 1)
	w.press(fyne.KeyF9, fyne.KeyF9)
	require.True(t, w.seen("Reference ERS-A001-403  ·  20 November 2026 at 08:43"))
}

// TestKeysOpenAndClose: the key that opens a page closes it, and its links stay where they are.
func TestKeysOpenAndClose(t *testing.T) {
	w := newWorld(t, Settings{Preferences: preferencesOf(nil), Diagnostics: &chain{findings: goodChain()}})
	w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
	for _, c := range []struct {
		keys []fyne.KeyName
		sees string
	}{
		{[]fyne.KeyName{fyne.KeyF2}, "These settings are only for you, on this computer."},
		{[]fyne.KeyName{fyne.KeyF2}, "Insert your smartcard"},
		{[]fyne.KeyName{fyne.KeyF9}, "We found no problems."},
		{[]fyne.KeyName{fyne.KeyF2}, "These settings are only for you, on this computer."},
		{[]fyne.KeyName{fyne.KeyF9}, "We found no problems."},
		{[]fyne.KeyName{fyne.KeyF9}, "Insert your smartcard"},
		{[]fyne.KeyName{fyne.KeyF9, fyne.KeyF1}, "If you cannot sign in"},
		{[]fyne.KeyName{fyne.KeyF2, fyne.KeyF1}, "If you cannot sign in"},
	} {
		w.press(c.keys...)
		require.True(t, w.seen(c.sees), "%v", w.texts())
		for _, link := range []*widgets.Link{w.status.help, w.status.settings, w.status.diagnostics} {
			require.True(t, link.Visible(), c.keys)
		}
	}
	w.press(fyne.KeyF9)
	w.tabTo("Save a support file")
	w.press(fyne.KeyReturn)
	require.True(t, w.seen("This is everything that will be saved."))
	w.press(fyne.KeyF9)
	require.True(t, w.seen("We found no problems."), "back to the results")
}

// TestCopyingIsSaidForAMoment: "copied" must not stay, or a user cannot know whether a second press
// did anything; and no button may move away under the mouse.
func TestCopyingIsSaidForAMoment(t *testing.T) {
	for name, c := range map[string]struct {
		button, copied string
		open           func(*world)
	}{
		"details": {"Copy details", "Details copied", func(w *world) { w.Show(failedState(notAccepted)) }},
		"report":  {"Copy report", "Report copied", func(w *world) { w.press(fyne.KeyF9) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{Diagnostics: &chain{findings: goodChain()}})
			later := &waits{waiting: map[int]func(){}}
			w.after = later.after
			c.open(w)
			w.tabTo(c.button)
			control, is := w.win.Canvas().Focused().(fyne.CanvasObject)
			require.True(t, is)
			width := control.Size().Width
			for range 2 {
				w.press(fyne.KeyReturn)
				require.Equal(t, c.copied, w.focused())
				require.Equal(t, width, control.Size().Width)
			}
			require.Len(t, later.waiting, 1, "the second press begins anew")
			later.pass()
			require.Equal(t, c.button, w.focused())
			require.Equal(t, width, control.Size().Width)
		})
	}
}

// A cut line or an invisible letter would be handed on unseen.
func TestTheListingShowsEverything(t *testing.T) {
	listing := widgets.NewListing([]widgets.ListingPart{
		{Title: "a.txt", Text: strings.Repeat("0123456789", 50) + "\n\tx\x1b[31my\u202e\n"}, {Title: "b.txt", Text: "last"},
	})
	_ = newWorld(t, Settings{})
	box := listing.Object()
	box.Resize(fyne.NewSize(400, widgets.HeightFor(box, 400)))
	listing.Show(0, 4000)
	var said []string
	for _, object := range box.Objects {
		a, ok := object.(fyne.Accessible)
		require.True(t, ok)
		said = append(said, a.AccessibilityLabel())
	}
	all := strings.Join(said, "")
	assert.Contains(t, all, strings.Repeat("0123456789", 50))
	assert.Contains(t, all, "x\uFFFD[31my\uFFFD")
	assert.Contains(t, all, "b.txt"+"last")
}

// TestTheListingBreaksAtBlanks: a word cut in two is hard to read, and cannot be searched for.
func TestTheListingBreaksAtBlanks(t *testing.T) {
	word := strings.Repeat("word", 2)
	listing := widgets.NewListing([]widgets.ListingPart{{Title: "a.txt", Text: strings.Repeat(word+" ", 60)}})
	_ = newWorld(t, Settings{})
	box := listing.Object()
	box.Resize(fyne.NewSize(400, widgets.HeightFor(box, 400)))
	listing.Show(0, 4000)
	require.Greater(t, len(box.Objects), 5)
	for _, object := range box.Objects[1:] {
		a, ok := object.(fyne.Accessible)
		require.True(t, ok)
		for _, part := range strings.Fields(a.AccessibilityLabel()) {
			if part != "–" {
				require.Equal(t, word, part)
			}
		}
	}
}
