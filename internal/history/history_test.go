package history_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/history"
)

const ann, bob = "555032000100", "555032000101"

var (
	clinician = ersclient.Permission{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "D82106", OrgName: "Surgery"}
	manager   = ersclient.Permission{BusinessFunction: ersclient.BookingManager, OrgIdentifier: "R01", OrgName: "Trust"}
	unheardOf = ersclient.Permission{BusinessFunction: "A_NEW_FUNCTION", OrgIdentifier: "X\"1"}
)

// open opens a history that must be in order.
func open(t *testing.T, path string) *history.History {
	t.Helper()
	h, err := history.Open(path)
	require.NoError(t, err)
	return h
}

// last asserts what a user chose last, nil for nothing.
func last(t *testing.T, h *history.History, user string, want *ersclient.Permission) {
	t.Helper()
	got, known := h.Last(user)
	require.Equal(t, want != nil, known)
	if want != nil {
		assert.True(t, got.Same(*want), "got %+v", got)
	}
}

// A user whose pair is forgotten or mixed up with another's searches the list again at each sign-in.
func TestTheLatestChoiceOfEachUserIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history.json")
	h := open(t, path)
	last(t, h, ann, nil)
	require.NoError(t, h.Remember(ann, clinician))
	require.NoError(t, h.Remember(bob, unheardOf))
	last(t, h, ann, &clinician)
	require.NoError(t, h.Remember(ann, manager))
	for name, opened := range map[string]*history.History{"the same": h, "after a restart": open(t, path)} {
		t.Run(name, func(t *testing.T) {
			last(t, opened, ann, &manager)
			last(t, opened, bob, &unheardOf)
			last(t, opened, "555032000102", nil)
		})
	}
}

// The file on a shared workstation does not reveal who works there.
func TestTheFileDoesNotNameItsUsers(t *testing.T) {
	dir := t.TempDir()
	var users []string
	for _, name := range []string{"a.json", "b.json"} {
		path := filepath.Join(dir, name)
		require.NoError(t, open(t, path).Remember(ann, clinician))
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotContains(t, string(raw), ann)
		assert.NotContains(t, string(raw), "Surgery")
		var file struct{ Choices []struct{ User string } }
		require.NoError(t, json.Unmarshal(raw, &file))
		users = append(users, file.Choices[0].User)
		if runtime.GOOS != "windows" {
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
	}
	assert.NotEqual(t, users[0], users[1], "two files cannot be compared: each has its own salt")
}

// The list does not grow for ever, and it is not the user of today who is dropped.
func TestTheUserWhoWasLongestAwayIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	h := open(t, path)
	require.NoError(t, h.Remember(bob, manager))
	require.NoError(t, h.Remember(ann, clinician))
	// The file as it is after Limit-2 other users.
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var others strings.Builder
	for i := range history.Limit - 2 {
		fmt.Fprintf(&others, `{"user":"other %d","orgIdentifier":"R01","businessFunction":"BOOKING_MANAGER"},`, i)
	}
	raw = []byte(strings.Replace(string(raw), `"choices":[`, `"choices":[`+others.String(), 1))
	require.NoError(t, os.WriteFile(path, raw, 0o600))

	h = open(t, path)
	last(t, h, bob, &manager)
	require.NoError(t, h.Remember(ann, clinician), "ann is here again")
	require.NoError(t, h.Remember("700000000000", clinician))
	h = open(t, path)
	last(t, h, bob, nil)
	last(t, h, ann, &clinician)
	raw, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, history.Limit, strings.Count(string(raw), `"user"`))
	assert.Contains(t, string(raw), fmt.Sprintf("other %d", history.Limit-3))
}

// A damaged file costs the user one search through the list, not the sign-in, and can still be examined.
func TestABrokenFileIsSetAside(t *testing.T) {
	tests := map[string]string{
		"empty":          "",
		"half":           `{"version":1,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAA","choi`,
		"not JSON":       "\x00\x00\x00",
		"another type":   `[1]`,
		"no salt":        `{"version":1,"choices":[]}`,
		"a later format": `{"version":2,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAA","choices":[]}`,
		"empty choice":   `{"version":1,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAA","choices":[{}]}`,
		"too large":      `{"version":1,"salt":"` + strings.Repeat("A", 8<<20) + `"}`,
		"too long":       `{"version":1,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAA","choices":[{"user":"` + strings.Repeat("a", 300) + `"}]}`,
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.json")
			require.NoError(t, os.WriteFile(path, []byte(broken), 0o600))
			h, err := history.Open(path)
			require.ErrorContains(t, err, "set aside")
			aside(t, path, broken)
			last(t, h, ann, nil)
			require.NoError(t, h.Remember(ann, clinician))
			last(t, open(t, path), ann, &clinician)
		})
	}

	t.Run("while running", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "history.json")
		h := open(t, path)
		require.NoError(t, h.Remember(ann, clinician))
		require.NoError(t, os.WriteFile(path, []byte("broken"), 0o600))
		require.ErrorContains(t, h.Remember(bob, manager), "set aside")
		aside(t, path, "broken")
		h = open(t, path)
		last(t, h, ann, &clinician)
		last(t, h, bob, &manager)
	})
}

