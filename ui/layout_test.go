package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui/widgets"
)

// inEachSize opens a window with all options in each size, text size and language.
func inEachSize(t *testing.T, check func(t *testing.T, w *world, size fyne.Size, scale float32)) {
	t.Helper()
	slowUnderRace(t)
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, language := range assets.Languages {
		for _, scale := range []float32{1, 2} {
			for _, size := range []fyne.Size{least, display, initial, full} {
				t.Run(fmt.Sprintf("%s at %v in %vx%v", language, scale, size.Width, size.Height), func(t *testing.T) {
					store := preferencesOf(nil)
					store.wish(language, Light, scale)
					w := newWorld(t, Settings{Preferences: store, Diagnostics: &chain{findings: goodChain()}, Favourites: favouritesOf()})
					w.win.Resize(size)
					check(t, w, size, scale)
				})
			}
		}
	}
}

// everyScreen are states with each kind of screen, and with each length of what the bars show.
func everyScreen() []signin.State {
	bad := failedState(notAccepted)
	bad.Links = signin.Links{Proof: signin.Link{Health: signin.HealthBad, Text: "Identity Agent not answering"},
		ERS: signin.HealthAttention, Keyring: signin.HealthBad}
	return []signin.State{waitingState(hscn.MissingUnknown, signin.NotEnded), waitingState(hscn.MissingCard, signin.NotEnded),
		waitingState(hscn.MissingAgent, signin.NotEnded), waitingState(hscn.MissingReader, signin.NotEnded),
		workingState(signin.Prompting, signin.NotEnded), workingState(signin.SigningIn, signin.NotEnded), choosingState(fiveRoles(), &triage),
		workingState(signin.Selecting, signin.NotEnded), signedInState(), endsSoonState(), failedState(notAccepted), bad,
		workingState(signin.Ending, signin.SignedOut)}
}

// TestASmallDisplay: a display of 720 by 540 has room for the window, with the demonstration's menu
// and the desktop's title bar, whose heights were measured.
func TestASmallDisplay(t *testing.T) {
	const titleBar = 28
	for scale, menu := range map[float32]float32{0.8: 32, 1: 32, 2: 52} {
		w := newWorld(t, Settings{Demonstration: true, TextScale: scale})
		require.LessOrEqual(t, w.frame.MinSize().Height+menu+titleBar, float32(540), "at %v", scale)
		require.LessOrEqual(t, w.frame.MinSize().Width, float32(720))
	}
}

// TestHelpFromItsTop: help is read from its first line, also when the strip leads to help that is open
// and was read to its end.
func TestHelpFromItsTop(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		fromItsTop := func(phase signin.Phase) {
			t.Helper()
			box, view := w.screen.helps().box, w.viewport.Object().Size().Height
			require.True(t, box.Visible())
			top, found := w.viewport.OffsetOf(box)
			require.True(t, found)
			top -= w.viewport.Offset()
			assert.GreaterOrEqual(t, top, float32(0), phase)
			assert.True(t, top <= 24 || top+box.Size().Height <= view, "%s: it begins at %v of %v", phase, top, view)
		}
		for _, state := range everyScreen() {
			w.Show(noticed(state, true))
			if h := w.screen.helps(); h == nil || !h.available() {
				continue
			}
			w.press(fyne.KeyF1)
			fromItsTop(state.Phase)
			if w.notices.whatToDo.Visible() && w.notices.box.Visible() {
				w.viewport.ScrollBy(unbounded)
				w.notices.whatToDo.Tapped(&fyne.PointEvent{})
				fromItsTop(state.Phase)
			}
			w.press(fyne.KeyF1)
		}
	})
}

