package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// TestSearchFinds: a consultant finds their clinic by any words they remember.
func TestSearchFinds(t *testing.T) {
	at := func(code, name string, function ersclient.BusinessFunction) ersclient.Permission {
		return ersclient.Permission{OrgIdentifier: code, OrgName: name, BusinessFunction: function}
	}
	permissions := []ersclient.Permission{
		at("RTD", "The Newcastle upon Tyne Hospitals", ersclient.ServiceDefiner),
		at("RTD", "The Newcastle upon Tyne Hospitals", ersclient.ReferringClinician),
		at("7A4", "Bwrdd Iechyd Prifysgol Caerdydd a'r Fro – Ysbyty Llandŵ", ersclient.ReferringClinician),
		at("Y01", "St. José Straße Clinic", "SOME_NEW_ROLE"),
		at("Y02", "", ersclient.Commissioner),
	}
	for _, c := range []struct {
		name, query string
		want        []string // code and role of each result, in order
	}{
		{"an organisation", "newcastle", []string{"RTD Referring clinician", "RTD Service definer"}},
		{"a part of a word", "astle", []string{"RTD Referring clinician", "RTD Service definer"}},
		{"words in any order", "tyne newc", []string{"RTD Referring clinician", "RTD Service definer"}},
		{"organisation and role", "definer tyne", []string{"RTD Service definer"}},
		{"code and role", "rtd ref", []string{"RTD Referring clinician"}},
		{"a role anywhere", "CLINICIAN", []string{"7A4 Referring clinician", "RTD Referring clinician"}},
		{"an ODS code", "y02", []string{"Y02 Commissioner"}},
		{"an accent that is not typed", "llandw", []string{"7A4 Referring clinician"}},
		{"an accent that is typed", "LLANDŴ", []string{"7A4 Referring clinician"}},
		{"an accent where there is none", "nêwcastle defin", []string{"RTD Service definer"}},
		{"a letter that is two", "strasse", []string{"Y01 Some new role"}},
		{"a role that is not in the list", "new role", []string{"Y01 Some new role"}},
		{"what a code name says", "some_new", []string{"Y01 Some new role"}},
		{"a word of a code name that the screen does not say", "commissioner y02", []string{"Y02 Commissioner"}},
		{"nothing", "xyz", nil},
		{"one word of two", "newcastle xyz", nil},
		{"blanks", "   ", []string{"7A4 Referring clinician", "Y01 Some new role", "RTD Referring clinician", "RTD Service definer",
			"Y02 Commissioner"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Settings{})
			w.Show(choosingState(permissions, nil))
			screen, ok := w.screen.(*choosing)
			require.True(t, ok)
			screen.find()
			w.typed(c.query)
			var found []string
			for _, p := range screen.permissions {
				found = append(found, p.OrgIdentifier+" "+RoleName(p.BusinessFunction))
			}
			require.Equal(t, c.want, found)
		})
	}
}

// TestSearchFindsRolesByTheirEnglishNames: in a Welsh clinic they say "definer", whatever the
// window's language.
func TestSearchFindsRolesByTheirEnglishNames(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	w := newWorld(t, Settings{Language: "cy"})
	permissions := append(fiveRoles(), ersclient.Permission{BusinessFunction: ersclient.BMSHCPProxy, OrgIdentifier: "R01", OrgName: "NHST_X3"})
	w.Show(choosingState(permissions, nil))
	screen, ok := w.screen.(*choosing)
	require.True(t, ok)
	for query, want := range map[string]int{"definer": 1, "diffiniwr": 1, "service_provider_clinician_admin": 1, "diffiniwr definer r01": 1,
		"booking proxy": 1, "bms hcp": 1, "clinician": 5, "clinigydd": 4, "xyz": 0} {
		screen.find()
		screen.search.SetText(query)
		require.Len(t, screen.permissions, want, query)
	}
}

