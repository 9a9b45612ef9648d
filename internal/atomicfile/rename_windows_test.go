package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/atomicfile"
)

// If this fails, a choice is not saved because another window reads the file at that moment: Go does
// not share the right to replace what it has open.
func TestAReaderDelaysTheReplacement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	reader, err := os.Open(path)
	require.NoError(t, err)
	time.AfterFunc(100*time.Millisecond, func() { assert.NoError(t, reader.Close()) })
	require.NoError(t, atomicfile.Write(path, []byte("after")))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "after", string(content))
}
