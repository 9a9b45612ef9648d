package audit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

// holdLock is another process that holds the lock until it is released.
func holdLock(t *testing.T, folder string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(folder, "audit.lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0,
		&windows.Overlapped{OffsetHigh: 1}))
	return func() { require.NoError(t, file.Close()) }
}
