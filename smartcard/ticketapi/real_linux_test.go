package ticketapi_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// The helper itself, as it is on Linux. On Windows it is driven under Wine: see internal/e2e/windows.
func TestTheRealHelper(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "ers-login-ticketbridge")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version="+version, "-o", program,
		"github.com/ers-login/ers-login/smartcard/ticketbridge")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	t.Setenv("PCSCLITE_CSOCK_NAME", filepath.Join(folder, "nobody-listens-here"))

	// If this fails, the program on Linux waits for a ticket that cannot come, or hides that it does not see the reader.
	t.Run("there is no Identity Agent", func(t *testing.T) {
		bridge := ticketapi.New(ticketapi.Settings{Command: []string{program}, Version: version})
		defer func() { require.NoError(t, bridge.Close()) }()
		status, err := bridge.Status(t.Context())
		require.NoError(t, err)
		assert.Equal(t, ticketapi.Status{}, status)
		_, err = bridge.TicketNoAuth(t.Context())
		assert.ErrorIs(t, err, smartcard.NotInstalled)
		_, err = bridge.Ticket(t.Context())
		assert.Equal(t, "CARD-NOT_INSTALLED", problem.Of(err).Code)
		assert.Contains(t, problem.Of(err).ServiceDesk[0], "Set agent_command", "there is no Identity Agent for Linux to install")
		assert.Empty(t, smartcard.NotInstalled.Problem().ServiceDesk, "on Windows there is")
		eventually(t, func() bool {
			seen := bridge.Presence().Err
			return seen != nil && problem.Of(seen).Code == "CARD-PCSC_UNAVAILABLE"
		})
	})

	// If this fails, a computer without libpcsclite has no working agent command either, or no
	// reason why the reader is not seen.
	t.Run("there is no libpcsclite", func(t *testing.T) {
		bare := filepath.Join(folder, "bare")
		linked, err := os.ReadFile(program)
		require.NoError(t, err)
		// The loader looks for a library that is on no computer, as it does for this one where it is not installed.
		cut := bytes.ReplaceAll(linked, []byte("libpcsclite.so.1\x00"), []byte("libpcsclite.so.!\x00"))
		require.NotEqual(t, linked, cut, "the helper is linked with the library")
		require.NoError(t, os.WriteFile(bare, cut, 0o700))

		readers := ticketapi.NewReaders(ticketapi.Settings{Command: []string{bare}, Version: version})
		defer func() { require.NoError(t, readers.Close()) }()
		eventually(t, func() bool { return problem.Of(readers.Presence().Err).Code == "CARD-PCSC_MISSING" })
		assert.ErrorContains(t, readers.Presence().Err, "libpcsclite.so.!: cannot open shared object file")
	})

	// If this fails, each program that is killed leaves a helper behind.
	t.Run("it ends with its stdin", func(t *testing.T) {
		helper := exec.CommandContext(t.Context(), program)
		stdin, err := helper.StdinPipe()
		require.NoError(t, err)
		stdout, err := helper.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, helper.Start())
		hello, err := bufio.NewReader(stdout).ReadString('\n')
		require.NoError(t, err)
		assert.JSONEq(t, `{"hello":"ticketbridge","protocol":1,"version":"`+version+`"}`, hello)
		require.NoError(t, stdin.Close())
		ended := make(chan error, 1)
		go func() { ended <- helper.Wait() }()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(guard):
			require.NoError(t, helper.Process.Kill())
			t.Fatal("it goes on")
		}
	})
}