// TestSearchByKeys: typing anywhere searches, Enter takes the card marked Enter, and Escape
// restores everything.
func TestSearchByKeys(t *testing.T) {
	permissions := manyRoles(40, 10)
	start := func(t *testing.T) (*world, *choosing) {
		t.Helper()
		w := newWorld(t, Settings{})
		w.Show(choosingState(permissions, &permissions[0]))
		screen, ok := w.screen.(*choosing)
		require.True(t, ok)
		return w, screen
	}
	const searching = "Search organisations and roles"
	t.Run("typing on a card, then Enter", func(t *testing.T) {
		w, screen := start(t)
		w.typed("no 40 definer")
		require.Equal(t, searching+", no 40 definer", w.focused(), "digits are text here")
		require.Contains(t, w.texts(), "1 role")
		require.Contains(t, w.texts(), "Press Enter for the first role found, or choose another.")
		require.Contains(t, w.texts(), "Service definer, Maintain the directory of services, Enter")
		want := signin.Choose{Permission: screen.permissions[0]}
		require.Equal(t, "Y00039", want.Permission.OrgIdentifier)
		w.press(fyne.KeyReturn)
		requireIntents(t, w, want)
	})
	t.Run("eight keys are enough for one of 40 organisations", func(t *testing.T) {
		w, _ := start(t)
		w.typed("def 039")
		w.press(fyne.KeyReturn)
		intents := w.took()
		require.Len(t, intents, 1)
		chosen, ok := intents[0].(signin.Choose)
		require.True(t, ok)
		require.Equal(t, "Y00039", chosen.Permission.OrgIdentifier)
		require.Equal(t, ersclient.ServiceDefiner, chosen.Permission.BusinessFunction)
	})
	t.Run("Enter takes none of several organisations", func(t *testing.T) {
		w, screen := start(t)
		w.typed("no 4") // 4, and 40
		require.Contains(t, w.texts(), "Choose an organisation and role to work in.")
		w.press(fyne.KeyReturn)
		requireIntents(t, w)
		w.press(fyne.KeyDown, fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: screen.permissions[0]})
	})
	t.Run("nothing found", func(t *testing.T) {
		w, _ := start(t)
		w.typed("xyz")
		require.Contains(t, w.texts(), "No organisations or roles match “xyz”.")
		w.press(fyne.KeyReturn, fyne.KeyDown, fyne.KeyEnd, fyne.KeyPageDown)
		requireIntents(t, w)
		w.press(fyne.KeyEscape)
		require.Equal(t, "Service provider clinician admin, Northern Community Hospital No 1 (Y00000), "+
			"Last used, Enter, 1", w.focused())
		require.NotContains(t, strings.Join(w.texts(), "\n"), "match")
	})
	t.Run("Ctrl+F, and back down to the cards", func(t *testing.T) {
		w, _ := start(t)
		w.find(nil) // Fyne's test canvas has no shortcuts
		require.Equal(t, searching, w.focused())
		w.press(fyne.KeyDown)
		require.Equal(t, 0, focusedChoice(t, w))
		w.press(fyne.KeyUp)
		require.Equal(t, searching, w.focused(), "up from the first row")
	})
	t.Run("by mouse: the cross empties the field, and the link shows all", func(t *testing.T) {
		w, screen := start(t)
		showAll := func() *widgets.Link {
			for _, object := range w.heard() {
				if link, ok := object.CanvasObject.(*widgets.Link); ok && link.AccessibilityLabel() == "Show all roles" {
					return link
				}
			}
			return nil
		}
		require.Nil(t, showAll())
		w.typed("xyz")
		field := objectOf(t, w, func(*widgets.SearchField) bool { return true })
		test.TapCanvas(w.win.Canvas(), field.at.AddXY(field.Size().Width-20, field.Size().Height/2))
		require.Equal(t, searching, w.focused(), "ready for another search")
		require.Len(t, screen.permissions, len(permissions))
		require.Nil(t, showAll())
		for _, query := range []string{"xyz", "hosp 4"} {
			w.typed(query)
			require.NotNil(t, showAll(), query)
			showAll().Tapped(nil)
			require.Len(t, screen.permissions, len(permissions))
			require.Equal(t, 0, focusedChoice(t, w), "Enter is enough again")
		}
	})
	t.Run("Escape on a card ends the search too", func(t *testing.T) {
		w, screen := start(t)
		w.typed("definer")
		w.press(fyne.KeyDown, fyne.KeyDown)
		require.Equal(t, 1, focusedChoice(t, w))
		require.Less(t, len(screen.permissions), len(permissions))
		w.press(fyne.KeyEscape)
		require.Len(t, screen.permissions, len(permissions))
		require.Equal(t, 0, focusedChoice(t, w))
	})
	t.Run("the focus in the field stays where the page moves", func(t *testing.T) {
		w, _ := start(t)
		w.press(fyne.KeyEnd)
		w.typed("r")
		require.Equal(t, searching+", r", w.focused())
		requireWholeInView(t, w)
	})
	t.Run("a change elsewhere keeps what was typed", func(t *testing.T) {
		w, _ := start(t)
		w.typed("def")
		state := w.last
		state.Links.ERS = signin.HealthBad
		w.Show(state)
		require.Equal(t, searching+", def", w.focused())
	})
	t.Run("the title stays where there is room", func(t *testing.T) {
		w, _ := start(t)
		w.press(fyne.KeyEnd)
		w.typed("hosp")
		require.Zero(t, w.viewport.Offset())
		w.press(fyne.KeyEscape)
		require.Zero(t, w.viewport.Offset())
	})
	t.Run("a window that is made small shows the field and what was found", func(t *testing.T) {
		w := newWorld(t, Settings{TextScale: 2, Diagnostics: &chain{}, Preferences: preferencesOf(map[Preference]string{PreferTextSize: "200"})})
		w.win.Resize(initial)
		w.Show(choosingState(permissions, &permissions[0]))
		w.typed("hosp 40")
		w.win.Resize(least)
		require.Equal(t, searching+", hosp 40", w.focused())
		requireSearchSeen(t, w)
	})
	t.Run("one role needs no search", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(choosingState(fiveRoles()[:1], nil))
		before := w.focused()
		w.typed("abc")
		w.screen.find()
		w.press(fyne.KeyUp)
		require.Equal(t, before, w.focused())
		require.NotContains(t, w.texts(), searching)
	})
}

