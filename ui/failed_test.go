package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// TestProblemTexts: what a user reads, does, and passes on to a service desk.
func TestProblemTexts(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(failedState(notAccepted))
	for _, text := range []string{
		"e-RS did not accept your smartcard sign-in",
		"Your smartcard session may have ended while this window was open.",
		"What you can do",
		"1.\u00a0Remove your smartcard and insert it again.",
		"2.\u00a0Enter your passcode, then press Try again.",
		"3.\u00a0If it happens again, contact your local service desk and quote the reference below.",
		"Reference ERS-A001-403  ·  20 November 2026 at 08:43",
		"e-RS answered 403 Forbidden to A001",
		"Try again",
		"Copy details",
	} {
		require.Contains(t, w.texts(), text)
	}
	for _, text := range w.texts() {
		require.NotContains(t, text, "AQIC5wM2LY4Sfcyw", "the cause is not shown")
	}
}

// TestWayOnWithoutRetry: if trying again does not help, there is still a way on once the cause has
// gone.
func TestWayOnWithoutRetry(t *testing.T) {
	w := newWorld(t, Settings{})
	final := *notAccepted
	final.Retry, final.Steps = false, nil
	w.Show(failedState(&final))
	require.Contains(t, w.texts(), "1.\u00a0Contact your local service desk and quote the reference below.")
	require.Equal(t, "Copy details", w.focused(), "it is for the service desk")
	w.press(fyne.KeyTab)
	require.Equal(t, "Try again", w.focused())
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.TryAgain{})
}

// TestProblemWithoutProblem: a bug elsewhere must not leave a user with an empty screen, or without a window.
func TestProblemWithoutProblem(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(failedState(nil))
	require.Contains(t, w.texts(), problem.Unexpected.Title)
	w.Show(failedState(nil))
	require.Contains(t, w.texts(), problem.Unexpected.Title)
}

// TestCopyDetails: text pasted into a mail to a service desk must not reveal the session.
func TestCopyDetails(t *testing.T) {
	const secret = "AQIC5wM2LY4Sfcyw"
	copied := func(t *testing.T, settings Settings) string {
		t.Helper()
		w := newWorld(t, settings)
		w.Show(failedState(notAccepted))
		w.press(fyne.KeyTab, fyne.KeyReturn)
		require.Equal(t, "Details copied", w.focused(), "the user sees that")
		return w.app.Clipboard().Content()
	}
	t.Run("without redaction no cause", func(t *testing.T) {
		text := copied(t, Settings{})
		require.Equal(t, strings.Join([]string{
			"e-RS Login 1.0.0",
			"Reference: ERS-A001-403",
			"Time: 20 November 2026 08:43:10 UTC",
			"e-RS did not accept your smartcard sign-in",
			"Your smartcard session may have ended while this window was open.",
			"e-RS answered 403 Forbidden to A001",
			"What you can do:",
			"1. Remove your smartcard and insert it again.",
			"2. Enter your passcode, then press Try again.",
			"3. If it happens again, contact your local service desk and quote the reference below.",
			"For the service desk:",
			"1. " + notAccepted.ServiceDesk[0],
			"2. " + notAccepted.ServiceDesk[1],
			"",
		}, "\n"), text)
	})
	t.Run("the role that was refused", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(failedFor(roleRefused, triage))
		require.Contains(t, w.texts(), "Service provider clinician at NHST_X3 (R01)")
		pressButton(t, w, "Copy details")
		require.Contains(t, w.app.Clipboard().Content(), "\nRole: Service provider clinician at NHST_X3 (R01), SERVICE_PROVIDER_CLINICIAN\n")
	})
	t.Run("with redaction a redacted cause", func(t *testing.T) {
		text := copied(t, Settings{Redact: func(text string) string { return strings.ReplaceAll(text, secret, "[ticket]") }})
		require.Contains(t, text, "Cause: 403 from https://api.example/v1 for [ticket]\n")
		require.NotContains(t, text, secret)
	})
}

// TestTheClockOnTheWall: a user reads the time to a service desk as their own clock has it, from March
// to October too; what is copied can be compared with logs.
func TestTheClockOnTheWall(t *testing.T) {
	time.Local = time.FixedZone("BST", 3600)
	defer func() { time.Local = time.UTC }()
	w := newWorld(t, Settings{})
	w.Show(failedState(notAccepted))
	require.Contains(t, w.texts(), "Reference ERS-A001-403  ·  20 November 2026 at 09:43")
	w.press(fyne.KeyTab, fyne.KeyReturn)
	require.Contains(t, w.app.Clipboard().Content(), "Time: 20 November 2026 08:43:10 UTC\n")
}

