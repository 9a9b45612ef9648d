package erstest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

// An end-to-end test sees the stand-in only through Control.
func TestControl(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, erstest.UsersFile),
		[]byte(`[{"ticket":"extra","identifier":"555","firstName":"E","lastName":"X","roles":[]}]`), 0o600))
	server := erstest.NewUnstartedServer()
	require.NoError(t, server.StartIn(folder))
	t.Cleanup(server.Close)
	control, err := testserver.OpenControl(folder)
	require.NoError(t, err)
	c := callerOf(t, server, server.ClientCertificate())

	first := c.create("extra").session(t)
	require.Equal(t, "555", first.User.Identifier)
	second := c.choose(c.create(erstest.TicketGP).session(t).ID).session(t)
	var before, after erstest.Report
	require.NoError(t, control.Sessions(t.Context(), &before))
	require.Zero(t, before.Ended)
	require.Len(t, before.Sessions, 2)
	require.True(t, before.Sessions[0].Key == first.ID)
	require.True(t, before.Sessions[1].Key == second.ID)
	require.True(t, before.Sessions[1].Valid)
	require.Equal(t, "NHST_X3", before.Sessions[1].Role.OrgName)

	require.NoError(t, control.Fail(t.Context(), erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 503, RetryAfter: "1"}))
	require.Equal(t, http.StatusServiceUnavailable, c.create("extra").status)
	require.ErrorContains(t, control.Fail(t.Context(), "A009", testserver.Fault{Kind: testserver.Hang}), "A009")

	server.Revoke("extra")
	require.NoError(t, control.Sessions(t.Context(), &after))
	require.Len(t, after.Sessions, 1)
	require.Equal(t, 1, after.Ended)
	requests, err := control.Requests(t.Context())
	require.NoError(t, err)
	require.Equal(t, server.Requests(), requests)

	server.Close()
	_, err = control.Requests(t.Context())
	require.Error(t, err)
}

// The endpoint returns session keys, but nothing without its secret address.
func TestControlCannotBeFoundByChance(t *testing.T) {
	folder := t.TempDir()
	server := erstest.NewUnstartedServer()
	require.NoError(t, server.StartIn(folder))
	t.Cleanup(server.Close)
	address, err := os.ReadFile(filepath.Join(folder, testserver.ControlFile))
	require.NoError(t, err)
	base, token, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(address)), "http://"), "/")
	require.True(t, found)
	require.Len(t, token, 32)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, path := range []string{
		"", "sessions", "/sessions", token[1:] + "/sessions", strings.Repeat("0", 32) + "/sessions", token + "/x",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+base+"/"+path, nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
	}
	if runtime.GOOS != "windows" {
		for _, name := range []string{testserver.ControlFile, "client-key.pem", "client.p12"} {
			info, err := os.Stat(filepath.Join(folder, name))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
		}
	}
	left, err := filepath.Glob(filepath.Join(folder, ".writing-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFoldersThatDoNotDo(t *testing.T) {
	start := func(folder string) error {
		server := erstest.NewUnstartedServer()
		defer server.Close()
		return server.StartIn(folder)
	}
	require.Error(t, start(filepath.Join(t.TempDir(), "absent")))
	for name, users := range map[string]string{"not JSON": "[", "no ticket": `[{"identifier":"1"}]`} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, erstest.UsersFile), []byte(users), 0o600))
			require.ErrorContains(t, start(folder), erstest.UsersFile)
		})
	}
	_, err := testserver.OpenControl(t.TempDir())
	require.Error(t, err)
}