// TestLongLists: Home, End and the page keys move as expected, and the focus stays visible.
func TestLongLists(t *testing.T) {
	permissions := manyRoles(40, 10)
	w := newWorld(t, Settings{})
	w.Show(choosingState(permissions, nil))
	w.press(fyne.KeyEnd)
	require.Equal(t, len(permissions)-1, focusedChoice(t, w))
	requireWholeInView(t, w)
	w.press(fyne.KeyHome)
	require.Equal(t, 0, focusedChoice(t, w))
	requireWholeInView(t, w)
	pages := 0
	for last := -1; focusedChoice(t, w) != last; pages++ {
		last = focusedChoice(t, w)
		w.press(fyne.KeyPageDown)
		requireWholeInView(t, w)
	}
	require.Greater(t, focusedChoice(t, w), len(permissions)-4, "the last row")
	require.Less(t, pages, 120)
	w.press(fyne.KeyPageUp)
	require.Less(t, focusedChoice(t, w), len(permissions)-4)
}

// TestFavourites: a user with many roles marks the few in use.
func TestFavourites(t *testing.T) {
	permissions := manyRoles(6, 5)
	start := func(t *testing.T, store *favourites) *world {
		t.Helper()
		w := newWorld(t, Settings{Favourites: store})
		w.Show(choosingState(permissions, &permissions[0]))
		return w
	}
	said := func(w *world) string { return strings.Join(w.texts(), "\n") }
	again := func(w *world) {
		w.Show(signedInState())
		w.Show(choosingState(permissions, &permissions[0]))
	}
	t.Run("marked ones come after the last used, in the order of marking", func(t *testing.T) {
		w := start(t, favouritesOf(permissions[21], permissions[7]))
		require.Contains(t, w.texts(), "Your usual roles")
		w.press(fyne.KeyRight)
		require.Contains(t, w.focused(), "Northern Community Hospital No 5 (Y00004)")
		w.press(fyne.KeyRight)
		require.Contains(t, w.focused(), "Northern Community Hospital No 2 (Y00001)")
		require.Contains(t, w.focused(), "favourite")
		w.press(fyne.KeyReturn)
		requireIntents(t, w, signin.Choose{Permission: permissions[7]})
	})
	t.Run("a usual role is not repeated below, unless it is searched", func(t *testing.T) {
		w := start(t, favouritesOf(permissions[7], permissions[0]))
		screen, ok := w.screen.(*choosing)
		require.True(t, ok)
		require.Len(t, screen.permissions, len(permissions))
		require.Contains(t, w.texts(), "Northern Community Hospital No 1  Y00000 · 4 more roles")
		require.NotContains(t, said(w), "1  Y00000 · 5 roles")
		w.typed("y00001")
		require.Contains(t, w.texts(), "Northern Community Hospital No 2  Y00001 · 5 roles")
		require.Len(t, screen.permissions, 5)
	})
	t.Run("a star by keyboard, and off again, moves nothing", func(t *testing.T) {
		store := favouritesOf()
		w := start(t, store)
		w.press(fyne.KeyDown, fyne.KeyRight)
		before, choice, offset := w.focused(), focusedChoice(t, w), w.viewport.Offset()
		w.char('*')
		require.Equal(t, strings.TrimSuffix(before, "Enter")+"favourite, Enter, 2", w.focused(), "the digit is shown at once")
		require.Equal(t, choice, focusedChoice(t, w))
		require.Equal(t, offset, w.viewport.Offset())
		require.Len(t, store.marked, 1)
		w.char('*')
		require.Equal(t, before, w.focused())
		require.Empty(t, store.marked)
		w.char('*')
		again(w)
		w.press(fyne.KeyRight)
		require.Contains(t, w.focused(), strings.Split(before, ",")[0], "among the usual ones when the page is shown anew")
	})
	t.Run("a star by mouse does not choose", func(t *testing.T) {
		store := favouritesOf()
		w := start(t, store)
		card := requireFocusedObject(t, w)
		test.TapCanvas(w.win.Canvas(), card.at.AddXY(card.Size().Width-20, card.Size().Height-20))
		requireIntents(t, w)
		require.Contains(t, store.marked, pairOf(permissions[0]))
	})
	t.Run("a star says what it does", func(t *testing.T) {
		w := start(t, favouritesOf(permissions[7]))
		later := &waits{waiting: map[int]func(){}}
		w.tip.After = later.after
		for _, want := range []string{"Add to favourites (*)", "Remove from favourites (*)"} {
			card := requireFocusedObject(t, w)
			test.MoveMouse(w.win.Canvas(), card.at.AddXY(card.Size().Width-20, card.Size().Height-20))
			later.pass()
			require.Equal(t, []string{want}, tippedIn(w))
			test.MoveMouse(w.win.Canvas(), card.at.AddXY(20, 20))
			later.pass()
			require.Empty(t, tippedIn(w), "and only the star does")
			w.press(fyne.KeyRight)
		}
	})
	t.Run("one that cannot be saved is reported", func(t *testing.T) {
		store := favouritesOf()
		store.err = errors.New("disk full")
		w := start(t, store)
		w.char('*')
		require.Contains(t, w.texts(), "Your favourite was not saved. It lasts until you sign out.")
	})
	t.Run("without a store no stars", func(t *testing.T) {
		w := newWorld(t, Settings{})
		w.Show(choosingState(permissions, nil))
		w.char('*')
		require.NotContains(t, said(w), "avourite")
	})
	t.Run("those of another user are not shown", func(t *testing.T) {
		store := favouritesOf(permissions[7])
		store.user = "999999999999"
		w := start(t, store)
		require.NotContains(t, said(w), "avourite")
	})
}