// TestWhatIsForTheServiceDesk: the first user of a computer reads one step, and the service desk gets
// the list, on the page and in the copied details.
func TestWhatIsForTheServiceDesk(t *testing.T) {
	w := newWorld(t, Settings{})
	err := config.Config{}.RequireReal()
	require.Error(t, err)
	w.Show(signin.State{Phase: signin.Failed, Problem: problem.Of(err), ProblemAt: morning})
	texts := w.texts()
	for _, text := range []string{
		"e-RS Login is not set up on this computer", "3 settings are missing or not valid.",
		"1.\u00a0Contact your local service desk and quote the reference below.", "For the service desk",
	} {
		require.Contains(t, texts, text)
	}
	desk := slices.Index(texts, "For the service desk")
	for i, text := range texts {
		if strings.Contains(text, "base_url is missing") {
			require.Greater(t, i, desk)
		}
	}
	require.Less(t, slices.Index(texts, "Copy details"), desk, "the buttons are in view")
	require.Equal(t, "Copy details", w.focused())
	require.False(t, w.seen("not checked yet"), "nothing is checked, and nothing will be")
	w.press(fyne.KeyReturn)
	require.Contains(t, w.app.Clipboard().Content(), "For the service desk:\n1. The setting base_url is missing. Give the whole address")
}

// TestAButtonSaysWhereItLeads: a refused role leads to the list of roles, and a session that e-RS did
// not confirm to be closed needs no further sign-in.
func TestAButtonSaysWhereItLeads(t *testing.T) {
	for code, c := range map[string]struct{ button, step string }{
		"ERS-A002-403": {"Choose another role", "1.\u00a0If you have another role, press Choose another role."},
		"ERS-A002-412": {"Choose another role", "1.\u00a0If you have another role, press Choose another role."},
		"ERS-A002-503": {"Try again", "1.\u00a0Wait a minute, then press Try again."},
		"ERS-A001-403": {"Try again", "2.\u00a0Enter your passcode, then press Try again."},
		"ERS-A003-500": {"Done", "2.\u00a0Press Done. e-RS Login asks e-RS again to close the session."},
	} {
		t.Run(code, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(failedState(problemOf(hscn.StatusProblems(), code)))
			require.Contains(t, w.texts(), c.step)
			require.Equal(t, c.button, w.focused())
			w.press(fyne.KeyReturn)
			requireIntents(t, w, signin.TryAgain{})
		})
	}
}

func TestTranslatedProblem(t *testing.T) {
	p := (&problem.Problem{Code: "X", Title: "About {{.Name}}", Cause: errors.New("x")}).With("Name", "{{.Other}} & <b>")
	require.Equal(t, "About {{.Other}} & <b>", translated(p, p.Title), "a value from outside is text, and no template")
	require.Equal(t, p.Expand(p.Title), translated(p, p.Title))
	require.Equal(t, "No mark", translated(p, "No mark"))
}

// Untrusted words, such as a refused certificate's, are never part of a sentence of ours: they have
// their own line, wherever a Problem is shown.
func TestWordsOfOthersHaveALineOfTheirOwn(t *testing.T) {
	p := (&problem.Problem{
		Code: "X", Title: "A title", Happened: "It happened.", Quoted: "Message from e-RS: {{.Outcome}}", Steps: []string{"Do this."}, Retry: true,
	}).With("Outcome", "Ring \u202e0800")
	const line = "Message from e-RS: Ring 0800"
	w := newWorld(t, Settings{Redact: func(text string) string { return text }})
	w.Show(failedState(p))
	require.Contains(t, w.texts(), line)
	require.Contains(t, w.texts(), "It happened.")
	w.press(fyne.KeyTab, fyne.KeyReturn)
	require.Contains(t, w.app.Clipboard().Content(), "\nIt happened.\n"+line+"\n")
	said := Spoken(p)
	require.Equal(t, line, said.Quoted)
	w.Show(signin.State{Phase: signin.Waiting, Since: morning, Links: allGood, Notices: []signin.Notice{{Problem: p}}})
	w.press(fyne.KeyF1)
	require.Contains(t, w.texts(), line)
}
