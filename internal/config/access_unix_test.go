//go:build unix

package config

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

// A passphrase that others on a shared workstation can read is not a secret.
func TestJudgeAccess(t *testing.T) {
	const ann, bob, root = 1000, 1001, 0
	tests := map[string]struct {
		mode        fs.FileMode
		owner, user int
		good        bool
	}{
		"private":            {0o600, ann, ann, true},
		"read only":          {0o400, ann, ann, true},
		"of root":            {0o600, root, ann, true},
		"for root":           {0o600, root, root, true},
		"another user's":     {0o600, bob, ann, false},
		"of a user for root": {0o600, ann, root, false},
		"group reads":        {0o640, ann, ann, false},
		"group writes":       {0o620, ann, ann, false},
		"others read":        {0o604, ann, ann, false},
		"others execute":     {0o601, ann, ann, false},
		"open":               {0o777, ann, ann, false},
		"of root and open":   {0o644, root, ann, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := judgeAccess(test.mode, test.owner, test.user)
			if test.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errAccess)
			}
		})
	}
}

// The remedy must be in the message: it is one command.
func TestAPassphraseFileThatIsNotPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	require.NoError(t, os.WriteFile(path, []byte("hunter2\n"), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	settings := Config{Certificate: "a.p12", PassphraseFile: path}

	text, err := settings.Passphrase(t.Context(), nil)
	require.True(t, text.IsZero())
	p := problem.Of(err)
	assert.Equal(t, "SETTING-FILE-ACCESS", p.Code)
	assert.Contains(t, p.ServiceDesk[0], "chmod 600")
	assert.Contains(t, p.Error(), "0640")
	assert.NotContains(t, p.Error(), "hunter2")

	require.NoError(t, os.Chmod(path, 0o600))
	text, err = settings.Passphrase(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, text.Reveal() == "hunter2")
}

// A pipe in the place of a file would keep the program waiting for ever.
func TestAPipeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := Config{Certificate: "a.p12", PassphraseFile: path}.Passphrase(context.Background(), nil)
	require.ErrorContains(t, err, "not a regular file")
	_, err = Load(Sources{File: path})
	require.ErrorContains(t, err, "not a regular file")
}