// TestQueue: two quick presses of a star must be saved in their order, and nothing keeps running.
func TestQueue(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	newWorld(t, Settings{}) // an app for fyne.Do
	q := queue{then: fyne.Do}
	var order []int
	done := make(chan error, 10)
	for i := range 10 {
		q.add(func() error {
			order = append(order, i) // never concurrent, so without a lock
			return fmt.Errorf("%d", i)
		}, func(err error) { done <- err })
	}
	for i := range 10 {
		require.EqualError(t, <-done, fmt.Sprint(i))
	}
	require.Len(t, order, 10)
}

// TestQueueIsBounded: repeated presses must not fill the memory while a disk hangs.
func TestQueueIsBounded(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	newWorld(t, Settings{}) // an app for fyne.Do
	q := queue{then: fyne.Do}
	begun, hangs, done := make(chan struct{}), make(chan struct{}), make(chan error, 2*mostWaiting)
	q.add(func() error { close(begun); <-hangs; return nil }, func(err error) { done <- err })
	<-begun
	for range mostWaiting {
		q.add(func() error { return nil }, func(err error) { done <- err })
	}
	require.Empty(t, done)
	q.add(func() error { return nil }, func(err error) { done <- err })
	require.ErrorIs(t, <-done, errTooMuch)
	close(hangs)
	for range mostWaiting + 1 {
		require.NoError(t, <-done)
	}
}

