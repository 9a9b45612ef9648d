package brokenpolicy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// AsNobody runs a test of a package two folders below the module's again, as the system's user nobody
// and beside the calling test. The returned function waits for its end.
func AsNobody(t *testing.T, test string) (wait func()) {
	t.Helper()
	const nobody = 65534
	folder, err := os.MkdirTemp("", "as-nobody")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755)) //nolint:gosec // G302: another user reads it
	there := filepath.Join(folder, "internal", "tested")
	require.NoError(t, os.MkdirAll(there, 0o755)) //nolint:gosec // G301: another user reads it
	home := filepath.Join(folder, "home")
	require.NoError(t, os.Mkdir(home, 0o700))
	require.NoError(t, os.Chown(home, nobody, nobody))
	program := filepath.Join(there, "other")
	for from, to := range map[string]string{
		os.Args[0]: program, filepath.Join("..", "..", "FyneApp.toml"): filepath.Join(folder, "FyneApp.toml"),
	} {
		content, err := os.ReadFile(from) //nolint:gosec // G304: this program, and a file of the module
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, content, 0o755)) //nolint:gosec // G306: another user runs it
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+test+"$", "-test.v", "-test.parallel=8") //nolint:gosec // G204: this program
	cmd.Dir, cmd.Env = there, append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	return func() {
		t.Helper()
		require.NoError(t, cmd.Wait(), "%s", output.String())
		assert.Contains(t, output.String(), "--- PASS: "+test)
		assert.NotContains(t, output.String(), "SKIP")
	}
}
