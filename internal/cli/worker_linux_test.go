package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// A package is upgraded while a user is signed in. If this fails, the running program cannot use
// the keyring any more, and the session stays in it after the card has gone.
func TestAnUpgradeUnderARunningProgram(t *testing.T) {
	for name, upgrade := range map[string]func(t *testing.T, installed string){
		"another version in its place": func(t *testing.T, installed string) {
			// dpkg and rpm install it like this: under another name, and renamed.
			require.NoError(t, os.WriteFile(installed+".new", []byte("#!/bin/sh\nexit 70\n"), 0o755))
			require.NoError(t, os.Rename(installed+".new", installed))
		},
		"nothing in its place": func(t *testing.T, installed string) { require.NoError(t, os.Remove(installed)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, signsIn, keyringtest.Options{})
			installed := filepath.Join(t.TempDir(), "ers-login")
			program, err := os.ReadFile(os.Args[0])
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(installed, program, 0o755))
			w.as(installed, "sign-in")
			_, err = readSession(t.Context(), handoff.ReadAny)
			require.NoError(t, err)

			window := w.windowPID()
			before := workersOf(t, window)
			require.Len(t, before, 1)
			upgrade(t, installed)
			require.NoError(t, syscall.Kill(before[0], syscall.SIGKILL))

			w.as(os.Args[0], "sign-out")
			_, err = readSession(t.Context(), handoff.ReadAny)
			require.ErrorIs(t, err, errSignedOut)
			assert.Equal(t, window, w.windowPID(), "the upgrade has left the program alone")
			// The worker that cleared the session has ended. The next one serves the next sign-in.
			w.as(os.Args[0], "sign-in")
			after := workersOf(t, window)
			require.Len(t, after, 1)
			assert.NotEqual(t, before, after)
			runs, err := os.Readlink("/proc/" + strconv.Itoa(after[0]) + "/exe")
			require.NoError(t, err)
			assert.Equal(t, installed+" (deleted)", runs, "the worker has to be of the window's own version")
		})
	}
}

// as runs a program as e-RS Login to its end, which must be a success.
func (w workplace) as(program string, arguments ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = w.environ
	output, err := cmd.CombinedOutput()
	require.NoError(w.t, err, string(output))
}

// windowPID returns the window's process id.
func (w workplace) windowPID() int {
	w.t.Helper()
	lock, answer, err := instance.Join(w.t.Context(), instance.DefaultFile(), instance.Request{Action: instance.Raise})
	require.NoError(w.t, err)
	if lock != nil {
		require.NoError(w.t, lock.Release())
		require.FailNow(w.t, "there is no window")
	}
	return answer.PID
}

// workersOf returns a process's keyring workers.
func workersOf(t *testing.T, parent int) (found []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(parent) + "/task/*/children")
	require.NoError(t, err)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // that thread has ended
		}
		for child := range strings.FieldsSeq(string(text)) {
			line, err := os.ReadFile("/proc/" + child + "/cmdline")
			if err != nil || !slices.Contains(strings.Split(string(line), "\x00"), app.WorkerCommand) {
				continue
			}
			pid, err := strconv.Atoi(child)
			require.NoError(t, err)
			found = append(found, pid)
		}
	}
	return found
}
