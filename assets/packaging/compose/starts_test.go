package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a desktop or systemd starts must be the program that the package has installed, not the first of that name in a PATH that begins with
// a folder of the user's, or with another program's.
func TestWhatIsInstalledIsStartedByItsFullPath(t *testing.T) {
	starts := regexp.MustCompile(`(?m)^(?:Exec|TryExec|Exec[A-Z]\w*)=(\S+)`)
	found := 0
	require.NoError(t, filepath.WalkDir(filepath.Join("..", "linux"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, start := range starts.FindAllStringSubmatch(string(content), -1) {
			found++
			assert.Equal(t, "/usr/bin/ers-login", start[1], path)
		}
		return err
	}))
	assert.Equal(t, 6, found)
}
