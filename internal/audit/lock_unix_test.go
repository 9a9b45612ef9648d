//go:build unix

package audit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// holdLock is another process that holds the lock until it is released.
func holdLock(t *testing.T, folder string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(folder, "audit.lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))
	return func() { require.NoError(t, file.Close()) }
}
