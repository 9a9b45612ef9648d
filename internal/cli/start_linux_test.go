package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// bareProgram is a minimal Go program.
const bareProgram = "package main\n\nimport \"os\"\n\nfunc main() { _, _ = os.Stdout.WriteString(\"bare\\n\") }\n"

// BenchmarkStart measures the start of commands that only read, for scripts: the built program,
// alternating with a Go program that prints a word. They have no display and no OpenGL. The budget
// is 50 ms more than the bare one, the keyring's own time included.
func BenchmarkStart(b *testing.B) {
	session := keyringtest.ForTest(b, keyringtest.Options{})
	folder := b.TempDir()
	bare, ours := filepath.Join(folder, "bare"), filepath.Join(folder, "ers-login")
	source := filepath.Join(folder, "main.go")
	require.NoError(b, os.WriteFile(source, []byte(bareProgram), 0o600))
	for program, from := range map[string]string{bare: source, ours: "github.com/ers-login/ers-login"} {
		output, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, from).CombinedOutput()
		require.NoError(b, err, string(output))
	}
	environ := append([]string{"PATH=" + os.Getenv("PATH")}, session.Env()...)
	start := func(b *testing.B, program string, wanted int, arguments ...string) time.Duration {
		b.Helper()
		cmd := exec.CommandContext(b.Context(), program, arguments...)
		cmd.Env, cmd.Stdout = environ, io.Discard
		before := time.Now()
		err := cmd.Run()
		took := time.Since(before)
		var ended *exec.ExitError
		if err != nil && !errors.As(err, &ended) {
			require.NoError(b, err)
		}
		require.Equal(b, wanted, cmd.ProcessState.ExitCode())
		return took
	}
	for name, command := range map[string]struct {
		status    int
		arguments []string
	}{
		"version": {app.StatusDone, []string{"version", "--json"}},
		"session": {app.StatusFailed, []string{"session", "--json"}},
		"config":  {app.StatusDone, []string{"config", "show", "--json"}},
	} {
		b.Run(name, func(b *testing.B) {
			start(b, bare, app.StatusDone)
			start(b, ours, command.status, command.arguments...)
			var more, less time.Duration
			for b.Loop() {
				less += start(b, bare, app.StatusDone)
				more += start(b, ours, command.status, command.arguments...)
			}
			b.ReportMetric(float64((more-less).Microseconds())/1000/float64(b.N), "ms-more-than-bare")
			b.ReportMetric(float64(more.Microseconds())/1000/float64(b.N), "ms/start")
		})
	}
}
