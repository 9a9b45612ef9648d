//go:build windowsrig

package desktop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows/registry"
)

// TestAutostartOnWindows is run by the rig of internal/e2e/windows. The window shows a program that
// was switched off in Task Manager as off, and can switch it on again.
func TestAutostartOnWindows(t *testing.T) {
	entry := runEntry{name: "io.example.Login", program: `C:\Program Files\e-RS Login\ers-login.exe`}
	is := func(want bool) {
		t.Helper()
		on, err := entry.On()
		require.NoError(t, err)
		require.Equal(t, want, on)
	}
	put := func(root registry.Key, path string, write func(registry.Key) error) {
		t.Helper()
		key, _, err := registry.CreateKey(root, path, registry.SET_VALUE)
		require.NoError(t, err)
		require.NoError(t, write(key))
		require.NoError(t, key.Close())
	}
	approve := func(first byte) {
		t.Helper()
		put(registry.CURRENT_USER, approvedKey, func(key registry.Key) error {
			return key.SetBinaryValue(entry.name, append([]byte{first}, make([]byte, 11)...))
		})
	}
	is(false)
	require.NoError(t, entry.Set(false), "it is off already")
	require.NoError(t, entry.Set(true))
	is(true)
	for first, want := range map[byte]bool{0x02: true, 0x03: false, 0x06: true, 0x07: false} {
		approve(first)
		is(want)
	}
	approve(0x03)
	require.NoError(t, entry.Set(true))
	is(true)
	approve(0x03)
	require.NoError(t, entry.Set(false))
	is(false)
	require.NoError(t, entry.Set(true))
	is(true)
	require.NoError(t, entry.Set(false))

	// Forgetting removes the user's own entry, whether switched off or not.
	require.NoError(t, entry.Set(true))
	approve(0x03)
	require.NoError(t, entry.Forget())
	is(false)
	approve(0x02)
	is(false)
	require.NoError(t, entry.Forget())

	// The installer's entry for all users: AUTOSTART=1. A 32-bit deployment tool writes the second.
	for _, path := range []string{runKey, runKey32} {
		forced, err := entry.ForAllUsers()
		require.NoError(t, err)
		require.False(t, forced)
		put(registry.LOCAL_MACHINE, path, func(key registry.Key) error {
			return key.SetStringValue(runForAllUsers, `"C:\Program Files\e-RS Login\ers-login.exe" --background`)
		})
		is(true)
		forced, err = entry.ForAllUsers()
		require.NoError(t, err)
		assert.True(t, forced, "a user cannot change that")
		require.NoError(t, entry.Forget())
		is(true)
		put(registry.LOCAL_MACHINE, path, func(key registry.Key) error { return key.DeleteValue(runForAllUsers) })
	}
	is(false)
}