// TestAKeyIsCheapInALongList: the cost of a key in a list of 10,000 roles must not be a multiple of
// their number. Time cannot be tested, but each card made again for a key, and each text measured
// again, takes memory.
func TestAKeyIsCheapInALongList(t *testing.T) {
	w := newWorld(t, Settings{Favourites: favouritesOf()})
	const organisations, each = 2000, 5
	w.Show(choosingState(manyRoles(organisations, each), nil))
	screen, ok := w.screen.(*choosing)
	require.True(t, ok)
	screen.find()
	taken := testing.AllocsPerRun(5, func() {
		w.char('r')
		screen.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	})
	require.Len(t, screen.permissions, organisations*each)
	require.Less(t, taken/2, float64(organisations*each), "less than one for each role, and that is for the headings")
}

// BenchmarkKeystroke measures from a letter in the search field to the drawn list.
func BenchmarkKeystroke(b *testing.B) {
	for _, organisations := range []int{2, 200, 2000} {
		b.Run(fmt.Sprintf("%d roles", organisations*5), func(b *testing.B) {
			w := newWindow(test.NewApp(), Settings{}, func(signin.Intent) {}, noTimers)
			w.apply(choosingState(manyRoles(organisations, 5), nil))
			screen, ok := w.screen.(*choosing)
			require.True(b, ok)
			screen.find()
			for b.Loop() {
				screen.search.TypedRune('r')
				w.win.Canvas().Capture()
				screen.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
			}
		})
	}
}

// BenchmarkKeystrokeUndrawn is the same without the software renderer, which dominates otherwise.
func BenchmarkKeystrokeUndrawn(b *testing.B) {
	for _, organisations := range []int{2, 200, 2000} {
		b.Run(fmt.Sprintf("%d roles", organisations*5), func(b *testing.B) {
			w := newWindow(test.NewApp(), Settings{}, func(signin.Intent) {}, noTimers)
			w.apply(choosingState(manyRoles(organisations, 5), nil))
			screen, ok := w.screen.(*choosing)
			require.True(b, ok)
			screen.find()
			for b.Loop() {
				screen.search.TypedRune('r')
				screen.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
			}
		})
	}
}
