package keyring_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/soak"
)

// soakSession is a session in which every field has its generation, so that mixtures of two are
// noticed.
func soakSession(generation int64) handoff.Session {
	mark := strconv.FormatInt(generation, 10)
	begin := time.Now().Add(time.Duration(generation) * time.Second).Truncate(time.Second).UTC()
	return handoff.Session{
		Version: handoff.Version, Generation: generation, SessionKey: handoff.NewSessionKey(fmt.Sprintf("made-up-%d", generation)),
		BaseURL: "https://ers.example/" + mark, ASID: mark, UserIdentifier: "user " + mark, UserName: "Siân " + mark,
		// Of another length each time: half of a long one before the end of a short one would be seen.
		OrgIdentifier: "R" + mark, OrgName: strings.Repeat("Tŷ "+mark, int(generation%40)+1), BusinessFunction: "FUNCTION_" + mark,
		IssuedAt: begin, ExpiresAt: begin.Add(10 * time.Hour), Publisher: "publisher " + mark,
	}
}

// A session that replaces another in the keyring, as one left by an earlier run, must do so at
// once: a reader gets the one or the other, whole, and never none. That the program clears its own
// sessions first is tested with all of it (TestSoakReadersWhileUsersComeAndGo in package app).
func TestSoakSessionsReplacedInPlace(t *testing.T) {
	const lives, replacements = 8, 50
	reader := filepath.Join(t.TempDir(), "reader")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", reader, "../testing/soak/reader").CombinedOutput()
	require.NoError(t, err, string(built))
	session := keyringtest.ForTest(t, keyringtest.Options{})
	record, err := soak.NewRecord(t.TempDir())
	require.NoError(t, err)
	readers, err := record.StartReaders(t.Context(), reader, append(os.Environ(), session.Env()...),
		soak.Looks, soak.Looks, soak.LooksForKey, soak.Watches, soak.SecretTool, soak.SecretToolForKey, soak.Python)
	require.NoError(t, err)

	client := connect(t, settings(t, session))
	for life := range int64(lives) {
		for replacement := range int64(replacements) {
			next := soakSession(life*replacements + replacement + 1)
			require.NoError(t, record.Publishing(next))
			require.NoError(t, client.Publish(t.Context(), next))
			record.Published()
			if next.Generation == 1 {
				readers.Await()
			}
		}
		record.Clearing()
		require.NoError(t, client.Clear(t.Context()))
		record.Cleared()
	}
	require.NoError(t, readers.End())
	t.Logf("%d sessions: %+v", record.Sessions(), readers.Seen())
	for kind, seen := range readers.Seen() {
		require.NotZero(t, seen.Found, kind)
		require.NotZero(t, seen.None, kind)
	}
}
