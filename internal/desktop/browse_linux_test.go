package desktop

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withOpener has xdg-open be a script.
func withOpener(t *testing.T, script string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "xdg-open"), []byte("#!/bin/sh\n"+script), 0o700))
	return folder
}

// If this fails, no browser opens, or something else than a page does.
func TestBrowse(t *testing.T) {
	const page = "https://e.nhs.uk/oauth2/authorize?a=$(touch%20x)&b='c';d"
	folder := withOpener(t, `printf '%s\n' "$#" "$1" >"$(dirname "$0")/opened"`)
	require.NoError(t, CanBrowse())
	require.NoError(t, Browse(t.Context(), page))
	opened, err := os.ReadFile(filepath.Join(folder, "opened"))
	require.NoError(t, err)
	assert.Equal(t, "1\n"+page+"\n", string(opened))
	require.NoError(t, Browse(t.Context(), "http://127.0.0.1:4711/oauth2"))
	for _, other := range []string{"file:///etc/passwd", "--help", "", "javascript:x", "https:", "/usr/bin/true", "https://\x7f"} {
		require.Error(t, Browse(t.Context(), other), other)
	}
}

func TestBrowsersThatDoNotOpen(t *testing.T) {
	const page = "https://e.nhs.uk/planted-state"
	t.Run("there is no program", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		require.Error(t, CanBrowse())
		require.Error(t, Browse(t.Context(), page))
	})
	t.Run("it fails", func(t *testing.T) {
		withOpener(t, "exit 3")
		err := Browse(t.Context(), page)
		require.ErrorContains(t, err, "exit status 3")
		assert.NotContains(t, err.Error(), "planted", "the address is not for the log")
	})
	t.Run("it has become the browser", func(t *testing.T) {
		folder := withOpener(t, `echo $$ >"$(dirname "$0")/pid"; exec sleep 60`)
		program := filepath.Join(folder, "xdg-open")
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, browse(ctx, []string{program, page}, time.Millisecond))
		cancel()
		var pid []byte
		require.Eventually(t, func() bool {
			pid, _ = os.ReadFile(filepath.Join(folder, "pid"))
			return len(pid) > 1
		}, time.Minute, 5*time.Millisecond)
		stat := filepath.Join("/proc", strings.TrimSpace(string(pid)))
		_, err := os.Stat(stat)
		require.NoError(t, err, "the browser goes on when the user has cancelled")
		end(t, strings.TrimSpace(string(pid)))
	})
	t.Run("the user has cancelled", func(t *testing.T) {
		withOpener(t, "exec sleep 1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, Browse(ctx, page))
	})
}

// end ends a process.
func end(t *testing.T, pid string) {
	t.Helper()
	number, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(number, syscall.SIGKILL))
}
