//go:build windowsrig && linux

package windows_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// TestSignInWithCareIdentity signs in with NHS Care Identity as on Windows, all but the web
// browser: the real program in its window hands an address to Windows, which opens it with a
// stand-in that picks a persona; its answer comes back to the exclusive port, from a process of the
// same user and log-on session; the token is in the Credential Manager, and gone after signing out.
// If it fails, no clinician signs in on Windows once the Identity Agent is retired.
func TestSignInWithCareIdentity(t *testing.T) {
	r := newRig(t)
	r.copy("ers-login.exe", helperFolder, "ers-login.exe")
	r.copy("credread.exe", helperFolder, "credread.exe")
	r.copy("browser.exe", helperFolder, "browser.exe")
	ctx, cancel := context.WithTimeout(context.Background(), 2*guard)
	t.Cleanup(cancel)
	// Systems give other connections no port this low.
	redirect := fmt.Sprintf("http://localhost:%d/callback", 20000+rand.N(12000))
	server := cis2test.NewUnstartedServer(cis2test.WithoutTLS(), cis2test.WithRedirectURI(redirect))
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	secret := helperFolder + `\secret.txt`
	r.put(helperFolder, "secret.txt", []byte(cis2test.ClientSecret+"\r\n"))
	for name, value := range map[string]string{
		"PLATFORM": "fhir", "CLIENT_ID": cis2test.ClientID, "CLIENT_SECRET_FILE": secret, "REDIRECT_URI": redirect,
		"OAUTH_URL": server.URL + "/oauth2", "FHIR_BASE_URL": server.URL + "/referrals/FHIR", "DIRECTORY_URL": "none",
		"END_ON_CARD_REMOVAL": "false", "LOG_LEVEL": "debug",
	} {
		t.Setenv("ERS_LOGIN_"+name, value)
	}
	record := helperFolder + `\opened.txt`
	t.Cleanup(func() { _ = os.Remove(r.at(record)) })
	// Wine 8 does not look in the user's own classes.
	r.registry(64, `HKLM\Software\Classes\http\shell\open\command`, "",
		fmt.Sprintf(`"%s\browser.exe" "%s" "%s" "%%1"`, helperFolder, record, cis2test.ManyRoles))

	screen := r.screened()
	running := r.starts(ctx, program)
	require.NoError(t, running.WaitScreen(ctx, "waiting"))
	require.NoError(t, screen.WaitWindow(ctx, stage.Title))
	require.NoError(t, screen.Press(ctx, "Return"))
	require.NoError(t, running.WaitScreen(ctx, "choosing"))
	require.NoError(t, screen.Press(ctx, "5"))
	require.NoError(t, running.WaitScreen(ctx, "signed-in"))

	opened, err := os.ReadFile(r.at(record))
	require.NoError(t, err)
	address, err := url.Parse(strings.TrimSpace(string(opened)))
	require.NoError(t, err)
	assert.Equal(t, redirect, address.Query().Get("redirect_uri"), "Windows opened another address")
	assert.NotContains(t, string(opened), cis2test.ClientSecret)
	sessions := server.Sessions()
	require.Len(t, sessions, 1)
	token := sessions[0].AccessToken
	output, status := r.run(helperFolder+`\credread.exe`, "ers-login:access-token")
	require.Zero(t, status)
	require.Contains(t, output, hexOf(token), "the Credential Manager has another access token")
	require.Contains(t, output, "persist 1\n", "the token would survive the log-off")

	require.NoError(t, screen.Press(ctx, "Tab", "Tab", "Return", "Return"))
	require.NoError(t, running.WaitScreen(ctx, "waiting"))
	_, status = r.run(helperFolder+`\credread.exe`, "ers-login:access-token")
	require.Equal(t, 2, status, "the token is still in the Credential Manager")
	require.NoError(t, screen.CloseWindow(ctx, stage.Title))
	require.NoError(t, running.Wait(ctx))
	require.NotContains(t, running.Log(), token)
	require.NotContains(t, running.Log(), cis2test.ClientSecret)
}
