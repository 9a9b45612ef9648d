package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// asProgram makes this test binary run the program itself.
const asProgram = "CIS2TEST_STANDIN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The end-to-end test signs in to this process, queries its state, and ends it.
func TestSignInToAnotherProcess(t *testing.T) {
	for name, plain := range map[string]bool{"TLS": false, "plain HTTP": true} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "new")
			args := []string{"--dir", folder}
			if plain {
				args = append(args, "--plain")
			}
			p := exec.CommandContext(t.Context(), os.Args[0], args...)
			p.Env = append(os.Environ(), asProgram+"=1")
			p.Stderr = os.Stderr
			input, err := p.StdinPipe()
			require.NoError(t, err)
			output, err := p.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, p.Start())
			line, err := bufio.NewReader(output).ReadString('\n')
			require.NoError(t, err)
			written, err := os.ReadFile(filepath.Join(folder, testserver.URLFile))
			require.NoError(t, err)
			require.Equal(t, line, string(written))
			authority, err := os.ReadFile(filepath.Join(folder, testserver.CAFile))
			require.NoError(t, err)
			roots := x509.NewCertPool()
			require.True(t, roots.AppendCertsFromPEM(authority))

			client, err := cis2.New(cis2.Config{
				Config:   transport.Config{BaseURL: strings.TrimSpace(line) + "/oauth2", RootCAs: roots, PlainLoopback: plain},
				ClientID: cis2test.PublicClientID, RedirectURI: "http://127.0.0.1:0/callback",
			})
			require.NoError(t, err)
			defer client.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			control, err := cis2test.OpenControl(folder)
			require.NoError(t, err)
			attempt, err := client.Begin(ctx)
			require.NoError(t, err)
			defer attempt.Close()
			page, err := cis2test.SignIn(ctx, cis2test.Browser(roots), attempt.Address(), cis2test.Consultant)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, page.Status)
			code, err := attempt.Wait(ctx)
			require.NoError(t, err)
			tokens, err := client.Exchange(ctx, code)
			require.NoError(t, err)
			sessions, err := control.Sessions(ctx)
			require.NoError(t, err)
			require.Len(t, sessions, 1)
			require.True(t, tokens.Access.Reveal() == sessions[0].AccessToken)
			require.Len(t, sessions[0].Persona.Organisations, 40)

			require.NoError(t, control.Pass(ctx, time.Hour))
			_, err = client.UserInfo(ctx, tokens.Access)
			require.Error(t, err)
			require.NoError(t, control.Fail(ctx, cis2test.Refresh, testserver.Fault{Kind: testserver.Status, Status: 429}))
			_, err = client.Refresh(ctx, tokens.Refresh)
			require.ErrorContains(t, err, "CIS2-BUSY")
			require.NoError(t, control.Revoke(ctx, cis2test.Consultant))
			_, err = client.Refresh(ctx, tokens.Refresh)
			require.ErrorContains(t, err, "CIS2-REFRESH_REFUSED")
			requests, err := control.Requests(ctx)
			require.NoError(t, err)
			require.Equal(t, testserver.Request{Call: cis2test.Authorize, Method: http.MethodPost, Status: 302}, requests[0])

			require.NoError(t, input.Close(), "its starter has gone")
			require.NoError(t, p.Wait())
		})
	}
}

func TestOrdersThatCannotBeCarriedOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	noJSON, noID := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(noJSON, cis2test.PersonasFile), []byte("["), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(noID, cis2test.PersonasFile), []byte(`[{"id":"cancel"}]`), 0o600))
	for name, args := range map[string][]string{
		"no folder":      {},
		"another flag":   {"--ticket", "x"},
		"below a file":   {"--dir", filepath.Join(file, "folder")},
		"no address":     {"--dir", t.TempDir(), "--addr", "nowhere"},
		"no JSON":        {"--dir", noJSON},
		"no persona's":   {"--dir", noID},
		"a folder taken": {"--dir", takenFolder(t)},
	} {
		t.Run(name, func(t *testing.T) {
			var output bytes.Buffer
			require.Error(t, command().Run(t.Context(), args, &bytes.Buffer{}, &output))
			require.Empty(t, output.String())
		})
	}
}

// takenFolder has folders where the files are to be.
func takenFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, testserver.CAFile, "x"), 0o700))
	return folder
}
