package history_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/history"
)

// A star that is lost, or is another user's, leads to the wrong organisation.
func TestFavouritesAreKeptForEachUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history.json")
	h := open(t, path)
	assert.False(t, h.Has(ann, clinician), "nothing is marked yet")
	require.NoError(t, h.Set(ann, clinician, true))
	require.NoError(t, h.Set(ann, manager, true))
	require.NoError(t, h.Set(bob, unheardOf, true))
	require.NoError(t, h.Remember(ann, manager))
	require.NoError(t, h.Set(ann, manager, false))
	renamed := clinician
	renamed.OrgName = "The Surgery, under another name"
	for name, opened := range map[string]*history.History{"the same": h, "after a restart": open(t, path)} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, opened.Has(ann, renamed))
			assert.False(t, opened.Has(ann, manager), "its star was taken away")
			assert.False(t, opened.Has(ann, unheardOf), "it is another user's")
			assert.True(t, opened.Has(bob, unheardOf))
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
		require.NoError(t, h.Set(ann, at(i), true))
	}
	require.Error(t, h.Set(ann, at(history.MostFavourites), true), "an error, and nothing is forgotten for it")
	assert.True(t, h.Has(ann, at(0)))
	assert.False(t, h.Has(ann, at(history.MostFavourites)))
	require.NoError(t, h.Set(ann, at(0), false))
	require.NoError(t, h.Set(ann, at(history.MostFavourites), true), "there is room again")
	for user := range history.Limit {
		require.NoError(t, h.Set(fmt.Sprintf("5550%08d", user), manager, true))
	}
	assert.False(t, h.Has(ann, at(1)), "the user who has not come for longest")
	var file struct{ Favourites []struct{ User string } }
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &file))
	assert.Len(t, file.Favourites, history.Limit)
	require.Error(t, h.Set(ann, ersclient.Permission{OrgIdentifier: string(make([]byte, 201))}, true))
}

// Two windows of one account, and the pictures that are drawn while a disk is slow.
func TestFavouritesAreSafeToUseAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	first, second := open(t, path), open(t, path)
	var all sync.WaitGroup
	for i := range 8 {
		p := ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: fmt.Sprint(i)}
		all.Go(func() { assert.NoError(t, first.Set(ann, p, true)) })
		all.Go(func() { first.Has(ann, p) })
		all.Go(func() { assert.NoError(t, first.Remember(bob, p)) })
	}
	all.Wait()
	require.NoError(t, second.Set(ann, manager, true))
	again := open(t, path)
	for i := range 8 {
		assert.True(t, again.Has(ann, ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: fmt.Sprint(i)}))
	}
	assert.True(t, again.Has(ann, manager))
}
