//go:build linux

// Package e2e tests the whole program with nothing faked: the built program in a real window on a
// real X server, driven by keyboard; its ticket from a configured program; e-RS in another process
// behind mutual TLS; a private D-Bus with a real gnome-keyring; and the session read by programs
// such as other applications use.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// programs are built once for all tests.
var programs struct{ login, standin, careIdentity, reader string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ers-login-e2e-")
	if err == nil {
		err = buildAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := os.RemoveAll(dir); err != nil && status == 0 {
		status = 1
	}
	os.Exit(status)
}

func buildAll(dir string) error {
	programs.login = filepath.Join(dir, "ers-login")
	programs.standin = filepath.Join(dir, "standin")
	programs.careIdentity = filepath.Join(dir, "careidentity")
	programs.reader = filepath.Join(dir, "reader")
	version, err := productVersion()
	if err != nil {
		return err
	}
	const module = "github.com/ers-login/ers-login"
	for path, source := range map[string]string{
		programs.login: module, programs.standin: module + "/ersclient/erstest/standin", programs.reader: module + "/internal/e2e/reader",
		programs.careIdentity: module + "/ersclient/cis2test/standin",
		// The helper is looked up next to the program.
		filepath.Join(dir, "ers-login-ticketbridge"): module + "/smartcard/ticketbridge",
	} {
		cmd := exec.CommandContext(context.Background(), "go", "build", "-ldflags", "-X main.version="+version, "-o", path, source)
		if output, err := cmd.CombinedOutput(); err != nil {
			return errors.New("could not build " + source + ": " + string(output))
		}
	}
	return nil
}

// productVersion returns the version from FyneApp.toml.
func productVersion() (string, error) {
	content, err := os.ReadFile(filepath.Join("..", "..", "FyneApp.toml"))
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`(?m)^ *Version *= *"(.*)"`).FindSubmatch(content)
	if found == nil {
		return "", errors.New("FyneApp.toml has no version")
	}
	return string(found[1]), nil
}

// ticket is invented. The configured program prints it, and no log may contain it.
const ticket = "AQIC5wM2LY4SfcxEndToEndTicketOfNobody00000000000000=@AAJTSQACMDE=#"

// scenery is what the scenes of both platforms have: a stage, and the program on it.
type scenery struct {
	*stage.Stage
	t   *testing.T
	ctx context.Context
}

// setScenery sets a stage. Scenes share nothing and mostly wait: they run beside one another.
func setScenery(t *testing.T, options keyringtest.Options) scenery {
	t.Helper()
	t.Parallel()
	// This guards against hanging; no time is asserted.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	set, err := stage.Set(ctx, t.TempDir(), options)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, set.Close()) })
	return scenery{set, t, ctx}
}

// startStandIn starts a stand-in for servers as a process, until the test ends. It returns the address
// that the stand-in has written into dir.
func (s scenery) startStandIn(dir, program string, arguments ...string) (url string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.ctx, program, append([]string{"--dir", dir}, arguments...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() {
		assert.NoError(s.t, stdin.Close())
		assert.NoError(s.t, cmd.Wait(), output.String())
	})
	require.Eventually(s.t, func() bool {
		written, err := os.ReadFile(filepath.Join(dir, testserver.URLFile))
		url = strings.TrimSpace(string(written))
		return err == nil
	}, time.Minute, 20*time.Millisecond, "the stand-in has not started: %s", output.String())
	return url
}

// start starts the program, and waits for the window to ask for a proof.
func (s scenery) start() *stage.Program {
	s.t.Helper()
	program, err := s.Run(s.ctx, programs.login)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, program.Kill()) })
	s.see(program, "waiting")
	require.NoError(s.t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	return program
}

func (s scenery) press(keys ...string) {
	s.t.Helper()
	require.NoError(s.t, s.Desktop.Press(s.ctx, keys...))
}

