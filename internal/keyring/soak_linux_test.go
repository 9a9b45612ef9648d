package keyring_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// soakFHIRSession is the same for the other platform.
func soakFHIRSession(generation, revision int64) handoff.FHIRSession {
	mark := fmt.Sprintf("%d-%d", generation, revision)
	begin := time.Now().Add(time.Duration(generation) * time.Second).Truncate(time.Second).UTC()
	return handoff.FHIRSession{
		Version: handoff.Version, Generation: generation, Revision: revision,
		// Of another length each time, up to the longest.
		AccessToken: handoff.NewAccessToken(strings.Repeat("made-up-"+mark+".", int(revision%30)+1)),
		BaseURL:     "https://ers.example/" + mark, UserIdentifier: "user " + mark, UserName: "Siân " + mark,
		OrgIdentifier: "R" + mark, OrgName: strings.Repeat("Tŷ "+mark, int(generation%10)+1), BusinessFunction: "FUNCTION_" + mark,
		OnBehalfOf: "for " + mark, IssuedAt: begin, TokenExpiresAt: begin.Add(time.Hour), ExpiresAt: begin.Add(10 * time.Hour),
		Publisher: "publisher " + mark,
	}
}

// buildReader builds the program that package soak starts.
func buildReader(t *testing.T) string {
	t.Helper()
	reader := filepath.Join(t.TempDir(), "reader")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", reader, "../testing/soak/reader").CombinedOutput()
	require.NoError(t, err, string(built))
	return reader
}

// A session that replaces another in the keyring, as one left by an earlier run, must do so at
// once: a reader gets the one or the other, whole, and never none. That the program clears its own
// sessions first is tested with all of it (TestSoakReadersWhileUsersComeAndGo in package app).
func TestSoakSessionsReplacedInPlace(t *testing.T) {
	const lives, replacements = 8, 50
	reader := buildReader(t)
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

// A token is renewed every eight minutes while other applications work, and a role is switched
// without a call to e-RS. A reader must find the one or the other, whole, and never none: it would
// take the user for signed out in the middle of their work.
func TestSoakTokensRenewedInPlace(t *testing.T) {
	for name, test := range map[string]struct {
		options                    keyringtest.Options
		refreshes, switches, looks int
		readers                    []soak.Kind
	}{
		"GNOME's": {keyringtest.Options{}, 500, 100, 10_000, []soak.Kind{
			soak.HurriesAtAny, soak.LooksAtFHIR, soak.LooksAtAny, soak.LooksForToken, soak.WatchesFHIR, soak.WatchesAny,
			soak.SecretToolAtFHIR, soak.SecretToolForToken, soak.PythonAtFHIR,
		}},
		// Programs that encrypt their connection fail with KWallet by chance: see keyringtest.MostTries.
		"KWallet":   {keyringtest.Options{Daemon: keyringtest.KWallet}, 100, 20, 500, []soak.Kind{soak.HurriesAtAny, soak.LooksForToken, soak.WatchesAny}},
		"KeePassXC": {keyringtest.Options{Daemon: keyringtest.KeePassXC}, 100, 20, 500, []soak.Kind{soak.HurriesAtAny, soak.LooksForToken, soak.WatchesAny}},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				test.refreshes, test.switches, test.looks = test.refreshes/10, test.switches/10, test.looks/100
			}
			reader := buildReader(t)
			session := keyringtest.ForTest(t, test.options)
			record, err := soak.NewRecord(t.TempDir())
			require.NoError(t, err)
			environ := append(os.Environ(), session.Env()...)
			// A program for HSCN alone finds no user signed in, whatever happens.
			nothing, err := soak.NewRecord(t.TempDir())
			require.NoError(t, err)
			hscn, err := nothing.StartReaders(t.Context(), reader, environ, soak.Looks, soak.LooksForKey)
			require.NoError(t, err)
			readers, err := record.StartReaders(t.Context(), reader, environ, test.readers...)
			require.NoError(t, err)

			client := connect(t, settings(t, session))
			publish := func(next handoff.FHIRSession) {
				require.NoError(t, record.Publishing(next))
				require.NoError(t, client.Publish(t.Context(), next))
				record.Published()
			}
			var generation, revision int64
			between := test.refreshes / test.switches
			deadline := time.Now().Add(soakWithin)
			for refreshes, switches := 0, 0; refreshes < test.refreshes || switches < test.switches || readers.Looks() < int64(test.looks); {
				require.True(t, time.Now().Before(deadline), "%d refreshes, %d switches and %d looks have taken too long", refreshes, switches, readers.Looks())
				if refreshes >= between*(switches+1) {
					generation, revision = generation+1, 0
					switches++
				} else {
					revision++
					refreshes++
				}
				publish(soakFHIRSession(generation+1, revision))
				if record.Sessions() == 1 {
					readers.Await()
				}
			}
			looks := readers.Looks()
			record.Clearing()
			require.NoError(t, client.Clear(t.Context()))
			record.Cleared()
			require.NoError(t, readers.End())
			require.NoError(t, hscn.End())
			t.Logf("%d sessions, %d looks: %+v", record.Sessions(), looks, readers.Seen())
			for kind, seen := range readers.Seen() {
				require.NotZero(t, seen.Found, kind)
				if slices.Contains([]soak.Kind{soak.WatchesFHIR, soak.WatchesAny}, kind) {
					require.LessOrEqual(t, seen.None, 2, "%s: before and after, and not in between", kind)
				}
			}
			for kind, seen := range hscn.Seen() {
				require.Zero(t, seen.Found, kind)
				require.NotZero(t, seen.None, kind)
			}
		})
	}
}

// soakWithin bounds a soak, generously.
const soakWithin = 15 * time.Minute
