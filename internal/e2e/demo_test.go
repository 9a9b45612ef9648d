//go:build linux

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// New users look at the demonstration first. It has to work over ssh -X, in a container, under WSLg
// and on a minimal desktop: wherever a window opens.
func TestTheDemonstrationSignsInOnAnyDesktop(t *testing.T) {
	walkthrough := filepath.Join(t.TempDir(), "walkthrough")
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", walkthrough, "./walkthrough").CombinedOutput()
	require.NoError(t, err, "%s", said)
	for _, desktop := range []string{"no-bus", "no-service", "no-collection", "locked"} {
		t.Run(desktop, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), walkthrough, "-program", programs.login, "-pictures", t.TempDir(), "-desktop", desktop)
			said, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", said)
			require.Contains(t, string(said), "The program has ended, and its keyring is gone.")
		})
	}
}

// A demonstration with its own keyring leaves nothing behind even if it is killed: its processes
// die with it, and the next start removes their files. It starts no bus in any other way.
func TestAKilledDemonstrationLeavesNothing(t *testing.T) {
	s := open(t, keyringtest.Options{State: keyringtest.NoBus})
	temporary, err := os.MkdirTemp("/tmp", "demo")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(temporary)) })
	commands, launched := t.TempDir(), filepath.Join(t.TempDir(), "launched")
	launcher := "#!/bin/sh\n: >'" + launched + "'\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(commands, "dbus-launch"), []byte(launcher), 0o700))
	s.Extra = append(s.Extra, "TMPDIR="+temporary, "PATH="+commands+":"+os.Getenv("PATH"))

	program := s.launch("demo")
	s.see(program, "waiting")
	found := regexp.MustCompile(`unix:path=(\S+)/bus `).FindStringSubmatch(program.Output())
	require.NotNil(t, found, program.Output())
	require.Equal(t, temporary, filepath.Dir(found[1]))
	require.NoError(t, program.Kill())
	require.Eventually(t, func() bool { return !inUse(t, found[1]) }, time.Minute, 20*time.Millisecond, "a process is left")

	program = s.launch("demo")
	s.see(program, "waiting")
	require.NoDirExists(t, found[1])
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoFileExists(t, launched)
}

// inUse reports whether a process has a folder in its environment.
func inUse(t *testing.T, folder string) bool {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, entry := range entries {
		if content, err := os.ReadFile(entry); err == nil && strings.Contains(string(content), folder) {
			return true
		}
	}
	return false
}
