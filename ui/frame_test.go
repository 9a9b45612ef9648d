package ui

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// TestTheFrameStandsStill: between screens only the page changes. A jump by a few points looks like
// a fault.
func TestTheFrameStandsStill(t *testing.T) {
	for name, settings := range map[string]Settings{
		"the window alone": {},
		"all there is":     {Preferences: preferencesOf(nil), Diagnostics: &chain{findings: goodChain()}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, settings)
			bar := w.status.box.Position().Y
			for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), workingState(signin.Prompting, signin.NotEnded),
				choosingState(fiveRoles(), &triage), signedInState(), failedState(notAccepted)} {
				w.Show(state)
				assert.Equal(t, bar, w.status.box.Position().Y, "%s", state.Phase)
			}
		})
	}
}

// TestWhoseSessionItIs: on a shared computer, name and number in the header show users that the
// session is theirs and not a colleague's. An ellipsis is only for names longer than any real one.
func TestWhoseSessionItIs(t *testing.T) {
	slowUnderRace(t)
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, scale := range []float32{0.8, 1, 1.25, 1.5, 2} {
		for _, language := range assets.Languages {
			for _, demonstration := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s at %v, demonstration %v", language, scale, demonstration), func(t *testing.T) {
					w := newWorld(t, Settings{Language: language, TextScale: scale, Demonstration: demonstration})
					test := inTest(signin.State{}).Environment
					for _, size := range []fyne.Size{least, initial} {
						w.win.Resize(size)
						for _, name := range []string{"SA Assurance GP-Card", "Meredith Anne Okonkwo-Pritchard", ""} {
							state := signedInState()
							state.User.Name, state.Environment = name, test
							w.Show(state)
							for _, text := range []*widgets.Text{w.header.name, w.header.user} {
								require.False(t, text.Cut(text.Size().Width), "%v: %q is cut", size, text)
							}
							require.Contains(t, w.header.user.String(), "5550 2096 4101")
							require.LessOrEqual(t, w.header.user.MinSize().Width, w.header.user.Size().Width,
								"%v: the number is in two lines", size)
							requireNothingOverlaps(t, w)
						}
					}
				})
			}
		}
	}
}

// TestPanelsBeginAtOneHeight: the panels of a session, a Problem and the settings begin at one
// height.
func TestPanelsBeginAtOneHeight(t *testing.T) {
	w := newWorld(t, Settings{})
	top := func() float32 {
		return objectOf(t, w, func(*widgets.Face) bool { return true }).at.Y
	}
	w.Show(failedState(notAccepted))
	problem := top()
	w.Show(signedInState())
	require.Equal(t, problem, top())
	w.Show(endsSoonState())
	require.Equal(t, problem, top(), "the warning")
}

// TestTheUsualScreensDoNotScroll: five roles, and the settings, are visible at once in the window's
// first size, the way out included.
func TestTheUsualScreensDoNotScroll(t *testing.T) {
	w := newWorld(t, Settings{Preferences: preferencesOf(nil), Favourites: favouritesOf()})
	w.win.Resize(initial)
	fits := func() {
		t.Helper()
		require.LessOrEqual(t, widgets.HeightFor(w.viewport.Object().Objects[1], initial.Width), w.viewport.Object().Size().Height)
	}
	w.Show(choosingState(fiveRoles(), &triage))
	fits()
	requireNothingOverlaps(t, w)
	w.press(fyne.KeyF2)
	fits()
	w.press(fyne.KeyEscape)
	w.Show(signedInState())
	fits()
}

// TestDiagnosticsInTheStatusBar: the mouse can open and close what F9 does, from every screen.
func TestDiagnosticsInTheStatusBar(t *testing.T) {
	w := newWorld(t, Settings{Diagnostics: &chain{findings: brokenChain()}})
	w.Show(waitingState(hscn.MissingReader, signin.NotEnded))
	require.True(t, w.status.diagnostics.Visible())
	w.status.diagnostics.Tapped(&fyne.PointEvent{})
	_, open := w.over.(*diagnostics)
	require.True(t, open)
	require.True(t, w.status.diagnostics.Visible(), "it closes what it has opened")
	said := strings.Join(w.texts(), "\n")
	require.Contains(t, said, "Press Check again.", "the button is not called Try again here")
	require.NotContains(t, said, "Try again")
	w.status.diagnostics.Tapped(&fyne.PointEvent{})
	require.Nil(t, w.over)

	w = newWorld(t, Settings{})
	w.Show(waitingState(hscn.MissingReader, signin.NotEnded))
	require.False(t, w.status.diagnostics.Visible())
}

// TestTheStatusBarAgreesWithThePage: two parts of one window must not contradict each other about
// the Identity Agent.
func TestTheStatusBarAgreesWithThePage(t *testing.T) {
	w := newWorld(t, Settings{})
	w.Show(waitingState(hscn.MissingAgent, signin.NotEnded))
	require.Contains(t, w.texts(), "The NHS Identity Agent is not installed")
	require.Contains(t, strings.Join(w.texts(), "\n"), "Identity Agent not installed")
	require.NotContains(t, strings.Join(w.texts(), "\n"), "not answering")
}

// TestLoudNoticesComeFirst: the help begins with the text of the band above it.
func TestLoudNoticesComeFirst(t *testing.T) {
	var codes []string
	for _, n := range notices(noticed(signedInState(), true)) {
		codes = append(codes, n.Problem.Code)
	}
	require.Equal(t, []string{auditFull.Code, certificateEnds.Code, noReaders.Code}, codes)
}

// TestThePictureGivesWay: in a small window at a large size, text has priority over the picture.
func TestThePictureGivesWay(t *testing.T) {
	picture := func(w *world) bool {
		for _, object := range w.objects() {
			if p, is := object.CanvasObject.(*widgets.Picture); is && p.Size().Height == pictureSize.Height {
				return true
			}
		}
		return false
	}
	for _, state := range []signin.State{workingState(signin.SigningIn, signin.NotEnded), workingState(signin.Ending, signin.SignedOut),
		waitingState(hscn.MissingCard, signin.NotEnded)} {
		w := newWorld(t, Settings{TextScale: 2, Diagnostics: &chain{}})
		w.win.Resize(fyne.NewSize(1400, 1400))
		w.Show(state)
		require.True(t, picture(w), "%s", state.Phase)
		w.win.Resize(least)
		require.False(t, picture(w), "%s", state.Phase)
	}
}
