package certificate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// As above for a user without privileges, where the tests run as root.
func TestTheSystemsAuthoritiesAreNotTheEnvironmentsOfNobody(t *testing.T) {
	server := clienttest.NewServer(t)
	folder, err := os.MkdirTemp("", "as-nobody")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	files, err := server.WriteFiles(folder)
	require.NoError(t, err)
	self, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	program := filepath.Join(folder, "certificate.test")
	require.NoError(t, os.WriteFile(program, self, 0o755))
	for _, variable := range []string{"SSL_CERT_FILE=" + files.CA, "SSL_CERT_DIR=" + folder} {
		command := exec.CommandContext(t.Context(), program, "-test.run=^TestTheSystemsAuthoritiesAreNotTheEnvironments$", "-test.v")
		command.Dir = folder
		command.Env = append(os.Environ(), variable, systemRootsVariable+"="+server.URL)
		if os.Geteuid() == 0 {
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", variable, output)
		assert.Contains(t, string(output), "--- PASS: TestTheSystemsAuthorities")
	}
}