// span returns the left and right ends of what is on a part of the window, without its ground.
func span(t *testing.T, part fyne.CanvasObject) (left, right float32) {
	t.Helper()
	left, right = 1e6, 0
	for _, object := range walk(part, fyne.Position{}, false) {
		switch object.CanvasObject.(type) {
		case *widgets.Text, *widgets.Button, *widgets.RoleCard, *widgets.Face, *widgets.SearchField:
			left, right = min(left, object.at.X), max(right, object.at.X+object.Size().Width)
		}
	}
	return left, right
}

// TestOneColumn: in a wide window all that belongs together is near to one another, and page, header
// and status bar begin and end alike.
func TestOneColumn(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, size fyne.Size, _ float32) {
		aside := max(edge, (size.Width-column)/2)
		for _, state := range everyScreen() {
			w.Show(noticed(state, true))
			for name, part := range map[string]fyne.CanvasObject{"page": w.viewport.Object(), "header": w.header.box,
				"status bar": w.status.box, "notices": w.notices.box} {
				if !part.Visible() {
					continue
				}
				left, right := span(t, part)
				assert.GreaterOrEqual(t, left, aside-widgets.LinkPad, "%s: the %s", state.Phase, name)
				assert.LessOrEqual(t, right, size.Width-aside+widgets.LinkPad, "%s: the %s", state.Phase, name)
			}
		}
		if size != full {
			return
		}
		w.Show(signedInState())
		left, right := span(t, w.viewport.Object())
		require.Equal(t, aside, left)
		require.Equal(t, float32(column), right-left, "a panel has the whole column")
	})
}

// TestWaitingIsInTheMiddle: what there is to do is where the eyes are, in a window of any height. So
// is a problem in a large window; in the usual one it begins where all panels do.
func TestWaitingIsInTheMiddle(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, size fyne.Size, scale float32) {
		states := []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), workingState(signin.Prompting, signin.NotEnded),
			workingState(signin.SigningIn, signin.NotEnded)}
		if size == full && scale == 1 {
			states = append(states, failedState(notAccepted))
		}
		for _, state := range states {
			w.Show(state)
			page := w.viewport.Object()
			top, bottom := float32(1e6), float32(0)
			for _, object := range walk(w.screen.object(), fyne.Position{}, false) {
				if _, empty := object.CanvasObject.(*fyne.Container); empty || object.Size().Height < 5 {
					continue
				}
				top, bottom = min(top, object.at.Y), max(bottom, object.at.Y+object.Size().Height)
			}
			if bottom-top+60 > page.Size().Height {
				continue // it scrolls, or is just as high
			}
			assert.InDelta(t, page.Size().Height/2, (top+bottom)/2, 5, state.Phase)
		}
	})
}

// TestBarsAreLow: at large text the page, not the bars, has the window. The status bar is equally
// high on every screen, and one row unless a small window has large text.
func TestBarsAreLow(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, size fyne.Size, scale float32) {
		const most = 0.33 // of a window of a small display at twice the size; it was 0.4
		high := max(size.Height, 540)
		heights := map[float32]bool{}
		for _, state := range everyScreen() {
			w.Show(inTest(state))
			requireNothingOverlaps(t, w)
			requireNothingCut(t, w, nil)
			w.Show(state)
			heights[w.status.box.Size().Height] = true
			assert.LessOrEqual(t, w.header.box.Size().Height+w.status.box.Size().Height, high*most, "%s", state.Phase)
			requireNothingOverlaps(t, w)
			requireNothingCut(t, w, nil)
			row := w.status.help.MinSize().Height
			rows := float32(1)
			if size.Width == minWidth && scale == 2 {
				rows = 2
			}
			assert.Less(t, w.status.box.Size().Height, rows*row+2*statusPad+5, "%s", state.Phase)
			assert.NotEqual(t, w.status.states.Visible(), w.status.worst.Visible())
			if scale == 1 && size == full {
				assert.True(t, w.status.states.Visible(), "%s", state.Phase)
			}
			if scale == 2 && size != full {
				assert.True(t, w.status.worst.Visible(), "%s", state.Phase)
			}
			assert.False(t, w.status.worst.Visible() && w.status.version.Visible(), "the version gives way first")
			if size == initial && scale == 1 {
				assert.Equal(t, float32(headerLeast), w.header.box.Size().Height)
			}
		}
		require.Len(t, heights, 1, "the line above it must not jump")
	})
}

