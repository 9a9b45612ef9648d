package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/secret"
)

// asProgram makes this test binary run the program itself.
const asProgram = "ERSTEST_STANDIN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a stand-in in its own process.
type program struct {
	*exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.Env = append(os.Environ(), asProgram+"=1")
	p.Stderr = os.Stderr
	var err error
	p.input, err = p.StdinPipe()
	require.NoError(t, err)
	output, err := p.StdoutPipe()
	require.NoError(t, err)
	p.output = bufio.NewReader(output)
	require.NoError(t, p.Start())
	return p
}

// The end-to-end test signs in to this process, queries its state, and ends it.
func TestSignInToAnotherProcess(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	p := start(t, "--dir", folder)
	line, err := p.output.ReadString('\n')
	require.NoError(t, err)
	url, err := os.ReadFile(filepath.Join(folder, testserver.URLFile))
	require.NoError(t, err)
	require.Equal(t, line, string(url))

	loaded, err := certificate.Load(certificate.Files{
		PKCS12: filepath.Join(folder, "client.p12"), Passphrase: secret.New(erstest.Passphrase),
	})
	require.NoError(t, err)
	roots, _, err := certificate.LoadRootCAs(filepath.Join(folder, "ca.pem"))
	require.NoError(t, err)
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: strings.TrimSpace(line), Certificate: loaded, RootCAs: roots,
	}})
	require.NoError(t, err)
	defer client.Close()
	session, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	session, err = client.SelectRole(t.Context(), session, session.User.Permissions[0])
	require.NoError(t, err)

	control, err := testserver.OpenControl(folder)
	require.NoError(t, err)
	var before, after erstest.Report
	require.NoError(t, control.Sessions(t.Context(), &before))
	require.Len(t, before.Sessions, 1)
	require.True(t, session.Key.Reveal() == before.Sessions[0].Key)
	require.NoError(t, client.DeleteSession(t.Context(), session.Key))
	require.NoError(t, control.Sessions(t.Context(), &after))
	require.Empty(t, after.Sessions)
	require.Equal(t, 1, after.Ended)

	require.NoError(t, p.input.Close(), "its starter has gone")
	require.NoError(t, p.Wait())
}

func TestItEndsWhenTerminated(t *testing.T) {
	p := start(t, "--dir", t.TempDir())
	_, err := p.output.ReadString('\n')
	require.NoError(t, err)
	if runtime.GOOS == "windows" {
		// Windows has no signals: the process is killed.
		require.NoError(t, p.Process.Kill())
		require.Error(t, p.Wait())
		return
	}
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.Wait())
}

func TestOrdersThatCannotBeCarriedOut(t *testing.T) {
	taken := erstest.NewServer()
	defer taken.Close()
	address := strings.TrimSuffix(strings.TrimPrefix(taken.URL, "https://"), "/ers-api")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, args := range map[string][]string{
		"no folder":       {},
		"another flag":    {"--ticket", "x"},
		"an address used": {"--dir", t.TempDir(), "--addr", address},
		"below a file":    {"--dir", filepath.Join(file, "folder")},
	} {
		t.Run(name, func(t *testing.T) {
			var output bytes.Buffer
			require.Error(t, command().Run(t.Context(), args, &bytes.Buffer{}, &output))
			require.Empty(t, output.String())
		})
	}
}

// Without a certificate of this process's authority, the process returns nothing.
func TestTheProcessIsGuardedToo(t *testing.T) {
	folder := t.TempDir()
	p := start(t, "--dir", folder)
	line, err := p.output.ReadString('\n')
	require.NoError(t, err)
	roots, _, err := certificate.LoadRootCAs(filepath.Join(folder, "ca.pem"))
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSpace(line), nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	require.Error(t, err)
	require.NoError(t, p.input.Close())
	require.NoError(t, p.Wait())
}