func (s scenery) see(program *stage.Program, phase string) {
	s.t.Helper()
	require.NoError(s.t, program.WaitScreen(s.ctx, phase))
}

// leaksNone asserts that the program has neither printed nor stored any of these secrets.
func (s scenery) leaksNone(program *stage.Program, secrets ...string) {
	s.t.Helper()
	texts := map[string]string{"output": program.Output()}
	require.NoError(s.t, filepath.WalkDir(s.StateFolder(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		texts[path] = string(content)
		return err
	}))
	require.Greater(s.t, len(texts), 1, "there is no log to look at")
	for where, text := range texts {
		for i, secret := range secrets {
			require.False(s.t, strings.Contains(text, secret), "secret %d stands in %s", i, where)
		}
	}
}

// scene is a stage with e-RS and a card reader.
type scene struct {
	scenery
	ers     *testserver.Control
	ersDir  string
	url     string
	tickets string
}

// open sets a scene and writes the settings of an organisation that has its own agent.
func open(t *testing.T, options keyringtest.Options, settings ...string) *scene {
	t.Helper()
	s := &scene{scenery: setScenery(t, options), ersDir: t.TempDir(), tickets: t.TempDir()}
	s.startERS()
	s.writeSettings(settings)
	return s
}

// startERS starts the stand-in as a process, with one user who has the test's ticket.
func (s *scene) startERS() {
	s.t.Helper()
	users, err := json.Marshal([]erstest.UserEntry{{Ticket: ticket, User: erstest.GP()}})
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(filepath.Join(s.ersDir, erstest.UsersFile), users, 0o600))
	s.url = s.startStandIn(s.ersDir, programs.standin)
	s.ers, err = testserver.OpenControl(s.ersDir)
	require.NoError(s.t, err)
}

