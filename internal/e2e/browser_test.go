//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/testing/browser"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// tokenLife is short, so that a refresh is seen (30 seconds after another, at the earliest), and long
// enough for each reader to be started once.
const tokenLife = 45 * time.Second

// browserScene is a stage with the stand-in for NHS Care Identity and the FHIR API, which a real
// browser opens over plain HTTP.
type browserScene struct {
	scenery
	control  *cis2test.Control
	url      string
	redirect string
	// mark stands in the environment of all programs of the scene.
	mark string
}

func openWithBrowser(t *testing.T) *browserScene {
	t.Helper()
	s := &browserScene{scenery: setScenery(t, keyringtest.Options{}), mark: "E2E_SCENE=" + t.TempDir()}
	s.Extra = append(s.Extra, s.mark)
	// Systems give other connections no port this low.
	s.redirect = net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.N(12000)))
	s.portFree()
	s.startCareIdentity()
	s.writeSettings()
	return s
}

func (s *browserScene) startCareIdentity() {
	s.t.Helper()
	dir := s.t.TempDir()
	s.url = s.startStandIn(dir, programs.careIdentity, "--plain",
		"--redirect-uri", "http://"+s.redirect+"/callback", "--access-life", tokenLife.String())
	var err error
	s.control, err = cis2test.OpenControl(dir)
	require.NoError(s.t, err)
}

