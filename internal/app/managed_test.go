package app

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// An administrator's settings for a server that cannot be changed apply to a sign-in's and doctor's
// connections.
func TestServerNameReachesTheConnection(t *testing.T) {
	server := erstest.NewUnstartedServer(erstest.WithServerNames("portal.example"))
	require.NoError(t, server.Start())
	defer server.Close()
	files, err := server.WriteFiles(t.TempDir())
	require.NoError(t, err)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, "")
	}
	for line, code := range map[string]string{"": "TLS-NAME", "server_name = 'portal.example'\n": "", "server_name = 'other.example'\n": "TLS-NAME"} {
		t.Run(line, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.toml")
			require.NoError(t, os.WriteFile(path, []byte(line+"tls_ciphers = 'compatible'\nasid = '"+erstest.ASID+"'\nbase_url = '"+server.URL+
				"'\nca_bundle = '"+files.CA+"'\ncertificate = '"+files.Certificate+"'\nkey = '"+files.Key+"'\n"), 0o600))
			settings, err := config.Load(config.Sources{MachineFile: path, Trust: func(*os.File) error { return nil }})
			require.NoError(t, err)
			ring := keyring.New(keyring.Settings{Command: []string{worker(), WorkerCommand}})
			defer func() { require.NoError(t, ring.Close()) }()
			services := RealServices{Log: testLog(t)}
			client, err := services.newReloadingClient(t.Context(), settings, ring)
			require.NoError(t, err)
			defer client.Close()
			look, err := services.newCheckClient(settings, tls.Certificate{}, ring)
			require.NoError(t, err)
			_, asked := look.Examine(t.Context())
			reached := client.Reach(t.Context())
			if code == "" {
				require.NoError(t, reached)
				require.Equal(t, "TLS-CLIENT_CERT_MISSING", problem.Of(asked).Code, "the server's certificate was accepted")
				return
			}
			require.Equal(t, code, problem.Of(reached).Code)
			require.Equal(t, code, problem.Of(asked).Code)
		})
	}
}

// A setting that stops the sign-in is on the screen already, and a notice beside it would say it twice.
func TestAFaultIsReportedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte("base_url = 'http://e.nhs.uk'\nrequest_timeout = 5\n"), 0o600))
	board := signin.NewBoard()
	_, err := RealServices{Log: testLog(t), Board: board, Sources: config.Sources{UserFile: path}}.prepare(t.Context())
	var invalid *config.Invalid
	require.ErrorAs(t, err, &invalid)
	require.True(t, config.IsAbout(invalid.Problems[0], "base_url"))
	notices := <-board.Changes()
	require.Len(t, notices, 1)
	require.Equal(t, "SETTING-REQUEST_TIMEOUT", notices[0].Problem.Code)
}