// writeSettings writes the settings file, and the organisation's agent: a program that prints the
// ticket if there is one. While there is a file asks beside it, it asks for a passcode without end.
func (s *scene) writeSettings(more []string) {
	s.t.Helper()
	agent := filepath.Join(s.tickets, "agent")
	script := "#!/bin/sh\ncd '" + s.tickets + "'\n[ \"$1\" != getTicket ] || [ ! -e asks ] || sleep 600\n[ ! -e ticket ] || cat ticket\n"
	require.NoError(s.t, os.WriteFile(agent, []byte(script), 0o700))
	lines := append([]string{
		`base_url = "` + s.url + `"`,
		`asid = "` + erstest.ASID + `"`,
		`certificate = "` + filepath.Join(s.ersDir, "client.pem") + `"`,
		`key = "` + filepath.Join(s.ersDir, "client-key.pem") + `"`,
		`ca_bundle = "` + filepath.Join(s.ersDir, "ca.pem") + `"`,
		`agent_command = ["` + agent + `"]`,
	}, more...)
	if !slices.ContainsFunc(more, func(line string) bool { return strings.HasPrefix(line, "agent_poll_interval") }) {
		lines = append(lines, `agent_poll_interval = "200ms"`)
	}
	require.NoError(s.t, os.WriteFile(s.SettingsFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

func (s *scene) insertCard() {
	s.t.Helper()
	// It appears atomically, as a ticket does.
	partial := filepath.Join(s.tickets, "partial")
	require.NoError(s.t, os.WriteFile(partial, []byte(ticket+"\n"), 0o600))
	require.NoError(s.t, os.Rename(partial, filepath.Join(s.tickets, "ticket")))
}

func (s *scene) removeCard() {
	s.t.Helper()
	require.NoError(s.t, os.Remove(filepath.Join(s.tickets, "ticket")))
}

// signIn goes from the card to a selected role: the digit 5 is the service provider clinician.
func (s *scene) signIn(program *stage.Program) {
	s.t.Helper()
	s.insertCard()
	s.see(program, "choosing")
	s.press("5")
	s.see(program, "signed-in")
}

// signOut signs out by keyboard: to the button, and once more to confirm.
func (s *scene) signOut(program *stage.Program) {
	s.t.Helper()
	s.press("Tab", "Tab", "Return", "Return")
	s.see(program, "waiting")
}

// closeSignedIn closes the window of an open session by keyboard, and answers its question.
func (s *scene) closeSignedIn() {
	s.t.Helper()
	require.NoError(s.t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	s.press(stage.ToSignOutAndClose()...)
}

// sessions returns e-RS's present sessions.
func (s *scene) sessions() []erstest.SessionInfo {
	s.t.Helper()
	var report erstest.Report
	require.NoError(s.t, s.ers.Sessions(s.ctx, &report))
	return report.Sessions
}

// keyringHas asserts that every reader finds exactly this session key.
func (s *scene) keyringHas(want erstest.SessionInfo) {
	s.t.Helper()
	for name, read := range s.readers() {
		value, there, err := read()
		require.NoError(s.t, err, name)
		require.True(s.t, there, "%s finds no session", name)
		require.True(s.t, value == want.Key, "%s reads another session key than e-RS has created", name)
	}
	value, there, err := s.SecretTool(s.ctx, handoff.AccountSession)
	require.NoError(s.t, err)
	require.True(s.t, there)
	session, err := handoff.Decode([]byte(value))
	require.NoError(s.t, err)
	assert.True(s.t, session.SessionKey.Reveal() == want.Key)
	assert.Equal(s.t, want.UserIdentifier, session.UserIdentifier)
	assert.Equal(s.t, want.Role.OrgIdentifier, session.OrgIdentifier)
	assert.Equal(s.t, want.Role.BusinessFunction, session.BusinessFunction)
	assert.Equal(s.t, erstest.ASID, session.ASID)
	assert.True(s.t, session.ExpiresAt.After(session.IssuedAt))
}

// keyringEmpty asserts that no reader finds anything.
func (s *scene) keyringEmpty() {
	s.t.Helper()
	for name, read := range s.readers() {
		_, there, err := read()
		require.NoError(s.t, err, name)
		require.False(s.t, there, "%s still finds a session", name)
	}
	_, there, err := s.SecretTool(s.ctx, handoff.AccountSession)
	require.NoError(s.t, err)
	require.False(s.t, there, "the session entry is still there")
}

func (s *scene) readers() map[string]func() (string, bool, error) {
	return map[string]func() (string, bool, error){
		"secret-tool": func() (string, bool, error) { return s.SecretTool(s.ctx, handoff.AccountSessionKey) },
		"Python":      func() (string, bool, error) { return s.Python(s.ctx, handoff.AccountSessionKey) },
		"Go":          func() (string, bool, error) { return s.Reader(s.ctx, programs.reader) },
	}
}

// keepsSecrets asserts that the program has not printed, logged or stored ticket or session keys.
func (s *scene) keepsSecrets(program *stage.Program, keys ...erstest.SessionInfo) {
	s.t.Helper()
	secrets := []string{ticket}
	for _, key := range keys {
		secrets = append(secrets, key.Key)
	}
	s.leaksNone(program, secrets...)
}

// calls returns e-RS's calls, in order.
func (s *scene) calls() []string {
	s.t.Helper()
	requests, err := s.ers.Requests(s.ctx)
	require.NoError(s.t, err)
	var calls []string
	for _, request := range requests {
		calls = append(calls, string(request.Call))
	}
	return calls
}

// The program's main purpose, from card to keyring and back.
func TestAUT001AUT002FromCardToKeyringAndBack(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.keyringEmpty()

	s.signIn(program)
	sessions := s.sessions()
	require.Len(t, sessions, 1)
	assert.True(t, sessions[0].Valid)
	assert.Equal(t, "SERVICE_PROVIDER_CLINICIAN", sessions[0].Role.BusinessFunction)
	s.keyringHas(sessions[0])

	// The question is not answered by the second half of a double press. Cancel in it keeps the session,
	// and leads back to Sign out.
	s.press("Tab", "Tab")
	require.NoError(t, s.Desktop.PressTwice(s.ctx, "Return"))
	s.press("Tab", "Return")
	s.picture("signed-in")
	s.keyringHas(sessions[0])
	// A slip on the window's close button signs no one out. The question has the focus on Keep
	// working, and leaves it on Sign out, which asks on its own.
	s.attemptClose()
	s.picture("closing")
	s.press("Return")
	s.keyringHas(sessions[0])
	s.attemptClose()
	s.press("Escape", "Return")
	s.keyringHas(sessions[0])
	require.Equal(t, []string{"A001", "A002"}, s.calls())
	s.picture("sign-out-question")
	s.press("Return")
	s.see(program, "waiting")
	s.keyringEmpty()
	assert.Empty(t, s.sessions())
	assert.Equal(t, []string{"A001", "A002", "A003"}, s.calls())

	// The card is still in. Enter alone does not sign in as its holder: if it did, Tab and Return would
	// cancel, or take another role than the last used. In the smallest window too, the way out of the
	// roles is above them all, and a search is cleared by its cross.
	s.picture("signed-out-card-in")
	require.NoError(t, s.Desktop.Resize(s.ctx, stage.Title, 720, 540))
	s.press("Return", "space", "Tab", "Return")
	s.see(program, "choosing")
	require.NoError(t, s.Desktop.Click(s.ctx, 108, 182))
	s.see(program, "waiting")
	s.press("Tab", "Return")
	s.see(program, "choosing")
	s.press("z", "z")
	s.picture("nothing-found")
	require.NoError(t, s.Desktop.Click(s.ctx, 470, 243))
	// The last role used is one key.
	s.press("Return")
	s.see(program, "signed-in")
	again := s.sessions()
	require.Len(t, again, 1)
	assert.Equal(t, sessions[0].Role, again[0].Role)
	assert.Equal(t, []string{"A001", "A002", "A003", "A001", "A003", "A001", "A002"}, s.calls())
	s.keyringHas(again[0])

	// Pulling the card is signing out.
	s.removeCard()
	s.see(program, "waiting")
	s.keyringEmpty()
	assert.Empty(t, s.sessions())

	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
	s.keepsSecrets(program, sessions[0], again[0])
}

// A002's answer is lost after it was handled. Repeating it would be an error, and giving up would
// leave a session open.
func TestALostAnswerLeavesNoOrphan(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	require.NoError(t, s.ers.Fail(s.ctx, erstest.A002, testserver.Fault{Kind: testserver.CutAfter}))

	s.signIn(program)
	assert.Equal(t, []string{"A001", "A002", "A003", "A001", "A002"}, s.calls())
	sessions := s.sessions()
	require.Len(t, sessions, 1, "the first session is an orphan on the server")
	s.keyringHas(sessions[0])

	s.signOut(program)
	s.keyringEmpty()
	assert.Empty(t, s.sessions())
	s.keepsSecrets(program, sessions...)
}

// A locked keyring is reported as that, and no unusable session stays open. Once it is unlocked,
// trying again works.
func TestALockedKeyring(t *testing.T) {
	s := open(t, keyringtest.Options{State: keyringtest.Locked, Prompts: keyringtest.Unanswered},
		`keyring_prompt_timeout = "10s"`)
	program := s.launch()
	require.NoError(t, program.WaitNotice(s.ctx, "KEYRING-LOCKED"), "before a passcode is entered")
	s.see(program, "waiting")
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	s.insertCard()
	s.see(program, "choosing")
	s.press("5")
	require.NoError(t, program.WaitProblem(s.ctx, "KEYRING-LOCKED"))
	assert.Empty(t, s.sessions())

	require.NoError(t, s.Keyring.Unlock())
	s.keyringEmpty()
	s.press("Return")
	s.see(program, "choosing")
	s.press("5")
	s.see(program, "signed-in")
	sessions := s.sessions()
	require.Len(t, sessions, 1)
	s.keyringHas(sessions[0])
	s.keepsSecrets(program, sessions...)
}

// A user who has no keyring learns that before they enter a passcode, and choosing a role in vain
// does not follow from trying again.
func TestNoKeyring(t *testing.T) {
	s := open(t, keyringtest.Options{State: keyringtest.NoCollection})
	program := s.launch()
	require.NoError(t, program.WaitProblem(s.ctx, "KEYRING-NO_COLLECTION"))
	s.insertCard()
	s.press("Return")
	require.NoError(t, program.WaitProblem(s.ctx, "KEYRING-NO_COLLECTION"))
	assert.Empty(t, s.calls())
}

// Enter is the way on from a Problem: back to the roles from a refused one, and out of a sign-out
// that e-RS did not confirm, which is asked for again.
func TestEnterLeadsOnFromAProblem(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	require.NoError(t, s.ers.Fail(s.ctx, erstest.A002, testserver.Fault{Kind: testserver.Status, Status: 403}))
	s.insertCard()
	s.see(program, "choosing")
	s.press("4")
	require.NoError(t, program.WaitProblem(s.ctx, "ERS-A002-403"))
	s.press("Return")
	s.see(program, "choosing")
	s.press("4")
	s.see(program, "signed-in")

	require.NoError(t, s.ers.Fail(s.ctx, erstest.A003, testserver.Fault{Kind: testserver.Status, Status: 500}))
	s.press("Tab", "Tab", "Return", "Return")
	require.NoError(t, program.WaitProblem(s.ctx, "ERS-A003-500"))
	s.keyringEmpty()
	s.press("Return")
	s.see(program, "waiting")
	require.Eventually(t, func() bool { return len(s.sessions()) == 0 }, time.Minute, 50*time.Millisecond, "e-RS was not asked again")
}

// A killed program cannot clean up. The next start does, before a session without an owner can be
// used.
func TestA00302KilledWhileSignedIn(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.signIn(program)
	left := s.sessions()
	require.Len(t, left, 1)
	require.NoError(t, program.Kill())
	s.keyringHas(left[0])

	s.removeCard()
	next := s.start()
	s.keyringEmpty()
	require.Eventually(t, func() bool { return len(s.sessions()) == 0 }, time.Minute, 50*time.Millisecond,
		"the session of the killed program is still open")
	s.keepsSecrets(next, left...)
}

// Closing the window signs out even when e-RS does not answer: the keyring is cleared, and the program ends.
func TestClosingTheWindowWhileERSHangs(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.signIn(program)
	require.NoError(t, s.ers.Fail(s.ctx, erstest.A003, testserver.Fault{Kind: testserver.Hang}))

	begin := time.Now()
	s.closeSignedIn()
	require.NoError(t, program.Wait(s.ctx))
	t.Logf("from closing the window to the end of the program, with an e-RS that hangs: %v", time.Since(begin).Round(10*time.Millisecond))
	s.keyringEmpty()
	assert.Contains(t, s.calls(), "A003")
}

// A log-off ends the program with a signal, and must leave nothing behind, like closing the window.
func TestA00302Terminated(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.signIn(program)
	require.NoError(t, program.Interrupt())
	require.NoError(t, program.Wait(s.ctx))
	s.keyringEmpty()
	assert.Empty(t, s.sessions())
}

// The mouse does what the keyboard does. A click on Sign in without a card comes to nothing, and the
// card that is inserted then signs in all the same.
func TestWithTheMouse(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	require.NoError(t, s.Desktop.Click(s.ctx, 400, 460))
	require.Eventually(t, func() bool { return strings.Contains(program.Log(), `"reason":"cancelled"`) }, time.Minute, 20*time.Millisecond)
	s.picture("not-signed-in")
	s.insertCard()
	s.see(program, "choosing")
	require.NoError(t, s.Desktop.Click(s.ctx, 170, 400))
	s.see(program, "signed-in")
	require.Len(t, s.sessions(), 1)
}
