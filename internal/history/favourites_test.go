package history_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/history"
)

// has reports whether a user has marked a pair.
func has(h *history.History, user string, pair ersclient.Permission) bool {
	pair.OrgName = ""
	return h.FavouritePlaces(user)[pair] != 0
}

// A star that is lost, or is another user's, leads to the wrong organisation.
func TestFavouritesAreKeptForEachUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history.json")
	h := open(t, path)
	assert.False(t, has(h, ann, clinician), "nothing is marked yet")
	require.NoError(t, h.Mark(ann, clinician, 2))
	require.NoError(t, h.Mark(ann, manager, 2))
	require.NoError(t, h.Mark(bob, unheardOf, 2))
	require.NoError(t, h.Remember(ann, manager))
	require.NoError(t, h.Unmark(ann, manager))
	renamed := clinician
	renamed.OrgName = "The Surgery, under another name"
	for name, opened := range map[string]*history.History{"the same": h, "after a restart": open(t, path)} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, has(opened, ann, renamed))
			assert.False(t, has(opened, ann, manager), "its star was taken away")
			assert.False(t, has(opened, ann, unheardOf), "it is another user's")
			assert.True(t, has(opened, bob, unheardOf))
			last(t, opened, ann, &manager)
		})
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(raw), ann)
}

// A file that grows without end slows every sign-in at a shared workstation.
func TestFavouritesAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	h := open(t, path)
	at := func(i int) ersclient.Permission {
		return ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: fmt.Sprintf("Y%05d", i)}
	}
	for i := range history.MostFavourites {
		require.NoError(t, h.Mark(ann, at(i), i+2))
	}
	require.Error(t, h.Mark(ann, at(history.MostFavourites), 2), "an error, and nothing is forgotten for it")
	assert.True(t, has(h, ann, at(0)))
	assert.False(t, has(h, ann, at(history.MostFavourites)))
	require.NoError(t, h.Unmark(ann, at(0)))
	require.NoError(t, h.Mark(ann, at(history.MostFavourites), 2), "there is room again")
	for user := range history.Limit {
		require.NoError(t, h.Mark(fmt.Sprintf("5550%08d", user), manager, 2))
	}
	assert.False(t, has(h, ann, at(1)), "the user who has not come for longest")
	var file struct{ Favourites []struct{ User string } }
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &file))
	assert.Len(t, file.Favourites, history.Limit)
	require.Error(t, h.Mark(ann, ersclient.Permission{OrgIdentifier: string(make([]byte, 201))}, 2))
}

// Two windows of one account, and the pictures that are drawn while a disk is slow.
func TestFavouritesAreSafeToUseAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	first, second := open(t, path), open(t, path)
	var all sync.WaitGroup
	for i := range 8 {
		p := ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: fmt.Sprint(i)}
		all.Go(func() { assert.NoError(t, first.Mark(ann, p, 2)) })
		all.Go(func() { first.FavouritePlaces(ann) })
		all.Go(func() { assert.NoError(t, first.Remember(bob, p)) })
	}
	all.Wait()
	require.NoError(t, second.Mark(ann, manager, 2))
	again := open(t, path)
	for i := range 8 {
		assert.True(t, has(again, ann, ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: fmt.Sprint(i)}))
	}
	assert.True(t, has(again, ann, manager))
}

// A digit that comes to mean another pair signs its user in as that, with one key press.
func TestAFavouriteKeepsItsPlace(t *testing.T) {
	third := ersclient.Permission{BusinessFunction: ersclient.ServiceDefiner, OrgIdentifier: "R01"}
	unnamed := func(places map[ersclient.Permission]int, pair ersclient.Permission) int {
		pair.OrgName = ""
		return places[pair]
	}
	tests := map[string]struct {
		do                        func(*testing.T, *history.History)
		clinician, manager, third int
	}{
		"the places asked for": {func(t *testing.T, h *history.History) {
			require.NoError(t, h.Mark(ann, manager, 2))
			require.NoError(t, h.Mark(ann, clinician, 5))
		}, 5, 2, 0},
		"after another was taken away": {func(t *testing.T, h *history.History) {
			require.NoError(t, h.Mark(ann, clinician, 2))
			require.NoError(t, h.Mark(ann, manager, 3))
			require.NoError(t, h.Unmark(ann, clinician))
		}, 0, 3, 0},
		"when marked again": {func(t *testing.T, h *history.History) {
			require.NoError(t, h.Mark(ann, clinician, 2))
			require.NoError(t, h.Mark(ann, manager, 3))
			require.NoError(t, h.Mark(ann, clinician, 7))
		}, 2, 3, 0},
		"a place that two windows have given": {func(t *testing.T, h *history.History) {
			require.NoError(t, h.Mark(ann, clinician, 2))
			require.NoError(t, h.Mark(bob, third, 3))
			require.NoError(t, h.Mark(ann, manager, 2))
			require.NoError(t, h.Mark(ann, third, 0))
		}, 2, 3, 4},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.json")
			h := open(t, path)
			c.do(t, h)
			for _, opened := range []*history.History{h, open(t, path)} {
				places := opened.FavouritePlaces(ann)
				assert.Equal(t, []int{c.clinician, c.manager, c.third},
					[]int{unnamed(places, clinician), unnamed(places, manager), unnamed(places, third)})
			}
		})
	}
}

// A favourite without a place of its own, as in a file that was edited, can be marked again.
func TestAFavouriteWithoutAPlace(t *testing.T) {
	for name, place := range map[string]string{"none": "", "too low": `,"place":1`, "too high": `,"place":42`, "another's": `,"place":5`} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.json")
			h := open(t, path)
			require.NoError(t, h.Mark(ann, clinician, 5))
			require.NoError(t, h.Mark(ann, manager, 9))
			require.NoError(t, h.Mark(bob, manager, 5))
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			edited := strings.Replace(string(raw), `,"place":9`, place, 1)
			require.NotEqual(t, string(raw), edited)
			require.NoError(t, os.WriteFile(path, []byte(edited), 0o600))

			h = open(t, path)
			assert.True(t, has(h, ann, clinician))
			assert.False(t, has(h, ann, manager))
			assert.True(t, has(h, bob, manager), "another user may have the same place")
			require.NoError(t, h.Mark(ann, manager, 3))
			assert.Equal(t, 3, open(t, path).FavouritePlaces(ann)[ersclient.Permission{
				BusinessFunction: manager.BusinessFunction, OrgIdentifier: manager.OrgIdentifier}])
		})
	}
}
