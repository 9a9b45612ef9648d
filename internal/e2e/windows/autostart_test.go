//go:build windowsrig

package windows_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The registry has what starts at log-on, and Task Manager's state of it: see the test of
// internal/desktop that is run here.
func TestAutostart(t *testing.T) {
	r := newRig(t)
	r.copy("desktop.test.exe", toolsFolder, "desktop.test.exe")
	said, status := r.run(toolsFolder+`\desktop.test.exe`, "-test.v", "-test.run", "^TestAutostartOnWindows$")
	require.Zero(t, status, said)
	require.Contains(t, said, "--- PASS: TestAutostartOnWindows")
}

// A library beside the documents must not be loaded: see the test of internal/app that is run here.
func TestTheWorkingFolder(t *testing.T) {
	r := newRig(t)
	r.copy("app.test.exe", toolsFolder, "app.test.exe")
	said, status := r.run(toolsFolder+`\app.test.exe`, "-test.v", "-test.run", "^TestNoLibraryFromTheWorkingFolder$")
	require.Zero(t, status, said)
	require.Contains(t, said, "--- PASS: TestNoLibraryFromTheWorkingFolder")
}
