package certificate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// systemRootsVariable holds the address of the server for the subprocess of the next test.
const systemRootsVariable = "ERSCLIENT_TEST_SYSTEM_ROOTS"

// A policy that trusts the system's authorities must not be widened by a user's environment
// variable.
func TestTheSystemsAuthoritiesAreNotTheEnvironments(t *testing.T) {
	if base := os.Getenv(systemRootsVariable); base != "" {
		roots, store, err := certificate.LoadRootCAs("")
		require.NoError(t, err)
		client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
			BaseURL: base, RootCAs: roots, TrustStore: store, Proxy: clienttest.Direct,
		}})
		require.NoError(t, err)
		defer client.Close()
		clienttest.RequireCode(t, "TLS-UNTRUSTED", client.Reach(t.Context()))
		require.NotEmpty(t, os.Getenv("SSL_CERT_FILE")+os.Getenv("SSL_CERT_DIR"), "what is started later has it")
		return
	}
	server := clienttest.NewServer(t)
	files, err := server.WriteFiles(t.TempDir())
	require.NoError(t, err)
	for name, variable := range map[string]string{"a file": "SSL_CERT_FILE=" + files.CA, "a folder": "SSL_CERT_DIR=" + filepath.Dir(files.CA)} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheSystemsAuthoritiesAreNotTheEnvironments$")
			command.Env = append(os.Environ(), variable, systemRootsVariable+"="+server.URL)
			output, err := command.CombinedOutput()
			require.NoError(t, err, "%s", output)
		})
	}
}
