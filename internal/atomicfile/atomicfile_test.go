package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/atomicfile"
)

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

// A file that is not replaced, or replaced by half, is a user's choice or an administrator's setting lost.
func TestWrite(t *testing.T) {
	long := strings.Repeat("long ", 100_000)
	tests := map[string]struct{ before, content string }{
		"a new file":       {"", "new"},
		"a shorter one":    {long, "short"},
		"a longer one":     {"short", long},
		"an empty one":     {"full", ""},
		"with mode 0644":   {"before", "after"},
		"the same content": {"same", "same"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file.json")
			if test.before != "" {
				require.NoError(t, os.WriteFile(path, []byte(test.before), 0o644))
			}
			require.NoError(t, atomicfile.Write(path, []byte(test.content)))
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, test.content, string(content))
			assert.Equal(t, []string{"file.json"}, names(t, dir), "no temporary file is left")
			if runtime.GOOS != "windows" {
				info, err := os.Stat(path)
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			}
		})
	}
}

// After a failure, what was there is there still, and nothing else.
func TestAFailureLeavesEverythingAsItWas(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(path, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path, "inside"), nil, 0o600))
	require.Error(t, atomicfile.Write(path, []byte("x")), "a folder is not replaced by a file")
	assert.Equal(t, []string{"folder"}, names(t, dir))
	assert.Equal(t, []string{"inside"}, names(t, path))

	require.ErrorIs(t, atomicfile.Write(filepath.Join(dir, "none", "file"), nil), os.ErrNotExist)
}

// A reader at any moment sees a whole file.
func TestAReaderNeverSeesHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	contents := []string{strings.Repeat("a", 50_000), strings.Repeat("b", 70_000)}
	require.NoError(t, atomicfile.Write(path, []byte(contents[0])))
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 50 && err == nil; i++ {
			err = atomicfile.Write(path, []byte(contents[i%2]))
		}
		done <- err
	}()
	for {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, contents, string(content))
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
	}
}
