//go:build unix

package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A writer of the policy, or of the computer's settings, decides for all its users.
func TestJudgeTrust(t *testing.T) {
	const root, ann = 0, 1000
	for name, test := range map[string]struct {
		mode  fs.FileMode
		owner int
		good  bool
	}{
		"readable":             {0o644, root, true},
		"root's alone":         {0o600, root, true},
		"a folder":             {fs.ModeDir | 0o755, root, true},
		"group writes":         {0o664, root, false},
		"others write":         {0o646, root, false},
		"a folder like /tmp":   {fs.ModeDir | fs.ModeSticky | 0o777, root, false},
		"of a user":            {0o644, ann, false},
		"of a user, read only": {0o444, ann, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := judgeTrust("it", test.mode, test.owner)
			if test.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errUntrusted)
			}
		})
	}
}

// The check looks at the real file and its folder: whichever user runs this test, only root's are
// trusted.
func TestTrustOwner(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "policy.toml")
	link := filepath.Join(t.TempDir(), "policy.toml")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Symlink(path, link))
	trust := func(path string, folderMode, fileMode fs.FileMode) error {
		require.NoError(t, os.Chmod(folder, folderMode))
		require.NoError(t, os.Chmod(filepath.Join(folder, "policy.toml"), fileMode))
		file, err := os.Open(path)
		require.NoError(t, err)
		defer func() { assert.NoError(t, file.Close()) }()
		return TrustOwner(file)
	}
	require.ErrorIs(t, trust(path, 0o755, 0o666), errUntrusted)
	require.ErrorIs(t, trust(path, 0o777, 0o644), errUntrusted)
	require.ErrorIs(t, trust(link, 0o777, 0o644), errUntrusted, "the folder behind a link counts too")
	for _, name := range []string{path, link} {
		if err := trust(name, 0o755, 0o644); os.Geteuid() == 0 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, errUntrusted)
			assert.ErrorContains(t, err, "belongs to user id")
		}
	}
}

// The Problem of such a file has the remedy.
func TestAnUntrustedFileIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte("log_level = 'debug'\n"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	c, err := Load(Sources{MachineFile: path})
	var invalid *Invalid
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Problems, 1)
	p := invalid.Problems[0]
	assert.Equal(t, "SETTING-FILE-TRUST", p.Code)
	assert.Contains(t, p.Expand(p.Happened), "people other than administrators can change it: ")
	assert.Contains(t, p.ServiceDesk[0], "belong to root")
	assert.Equal(t, "info", c.LogLevel)

	_, err = Load(Sources{PolicyFile: path})
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, "SETTING-POLICY", invalid.Problems[0].Code)
}