func (s *browserScene) writeSettings() {
	s.t.Helper()
	secret := filepath.Join(s.t.TempDir(), "secret")
	require.NoError(s.t, os.WriteFile(secret, []byte(cis2test.ClientSecret+"\n"), 0o600))
	lines := []string{
		`platform = "fhir"`,
		`client_id = "` + cis2test.ClientID + `"`,
		`client_secret_file = "` + secret + `"`,
		`redirect_uri = "http://` + s.redirect + `/callback"`,
		`oauth_url = "` + s.url + `/oauth2"`,
		`fhir_base_url = "` + s.url + `/referrals/FHIR"`,
		`directory_url = "none"`,
		`end_on_card_removal = false`,
	}
	require.NoError(s.t, os.WriteFile(s.SettingsFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// openPage presses the button that opens the browser, and waits for the sign-in page.
func (s *browserScene) openPage(program *stage.Program) *browser.Page {
	s.t.Helper()
	s.press("Return")
	s.see(program, "prompting")
	return s.nextPage()
}

func (s *browserScene) nextPage() *browser.Page {
	s.t.Helper()
	page, err := s.Browser.Page(s.ctx, s.url+"/oauth2/authorize")
	require.NoError(s.t, err)
	return page
}

// signInAs chooses a persona in the browser, and waits until the window has come back with the roles.
func (s *browserScene) signInAs(program *stage.Program, page *browser.Page, persona string) {
	s.t.Helper()
	require.NoError(s.t, page.Press(s.ctx, persona))
	require.NoError(s.t, program.WaitMessage(s.ctx, "raised"))
	s.see(program, "choosing")
	require.NoError(s.t, s.Desktop.WaitFocus(s.ctx, "e-RS Login"), "the window has the keyboard again")
	_, err := page.WaitText(s.ctx, "You can close this page")
	require.NoError(s.t, err)
}

// entry returns the session as secret-tool reads it.
func (s *browserScene) entry() (handoff.FHIRSession, bool) {
	s.t.Helper()
	text, there, err := s.SecretTool(s.ctx, handoff.AccountFHIRSession)
	require.NoError(s.t, err)
	if !there {
		return handoff.FHIRSession{}, false
	}
	session, err := handoff.DecodeFHIR([]byte(text))
	require.NoError(s.t, err)
	return session, true
}

// sessions returns the stand-in's.
func (s *browserScene) sessions() []cis2test.SessionInfo {
	s.t.Helper()
	sessions, err := s.control.Sessions(s.ctx)
	require.NoError(s.t, err)
	return sessions
}

// call is what another application prints of a call with the session that it has read.
type call struct {
	Status   int    `json:"status"`
	Token    string `json:"token"`
	Revision int64  `json:"revision"`
}

// pythonCall reads the session as in docs/handoff.md, and calls e-RS with its headers.
const pythonCall = `import json, sys, urllib.request, uuid
from keyring.backends.SecretService import Keyring
ring = Keyring()
ring.preferred_collection = "/org/freedesktop/secrets/collection/login"
session = json.loads(ring.get_password("ers-login", "fhir-session"))
headers = {"Authorization": "Bearer " + session["accessToken"], "Accept": "application/fhir+json", "X-Correlation-ID": str(uuid.uuid4()),
           "NHSD-End-User-Organisation-ODS": session["orgIdentifier"], "NHSD-eRS-Business-Function": session["businessFunction"]}
if session["onBehalfOf"]:
    headers["NHSD-eRS-On-Behalf-Of-User-ID"] = session["onBehalfOf"]
open_without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
try:
    status = open_without_proxy(urllib.request.Request(session["baseURL"] + sys.argv[1], headers=headers)).status
except urllib.error.HTTPError as refused:
    status = refused.code
print(json.dumps({"status": status, "token": session["accessToken"], "revision": session["revision"]}))`

// shellCall reads the token with secret-tool. Its arguments are the address and the NHSD headers,
// which a script has from the entry fhir-session.
const shellCall = `token=$(secret-tool lookup service ers-login username access-token) || exit
status=$(printf 'header = "Authorization: Bearer %s"\n' "$token" | curl --silent --noproxy '*' --config - --output /dev/null --write-out '%{http_code}' \
  --header 'Accept: application/fhir+json' --header "NHSD-End-User-Organisation-ODS: $2" --header "NHSD-eRS-Business-Function: $3" \
  ${4:+--header "NHSD-eRS-On-Behalf-Of-User-ID: $4"} "$1")
printf '{"status": %s, "token": "%s"}\n' "$status" "$token"`

// calls runs each other application once.
func (s *browserScene) calls(path string) map[string]call {
	s.t.Helper()
	session, there := s.entry()
	require.True(s.t, there, "no user is signed in")
	made := map[string]call{}
	for name, command := range map[string][]string{
		"Python": {"/usr/bin/python3", "-c", pythonCall, path},
		"Go":     {programs.reader, "-call", path},
		"secret-tool": {
			"sh", "-c", shellCall, "sh", session.BaseURL + path, session.OrgIdentifier, session.BusinessFunction, session.OnBehalfOf,
		},
	} {
		cmd := exec.CommandContext(s.ctx, command[0], command[1:]...)
		cmd.Env = s.Env()
		var complaint strings.Builder
		cmd.Stderr = &complaint
		said, err := cmd.Output()
		require.NoError(s.t, err, "%s: %s", name, complaint.String())
		var one call
		require.NoError(s.t, json.Unmarshal(said, &one), "%s: %s", name, said)
		made[name] = one
	}
	return made
}

// canCall asserts that every other application reads the token of the one session, and can call
// e-RS with it. If it was refreshed meanwhile they are run once more, as their readers would be.
func (s *browserScene) canCall(path string) handoff.FHIRSession {
	s.t.Helper()
	for {
		before := s.sessions()
		require.Len(s.t, before, 1)
		made := s.calls(path)
		session, there := s.entry()
		require.True(s.t, there)
		if now := s.sessions(); len(now) == 1 && now[0].Refreshed != before[0].Refreshed || session.AccessToken.Reveal() != before[0].AccessToken {
			require.NoError(s.t, s.ctx.Err(), "the token is refreshed all the time")
			continue
		}
		for name, one := range made {
			require.Equal(s.t, 200, one.Status, name)
			require.True(s.t, one.Token == before[0].AccessToken, "%s reads another token than the stand-in has given", name)
		}
		return session
	}
}

// gone asserts that the keyring has nothing of either platform.
func (s *browserScene) gone() {
	s.t.Helper()
	for _, account := range []string{handoff.AccountFHIRSession, handoff.AccountAccessToken, handoff.AccountSession, handoff.AccountSessionKey} {
		for name, read := range map[string]func(context.Context, string) (string, bool, error){"secret-tool": s.SecretTool, "Python": s.Python} {
			_, there, err := read(s.ctx, account)
			require.NoError(s.t, err, name)
			require.False(s.t, there, "%s still finds %s", name, account)
		}
	}
}

// count returns how often the stand-in was called.
func (s *browserScene) count(wanted testserver.Call) (count int) {
	s.t.Helper()
	requests, err := s.control.Requests(s.ctx)
	require.NoError(s.t, err)
	for _, request := range requests {
		if request.Call == wanted {
			count++
		}
	}
	return count
}

// portFree asserts that the port of the redirect URI is free.
func (s *browserScene) portFree() {
	s.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", s.redirect)
	require.NoError(s.t, err, "the port of the redirect URI is still taken")
	require.NoError(s.t, listener.Close())
}

// nothingLeft closes the window, and asserts that neither program nor browser leave a process.
func (s *browserScene) nothingLeft(program *stage.Program) {
	s.t.Helper()
	require.NoError(s.t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(s.t, program.Wait(s.ctx))
	s.gone()
	s.portFree()
	require.NoError(s.t, s.Browser.Close())
	require.Eventually(s.t, func() bool { return !inUse(s.t, s.mark) }, time.Minute, 20*time.Millisecond, "a process is left")
}

// keepsSecrets asserts that the program has neither printed nor stored any of these.
func (s *browserScene) keepsSecrets(program *stage.Program, secrets ...string) {
	s.t.Helper()
	s.leaksNone(program, append(secrets, cis2test.ClientSecret)...)
}

// The whole of the second platform with nothing faked but the servers: from the button to the real
// browser and back, the token to other applications, a refresh, another role, and out.
func TestFromTheBrowserToOtherApplicationsAndBack(t *testing.T) {
	s := openWithBrowser(t)
	program := s.start()
	s.gone()
	s.signInAs(program, s.openPage(program), cis2test.ManyRoles)
	s.portFree()
	s.press("5")
	s.see(program, "signed-in")
	first := s.canCall("/R4/PractitionerRole")
	assert.Equal(t, "R01", first.OrgIdentifier)
	assert.Equal(t, "555020964105", first.UserIdentifier)
	assert.Equal(t, "Meera Manyroles", first.UserName)
	old := s.sessions()[0]

	// The refresh comes in place: never a moment without an entry, and the same generation.
	refreshed := first
	for refreshed.Revision == first.Revision {
		var there bool
		refreshed, there = s.entry()
		require.True(t, there, "a moment without an entry")
	}
	assert.Equal(t, first.Generation, refreshed.Generation)
	assert.False(t, first.AccessToken.Equal(refreshed.AccessToken.Text))
	refreshed = s.canCall("/R4/PractitionerRole")

	// So does another role, which no server is asked for.
	asked := s.count(cis2test.Authorize) + s.count(cis2test.Token) + s.count(cis2test.A040)
	s.press("Tab", "Return")
	s.see(program, "choosing")
	s.press("2")
	s.see(program, "signed-in")
	second := s.canCall("/R4/PractitionerRole")
	assert.NotEqual(t, refreshed.BusinessFunction, second.BusinessFunction)
	assert.Greater(t, second.Generation, refreshed.Generation)
	assert.Equal(t, asked, s.count(cis2test.Authorize)+s.count(cis2test.Token)+s.count(cis2test.A040))

	last := s.sessions()[0]
	s.press("Tab", "Tab", "Return", "Return")
	s.see(program, "waiting")
	s.gone()
	s.nothingLeft(program)
	s.keepsSecrets(program, old.AccessToken, old.RefreshToken, last.AccessToken, last.RefreshToken)
}

// A sign-in that fails ends in the browser, and the window knows nothing of it: the page is opened
// again, given up, and opened anew. Then a service provider clinician admin signs in, and works for a
// clinician, until NHS Care Identity ends the session behind the program's back.
func TestOnBehalfOfAfterAFailureInTheBrowser(t *testing.T) {
	s := openWithBrowser(t)
	program := s.start()
	page := s.openPage(program)
	require.NoError(t, page.Press(s.ctx, cis2test.LowLevel))
	_, err := page.WaitText(s.ctx, "access_denied")
	require.NoError(t, err)
	require.NoError(t, s.Desktop.Raise(s.ctx, stage.Title))
	s.press("Tab", "Tab", "Return")
	again := s.nextPage()
	require.NoError(t, again.Press(s.ctx, cis2test.NotRegistered))
	_, err = again.WaitText(s.ctx, "access_denied")
	require.NoError(t, err)
	require.NoError(t, s.Desktop.Raise(s.ctx, stage.Title))
	s.press("Escape")
	s.see(program, "waiting")
	s.portFree()
	s.gone()

	s.signInAs(program, s.openPage(program), cis2test.Admin)
	s.press("3")
	s.see(program, "choosing-clinician")
	s.gone()
	s.press("5", "1", "7", "Return")
	s.see(program, "signed-in")
	session := s.canCall("/R4/Practitioner?_query=onBehalfOf")
	assert.Equal(t, "SERVICE_PROVIDER_CLINICIAN_ADMIN", session.BusinessFunction)
	assert.Equal(t, "555020964517", session.OnBehalfOf)

	require.NoError(t, s.control.Revoke(s.ctx, cis2test.Admin))
	require.NoError(t, program.WaitProblem(s.ctx, "CIS2-REFRESH_REFUSED"))
	s.gone()
	s.nothingLeft(program)
	s.keepsSecrets(program, session.AccessToken.Reveal())
}
