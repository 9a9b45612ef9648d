package handoff_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// Integrators run the document's recipe at their own desks, with their own passwords in their
// keyring. The test runs its lines unchanged.
func TestTheRecipeForTryingLeavesTheRealKeyringAlone(t *testing.T) {
	document, err := os.ReadFile("../../docs/handoff.md")
	require.NoError(t, err)
	recipe := regexp.MustCompile("(?s)```\n([^`]*dbus-run-session.*?\n)```").FindStringSubmatch(string(document))
	require.NotNil(t, recipe, "the document has no recipe any more")

	mine := keyringtest.ForTest(t, keyringtest.Options{})
	for _, pair := range mine.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	// As on a desktop, whose session sets the keyring's socket.
	control := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "keyring")
	t.Setenv("GNOME_KEYRING_CONTROL", control)
	require.NoError(t, handoff.Write(t.Context(), madeUp()))
	before := filesIn(t, control)
	require.NotEmpty(t, before)

	over := madeUp()
	over.UserName, over.ExpiresAt = "Somebody Else", time.Now().Add(time.Hour)
	entry, err := handoff.Encode(over)
	require.NoError(t, err)
	t.Setenv("JSON", string(entry))
	// Temporary files go with the test.
	t.Setenv("TMPDIR", shortFolder(t))
	// A reader runs once the entry exists, and again once it is gone.
	const look = "secret-tool lookup service ers-login username session | tr '\\n' ' '; echo\n"
	lines := regexp.MustCompile(`(?m)^secret-tool clear .*\n`).ReplaceAllStringFunc(recipe[1], func(clearing string) string {
		return look + clearing + look
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash")
	shell.Stdin = strings.NewReader(lines)
	said, err := shell.Output()
	require.NoError(t, err)
	assert.Equal(t, string(entry)+"\n\n", string(said), "a reader finds the entry, and then that it is gone")

	read, err := handoff.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, madeUp().UserName, read.UserName)
	assert.Equal(t, before, filesIn(t, control), "the real keyring cannot be reached any more")
}

func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// shortFolder returns a folder for sockets, whose paths must be short.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "recipe")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	return folder
}

// The first line that an integrator copies names the integer type of the generation.
func TestTheDocumentSaysHowHighAGenerationIs(t *testing.T) {
	document, err := os.ReadFile("../../docs/handoff.md")
	require.NoError(t, err)
	highest, err := json.Marshal(handoff.MaxGeneration)
	require.NoError(t, err)
	assert.Contains(t, string(document), string(highest))
	assert.Equal(t, int64(handoff.MaxGeneration), *sessionSchema(t).Properties["generation"].Maximum)
}