// TestTheWorstIsSaid: a status bar without room for all says what is wrong.
func TestTheWorstIsSaid(t *testing.T) {
	good, wait := signin.HealthGood, signin.HealthWaiting
	for name, c := range map[string]struct {
		links signin.Links
		want  string
		icon  fyne.Resource
	}{
		"all is well":           {allGood, "All working", iconGood},
		"a problem of others":   {allGood, "Problem shown above", iconAttention},
		"no card":               {cardless, "No smartcard", iconUnknown},
		"nothing is known":      {unchecked, "Sign-in not checked yet", iconUnknown},
		"no card, and e-RS":     {signin.Links{Proof: signin.Link{Health: wait, Text: "No smartcard"}, ERS: signin.HealthBad, Keyring: good}, "e-RS not reached last time", iconBad},
		"the keyring is locked": {signin.Links{Proof: allGood.Proof, ERS: signin.HealthUnknown, Keyring: signin.HealthAttention}, "Secure storage locked", iconAttention},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Settings{TextScale: 2, Preferences: preferencesOf(map[Preference]string{PreferTextSize: "200"}), Diagnostics: &chain{}})
			w.win.Resize(least)
			state := waitingState(hscn.MissingCard, signin.NotEnded)
			if name == "a problem of others" {
				state = failedState(notAccepted)
			}
			state.Links = c.links
			w.Show(state)
			require.True(t, w.status.worst.Visible())
			icon, words := w.status.worst.Shown()
			require.Equal(t, c.want, words)
			require.Equal(t, c.icon, icon)
		})
	}
	require.Equal(t, iconUnknown, statusIcon(wait), "a card that is still to come is no warning")
}

// TestTargets: whatever is pressed is at least 24 by 24, and apart from others (WCAG 2.5.8).
func TestTargets(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		requireLarge := func() {
			t.Helper()
			for _, object := range w.objects() {
				if _, focusable := object.CanvasObject.(fyne.Focusable); focusable {
					assert.GreaterOrEqual(t, min(object.Size().Width, object.Size().Height), float32(24), "%v", object)
				}
			}
			requireNothingOverlaps(t, w)
		}
		for _, state := range everyScreen() {
			w.Show(state)
			requireLarge()
			w.press(fyne.KeyF2)
			requireLarge()
			w.press(fyne.KeyEscape, fyne.KeyF9)
			requireLarge()
			w.press(fyne.KeyEscape)
		}
		w.Show(choosingState(fiveRoles(), &triage))
		w.typed("x")
		requireLarge()
		w.press(fyne.KeyEscape)
		star := objectOf(t, w, func(*widgets.RoleCard) bool { return true })
		card, ok := star.CanvasObject.(*widgets.RoleCard)
		require.True(t, ok)
		marked := 0
		card.OnStar = func() { marked++ }
		w.now = w.now.Add(impatience)
		card.Tapped(&fyne.PointEvent{Position: fyne.NewPos(card.Size().Width-23, card.Size().Height-23)})
		require.Equal(t, 1, marked, "the star is as large")
	})
}