func aside(t *testing.T, path, content string) {
	t.Helper()
	kept, err := os.ReadFile(path + ".bak")
	require.NoError(t, err)
	assert.True(t, content == string(kept), "the broken file is kept as it was")
}

// What cannot be read is not replaced, and the user's choice counts until the program ends.
func TestAFileThatCannotBeReadIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	require.NoError(t, os.Mkdir(path, 0o700))
	h, err := history.Open(path)
	require.Error(t, err)
	require.Error(t, h.Remember(ann, clinician))
	last(t, h, ann, &clinician)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, info.IsDir())
	assert.NoFileExists(t, path+".bak")
}

// Two sessions of one user, as on a terminal server, do not forget for each other.
func TestTwoSessionsShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	first, second := open(t, path), open(t, path)
	require.NoError(t, first.Remember(ann, clinician))
	require.NoError(t, second.Remember(bob, manager))
	require.NoError(t, os.Remove(path))
	require.NoError(t, first.Remember(ann, manager), "a file that was removed is made again")
	h := open(t, path)
	last(t, h, ann, &manager)
	last(t, second, ann, &clinician)
}

// The flow and the window may ask at the same time.
func TestConcurrentUse(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "history.json"))
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			user := fmt.Sprintf("55503200020%d", i)
			assert.NoError(t, h.Remember(user, clinician))
			_, known := h.Last(user)
			assert.True(t, known)
		})
	}
	all.Wait()
}

// A choice that would not fit is an error, and does no harm to the others.
func TestAChoiceThatIsTooLong(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "history.json"))
	require.NoError(t, h.Remember(ann, clinician))
	require.Error(t, h.Remember(ann, ersclient.Permission{OrgIdentifier: strings.Repeat("x", 500)}))
	last(t, h, ann, &clinician)
}

// The usual place is the platform's folder for state.
func TestDefaultFile(t *testing.T) {
	assert.True(t, strings.HasSuffix(filepath.ToSlash(history.DefaultFile()), "/ers-login/history.json"))
}

// An admin who works for a clinician presses one key for both. The file names neither of them.
func TestTheClinicianIsRememberedWithThePair(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.json")
	acting := ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "RX001", OnBehalfOf: "555020964501"}
	h := open(t, path)
	require.NoError(t, h.Remember(ann, acting))
	require.NoError(t, h.Mark(ann, acting, 2))
	require.NoError(t, h.Remember(bob, manager))
	for name, opened := range map[string]*history.History{"the same": h, "after a restart": open(t, path)} {
		t.Run(name, func(t *testing.T) {
			got, known := opened.Last(ann)
			require.True(t, known)
			assert.Equal(t, acting, got)
			got, known = opened.Last(bob)
			require.True(t, known)
			assert.Empty(t, got.OnBehalfOf)
			pair := acting
			pair.OnBehalfOf = ""
			assert.Equal(t, map[ersclient.Permission]int{pair: 2}, opened.FavouritePlaces(ann), "a favourite is a pair")
		})
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), acting.OnBehalfOf)
	assert.NotContains(t, string(text), ann)

	// What another version or another program wrote there is no clinician.
	for name, sealed := range map[string]string{"plain": "555020964501", "not base64": "?", "of another user": strings.Repeat("QUFB", 20)} {
		t.Run(name, func(t *testing.T) {
			var content struct {
				Version int                 `json:"version"`
				Salt    string              `json:"salt"`
				Choices []map[string]string `json:"choices"`
			}
			require.NoError(t, json.Unmarshal(text, &content))
			for _, one := range content.Choices {
				one["onBehalfOf"] = sealed
			}
			changed, err := json.Marshal(content)
			require.NoError(t, err)
			other := filepath.Join(t.TempDir(), "history.json")
			require.NoError(t, os.WriteFile(other, changed, 0o600))
			got, known := open(t, other).Last(ann)
			require.True(t, known)
			assert.True(t, got.Same(acting))
			assert.Empty(t, got.OnBehalfOf)
		})
	}

	require.NoError(t, h.Remember(ann, manager))
	got, _ := open(t, path).Last(ann)
	assert.Empty(t, got.OnBehalfOf, "the later choice has none")
}
