package bounded_test

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/bounded"
)

// If this fails, a file that grows without end fills the memory, or one of exactly the limit is
// refused.
func TestReadFile(t *testing.T) {
	const limit = 10
	for name, test := range map[string]struct {
		content string
		want    error
	}{
		"empty":          {"", nil},
		"the limit":      {"0123456789", nil},
		"one byte more":  {"0123456789a", bounded.ErrTooLarge},
		"very much more": {strings.Repeat("x", 1<<20), bounded.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
			content, err := bounded.ReadFile(path, limit)
			require.ErrorIs(t, err, test.want)
			if test.want == nil {
				assert.Equal(t, test.content, string(content))
			}
		})
	}
	_, err := bounded.ReadFile(filepath.Join(t.TempDir(), "none"), limit)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = bounded.ReadFile(t.TempDir(), limit)
	require.Error(t, err, "a folder")
}

// If this fails, a program that prints without end fills the memory, or is stopped by that.
func TestText(t *testing.T) {
	kept := &bounded.Text{Limit: 10}
	for _, written := range []string{"0123", "", "456789abc", "def"} {
		count, err := io.WriteString(kept, written)
		require.NoError(t, err)
		assert.Equal(t, len(written), count)
	}
	assert.Equal(t, "0123456789", kept.String())

	copied := &bounded.Text{Limit: 10}
	count, err := io.Copy(copied, strings.NewReader(strings.Repeat("x", 1<<20)))
	require.NoError(t, err)
	assert.EqualValues(t, 1<<20, count)
	assert.Len(t, copied.String(), 10)

	printed := &bounded.Text{Limit: 10}
	program := exec.CommandContext(t.Context(), "go", "help", "build")
	program.Stdout, program.Stderr = printed, printed
	require.NoError(t, program.Run())
	assert.Len(t, printed.String(), 10)
}