// TestHelpDoesNotScroll: help has the place of the picture, so that all of it can be read at once in
// the window's first size.
func TestHelpDoesNotScroll(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, language := range assets.Languages {
		for _, state := range []signin.State{waitingState(hscn.MissingCard, signin.NotEnded), workingState(signin.Prompting, signin.NotEnded)} {
			t.Run(fmt.Sprint(language, " ", state.Phase), func(t *testing.T) {
				w := newWorld(t, Settings{Language: language, Diagnostics: &chain{findings: goodChain()}})
				picture := func() bool {
					return slices.ContainsFunc(w.objects(), func(object placed) bool {
						p, is := object.CanvasObject.(*widgets.Picture)
						return is && p.Size().Height == pictureSize.Height
					})
				}
				w.win.Resize(initial)
				w.Show(state)
				require.True(t, picture())
				w.press(fyne.KeyF1)
				require.False(t, picture())
				require.LessOrEqual(t, widgets.HeightFor(w.screen.object(), initial.Width), w.viewport.Object().Size().Height)
				w.press(fyne.KeyF1)
				require.True(t, picture(), "it is back")
			})
		}
	}
}

// TestTheBeginningIsSeen: a title is not scrolled away for the sake of a margin below the focus.
func TestTheBeginningIsSeen(t *testing.T) {
	slowUnderRace(t)
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	for _, language := range assets.Languages {
		w := newWorld(t, Settings{TextScale: 2, Language: language, Diagnostics: &chain{findings: goodChain()}})
		fitted, scrolled := 0, 0
		for height := float32(minHeight); height < minHeight+120; height += 3 {
			w.win.Resize(fyne.NewSize(minWidth, height))
			w.Show(workingState(signin.SigningIn, signin.NotEnded))
			w.Show(noticed(waitingState(hscn.MissingCard, signin.NotEnded), true))
			s, is := w.screen.(*waiting)
			require.True(t, is)
			title, _ := w.viewport.OffsetOf(s.title)
			button, _ := w.viewport.OffsetOf(s.signIn)
			const ring = 5
			if button+s.signIn.Size().Height+ring-w.viewport.Object().Size().Height > title-ring-4 {
				scrolled++
				continue
			}
			fitted++
			assert.LessOrEqual(t, w.viewport.Offset(), title, "%s: the title begins above the page in a window of %v", language, height)
			requireFocusSeen(t, w)
		}
		require.Positive(t, fitted)
		if language != english {
			require.Positive(t, scrolled, "there are windows too small for both")
		}
	}
}

// TestTheWholeQuestion: a user who is asked whether to sign out sees the question and the answer that
// has the focus; or, in a window too small for both, the question.
func TestTheWholeQuestion(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, size fyne.Size, _ float32) {
		for name, ask := range map[string]func(){
			"closing":     w.closeWindow,
			"signing out": func() { w.askToSignOut() },
		} {
			w.Show(waitingState(hscn.MissingCard, signin.NotEnded))
			w.Show(inTest(signedInState()))
			ask()
			s, is := w.screen.(*signedIn)
			require.True(t, is)
			require.NotNil(t, s.asked)
			require.Equal(t, name == "closing", s.asked.closes, name)
			box := s.asked.box
			require.True(t, box.Visible(), name)
			requireFocusSeen(t, w)
			top, _ := w.viewport.OffsetOf(box)
			focused := requireFocusedObject(t, w)
			answer, _ := w.viewport.OffsetOf(focused.CanvasObject)
			const ring = 5
			if answer+focused.Size().Height+ring-top > w.viewport.Object().Size().Height {
				require.Less(t, size.Height, float32(540), "the window is large enough for both")
				continue
			}
			assert.GreaterOrEqual(t, top, w.viewport.Offset(), name)
			assert.True(t, w.viewport.Shows(focused.CanvasObject), name)
		}
	})
}

// TestWhereAndAsWhatAtAGlance: organisation and role of a signed-in user are seen without scrolling.
func TestWhereAndAsWhatAtAGlance(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		w.Show(signedInState())
		chosen := signedInState().Chosen
		wanted := map[string]bool{organisation(chosen): false, RoleName(chosen.BusinessFunction): false}
		for _, object := range w.heard() {
			if text, is := object.CanvasObject.(*widgets.Text); is {
				if _, one := wanted[text.String()]; one {
					wanted[text.String()] = w.viewport.Shows(text)
				}
			}
		}
		for text, shown := range wanted {
			assert.True(t, shown, text)
		}
	})
}

