//go:build unix

package testserver_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// Others who may write to the folder must not decide where a key goes.
func TestWriteFileFollowsNoLink(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, os.Symlink(path("elsewhere"), path(".writing-key")))
	require.NoError(t, testserver.WriteFile(path("key"), 0o600, []byte("secret")))
	require.NoFileExists(t, path("elsewhere"))
	written, err := os.ReadFile(path("key"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(written))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2, "a temporary file is left")
}
