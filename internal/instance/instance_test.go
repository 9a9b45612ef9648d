package instance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
)

// If this fails, opening the program twice signs out the user of the first window.
func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(folder(t), "new folder", "lock")
	first := start(t, holds, path)
	require.Equal(t, "held", first.says(t))

	second := start(t, holds, path)
	assert.Equal(t, "INSTANCE-RUNNING", second.says(t))
	second.leave(t)
	_, err := instance.Take(path)
	require.ErrorIs(t, err, instance.Running)
	assert.True(t, problem.Of(err).Retry)

	first.leave(t)
	held, err := instance.Take(path)
	require.NoError(t, err, "a released lock is free")
	require.NoError(t, held.Release())
}

// If this fails, a crash locks the user out until a file is removed by hand.
func TestAKilledHolderFreesTheLock(t *testing.T) {
	path := filepath.Join(folder(t), "lock")
	first := start(t, holds, path)
	require.Equal(t, "held", first.says(t))
	first.kill(t)

	held, err := instance.Take(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, held.Release()) }()
	second := start(t, holds, path)
	assert.Equal(t, "INSTANCE-RUNNING", second.says(t), "the file that was left behind still locks")
	second.leave(t)
}

// If this fails, the window's Try again finds the program itself in the way.
func TestTheLockCanBeTakenAgain(t *testing.T) {
	path := filepath.Join(folder(t), "lock")
	for range 3 {
		held, err := instance.Take(path)
		require.NoError(t, err)
		_, err = instance.Take(path)
		require.ErrorIs(t, err, instance.Running)
		require.NoError(t, held.Release())
	}
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "others can lock the user out")
	}
}

// A lock that cannot be taken does not prove that no other instance runs, and the error names the
// folder.
func TestALockOfUnknownState(t *testing.T) {
	place := folder(t)
	file := filepath.Join(place, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, path := range map[string]string{"a folder": place, "below a file": filepath.Join(file, "lock")} {
		t.Run(name, func(t *testing.T) {
			_, err := instance.Take(path)
			require.ErrorIs(t, err, instance.Unknown)
			found := problem.Of(err)
			assert.Contains(t, found.Expand(found.ServiceDesk[0]), filepath.Dir(path))
		})
	}
}

// Two starts from the same desktop must come to the same file, or the lock is none.
func TestDefaultFile(t *testing.T) {
	place := folder(t)
	t.Setenv("XDG_RUNTIME_DIR", place)
	assert.Equal(t, place, filepath.Dir(instance.DefaultFile()))
	// On Windows each log-on session has its own Credential Manager.
	assert.Regexp(t, map[bool]string{true: `^ers-login-\d+\.lock$`, false: `^ers-login\.lock$`}[runtime.GOOS == "windows"],
		filepath.Base(instance.DefaultFile()))
	for name, value := range map[string]string{"not set": "", "gone": filepath.Join(place, "gone"), "relative": "."} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", value)
			found := instance.DefaultFile()
			assert.True(t, filepath.IsAbs(found))
			// systemd's folder of the user, where there is one, and else that of the platform for state.
			usual := filepath.Join("/run/user", strconv.Itoa(os.Geteuid()))
			if filepath.Dir(found) != usual {
				assert.NoDirExists(t, usual)
				assert.Equal(t, "ers-login", filepath.Base(filepath.Dir(found)))
			}
		})
	}
}

// If this fails, a signal at the wrong moment on a network file system keeps the program from starting.
func TestAnInterruptedLockIsTriedAgain(t *testing.T) {
	interrupted := 2
	require.NoError(t, instance.Try(func() (bool, error) {
		if interrupted--; interrupted >= 0 {
			return false, fmt.Errorf("flock: %w", syscall.EINTR)
		}
		return true, nil
	}))
	require.ErrorIs(t, instance.Try(func() (bool, error) { return false, syscall.ENOSYS }), syscall.ENOSYS)
}

// If this fails, an instance that has given its lock back takes the next holder's session for its own.
func TestTheNextHolderIsAnother(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	first, err := instance.Take(path)
	require.NoError(t, err)
	require.NoError(t, first.Release())
	next, err := instance.Take(path)
	require.NoError(t, err)
	assert.True(t, first.HeldByOther(next.Mark()))
	assert.False(t, next.HeldByOther(next.Mark()))
	require.NoError(t, next.Release())
}