// TestACardNamesItsOwnOrganisation: where there is no room for the heading above it, the card with the
// focus says where its role is, also after a jump to a card that is drawn anew. If this fails, a user
// takes a role at another organisation than the one on its card.
func TestACardNamesItsOwnOrganisation(t *testing.T) {
	permissions := manyRoles(40, 3)
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		w.Show(choosingState(permissions, &permissions[1]))
		s, is := w.screen.(*choosing)
		require.True(t, is)
		w.press(fyne.KeyDown)
		for range 6 {
			for _, key := range []fyne.KeyName{fyne.KeyHome, fyne.KeyPageDown, fyne.KeyPageDown, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyEnd} {
				w.press(key)
				choice, _ := s.choices.Focused()
				own := s.permissions[choice]
				card := w.focused()
				for _, p := range permissions {
					if p.OrgIdentifier != own.OrgIdentifier {
						require.NotContains(t, card, "("+p.OrgIdentifier+")", "%s: of %v", key, own)
					}
				}
				named := strings.Contains(card, "("+own.OrgIdentifier+")")
				for _, object := range w.heard() {
					text, is := object.CanvasObject.(*widgets.Text)
					named = named || is && strings.Contains(text.String(), own.OrgIdentifier) && w.viewport.Shows(text)
				}
				require.True(t, named, "%s: %q", key, card)
			}
		}
	})
}

// TestAClickIsForAnOrganisationInView: a card has the name of a role alone, so a click on it counts
// only if the user can see where the role is. If this fails, they work at another organisation.
func TestAClickIsForAnOrganisationInView(t *testing.T) {
	permissions, chosen := manyRoles(12, 9), 0
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		w.Show(choosingState(permissions, nil))
		view := w.viewport.Object()
		first := slices.IndexFunc(w.heard(), func(o placed) bool { _, card := o.CanvasObject.(*widgets.RoleCard); return card })
		x := w.heard()[first].at.X + 30
		for range 12 {
			w.viewport.ScrollBy(170)
			for y := view.Position().Y + 3; y < view.Position().Y+view.Size().Height; y += 40 {
				w.now = w.now.Add(impatience)
				seen := slices.Clone(w.heard())
				test.TapCanvas(w.win.Canvas(), fyne.NewPos(x, y))
				for _, intent := range w.took() {
					choice, is := intent.(signin.Choose)
					if !is {
						continue // a button
					}
					chosen++
					code := choice.Permission.OrgIdentifier
					require.True(t, slices.ContainsFunc(seen, func(o placed) bool {
						switch of := o.CanvasObject.(type) {
						case *widgets.Text:
							return strings.Contains(of.AccessibilityLabel(), code) && w.viewport.Shows(of)
						case *widgets.RoleCard:
							return strings.Contains(of.AccessibilityLabel(), "("+code+")") && w.viewport.Shows(of)
						}
						return false
					}), "%v at %v", choice.Permission, y)
				}
			}
		}
	})
	require.Positive(t, chosen)
}

// TestNothingIsHalfCovered: under large text and a warning, the card that Enter takes leaves little
// room above it. Half a title or half a button there looks like a fault.
func TestNothingIsHalfCovered(t *testing.T) {
	inEachSize(t, func(t *testing.T, w *world, _ fyne.Size, _ float32) {
		w.Show(noticed(choosingState(fiveRoles(), &triage), true))
		top := w.viewport.Object().Position().Y
		for _, object := range w.heard() {
			if _, inPage := w.viewport.OffsetOf(object.CanvasObject); inPage {
				covered := object.at.Y < top && object.at.Y+object.Size().Height > top
				assert.False(t, covered, "%v is cut by what is above the page", object)
			}
		}
		requireFocusSeen(t, w)
	})
}
