//go:build windowsrig

package windows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What starts the program when a user logs on, and what Task Manager has to say about it, stands in the registry: see the test of
// internal/commands that is run here.
func TestAutostart(t *testing.T) {
	r := newRig(t)
	r.copy("commands.test.exe", toolsFolder, "commands.test.exe")
	said, status := r.run(toolsFolder+`\commands.test.exe`, "-test.v", "-test.run", "^TestAutostartOnWindows$")
	require.Zero(t, status, said)
	require.Contains(t, said, "--- PASS: TestAutostartOnWindows")
}

// A library beside the documents must not be loaded: see the test of internal/commands that is run here.
func TestTheWorkingFolder(t *testing.T) {
	r := newRig(t)
	r.copy("commands.test.exe", toolsFolder, "commands.test.exe")
	said, status := r.run(toolsFolder+`\commands.test.exe`, "-test.v", "-test.run", "^TestNoLibraryFromTheWorkingFolder$")
	require.Zero(t, status, said)
	require.Contains(t, said, "--- PASS: TestNoLibraryFromTheWorkingFolder")
}
