//go:build linux

package e2e_test

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// sight is what a polling reader found: a session, or none.
type sight struct {
	Key              string `json:"key"`
	OrgIdentifier    string `json:"org"`
	BusinessFunction string `json:"function"`
}

// poller is another application that reads the keyring every few milliseconds.
type poller struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{}

	mu   sync.Mutex
	seen []sight
}

// poll starts a reader, which reports each change.
func (s *scene) poll() *poller {
	s.t.Helper()
	cmd := exec.CommandContext(s.ctx, programs.reader, "-poll", "2ms")
	cmd.Env = s.Env()
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(s.t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	p := &poller{t: s.t, cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			var seen sight
			if !assert.NoError(s.t, json.Unmarshal(lines.Bytes(), &seen), "the reader has read something that is no session") {
				return
			}
			p.mu.Lock()
			p.seen = append(p.seen, seen)
			p.mu.Unlock()
		}
	}()
	return p
}

// end ends the reader and returns what it found.
func (p *poller) end() []sight {
	p.t.Helper()
	require.NoError(p.t, p.stdin.Close())
	<-p.done
	require.NoError(p.t, p.cmd.Wait())
	return p.seen
}

func sightOf(session erstest.SessionInfo) sight {
	return sight{session.Key, session.Role.OrgIdentifier, session.Role.BusinessFunction}
}

// Another application must never act with the key of one role and the organisation of another, nor
// with a session that is closed already.
func TestA00303SwitchingRoleWhileAReaderPolls(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	poller := s.poll()
	s.signIn(program)
	first := s.sessions()
	require.Len(t, first, 1)

	s.press("Tab", "Return", "Return")
	s.see(program, "choosing")
	s.press("2")
	s.see(program, "signed-in")
	second := s.sessions()
	require.Len(t, second, 1, "the session of the first role is closed")
	s.keyringHas(second[0])
	s.signOut(program)

	assert.Equal(t, []string{"A001", "A002", "A003", "A001", "A002", "A003"}, s.calls(), "with the same ticket")
	none := sight{}
	want := []sight{none, sightOf(first[0]), none, sightOf(second[0]), none}
	assert.True(t, slices.Equal(want, poller.end()), "a reader has seen something else than the two sessions, one after the other")
}

// A session of maximal age is over, without any action, unless the user wants to stay signed in: with
// Enter, where the window has the keyboard as it warns.
func TestAUT003AgeReached(t *testing.T) {
	s := open(t, keyringtest.Options{}, `session_max_age = "1m"`)
	program := s.start()
	s.signIn(program)
	first := s.sessions()
	require.Len(t, first, 1)

	// Before the warning Enter does nothing, and after it is used neither. It comes after half a minute.
	for ending := false; !ending; {
		s.press("Return")
		soon, cancel := context.WithTimeout(s.ctx, time.Second)
		ending = program.WaitScreen(soon, "ending") == nil
		cancel()
		require.NoError(t, s.ctx.Err(), "Enter does not keep the session")
	}
	s.see(program, "signed-in")
	second := s.sessions()
	require.Len(t, second, 1)
	assert.Equal(t, first[0].Role, second[0].Role)
	assert.NotContains(t, program.Log(), `"reason":"expired"`)
	s.keyringHas(second[0])

	// A window without the keyboard gives its warning no focus: Enter was meant for another one.
	require.NoError(t, s.Desktop.Unfocus())
	time.Sleep(40 * time.Second)
	require.NoError(t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	s.picture("ends-soon")
	s.press("Return")
	s.see(program, "waiting")
	s.keyringEmpty()
	assert.Empty(t, s.sessions())
	assert.Equal(t, []string{"A001", "A002", "A003", "A001", "A002", "A003"}, s.calls())
	assert.Contains(t, program.Log(), `"reason":"expired"`)
	s.picture("expired")
}

// A second start raises the window, and opens no other.
func TestASecondStartRaisesTheWindow(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.signIn(program)
	session := s.sessions()
	require.Len(t, session, 1)

	second, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	require.NoError(t, second.Wait(s.ctx), "the second start has nothing to complain of")
	assert.Contains(t, second.Output(), "is already open")
	require.NoError(t, program.WaitMessage(s.ctx, "raised"))
	s.keyringHas(session[0])

	// A start with other settings must not use it: the clinician would work under another ASID.
	other, err := s.Run(s.ctx, programs.login, "--asid", "999999999999")
	require.NoError(t, err)
	require.Error(t, other.Wait(s.ctx))
	assert.Contains(t, other.Output(), "INSTANCE-OTHER")
	s.keyringHas(session[0])
	s.signOut(program)

	// A killed instance does not prevent the next start.
	require.NoError(t, program.Kill())
	s.removeCard()
	s.start()
}

// An e-RS that hangs for ever at one of the three calls must not prevent leaving, and leaves
// nothing in the keyring.
func TestERSHangsForEver(t *testing.T) {
	t.Run("A001, given up by the user", func(t *testing.T) {
		s := open(t, keyringtest.Options{})
		program := s.start()
		require.NoError(t, s.ers.Fail(s.ctx, erstest.A001, testserver.Fault{Kind: testserver.Hang}))
		s.insertCard()
		s.see(program, "signing-in")
		s.press("Escape")
		s.see(program, "waiting")
		s.keyringEmpty()
	})
	t.Run("A001, until its time is up", func(t *testing.T) {
		s := open(t, keyringtest.Options{}, `request_timeout = "1s"`)
		program := s.start()
		require.NoError(t, s.ers.Fail(s.ctx, erstest.A001, testserver.Fault{Kind: testserver.Hang}))
		s.insertCard()
		require.NoError(t, program.WaitProblem(s.ctx, "NET-TIMEOUT"))
		s.press("Return")
		s.see(program, "choosing")
	})
	t.Run("A002, given up by the user", func(t *testing.T) {
		s := open(t, keyringtest.Options{})
		program := s.start()
		s.insertCard()
		s.see(program, "choosing")
		require.NoError(t, s.ers.Fail(s.ctx, erstest.A002, testserver.Fault{Kind: testserver.Hang}))
		s.press("5")
		s.see(program, "selecting")
		s.press("Escape")
		// The list again, in a new session: the first may have its role already.
		s.see(program, "choosing")
		s.keyringEmpty()
		assert.Equal(t, []string{"A001", "A002", "A003", "A001"}, s.calls())
		s.press("2")
		s.see(program, "signed-in")
		sessions := s.sessions()
		require.Len(t, sessions, 1)
		assert.Equal(t, "REFERRING_CLINICIAN", sessions[0].Role.BusinessFunction)
		s.keyringHas(sessions[0])
	})
	t.Run("A003, at signing out", func(t *testing.T) {
		s := open(t, keyringtest.Options{}, `request_timeout = "1s"`, `closing_grace = "0s"`)
		program := s.start()
		s.signIn(program)
		require.NoError(t, s.ers.Fail(s.ctx, erstest.A003, testserver.Fault{Kind: testserver.Hang}))
		s.press("Tab", "Tab", "Return", "Return")
		s.see(program, "ending")
		s.gone()
		require.NoError(t, program.WaitProblem(s.ctx, "NET-TIMEOUT"), "a session that may still be open is said")
		s.keyringEmpty()
	})
}

// The keyring's own program can be killed, or crash. The session then cannot be read; the user is
// informed, and can leave.
func TestTheKeyringIsKilledWhileSignedIn(t *testing.T) {
	s := open(t, keyringtest.Options{}, `closing_grace = "0s"`)
	program := s.start()
	s.signIn(program)
	require.NoError(t, s.Keyring.KillDaemon())
	s.press("Tab", "Tab", "Return", "Return")
	require.NoError(t, program.WaitProblem(s.ctx, "KEYRING-NO_SERVICE"))
	s.picture("keyring-killed")
	assert.Empty(t, s.sessions(), "the session is closed, although its entry could not be cleared")
	require.NoError(t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(t, program.Wait(s.ctx))
}

// The audit log has every call with its result, and no key.
func TestLAL001AuditLog(t *testing.T) {
	s := open(t, keyringtest.Options{})
	downloads := t.TempDir()
	s.Extra = append(s.Extra, "XDG_DOWNLOAD_DIR="+downloads)
	program := s.start()
	s.helpsWhileAsked(program)
	require.NoError(t, s.ers.Fail(s.ctx, erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 500}))
	s.insertCard()
	require.NoError(t, program.WaitProblem(s.ctx, "ERS-A001-500"))
	s.press("Return")
	s.see(program, "choosing")
	s.press("5")
	s.see(program, "signed-in")
	session := s.sessions()
	s.signOut(program)
	require.Len(t, s.auditLog(), 4)
	var events []string
	for i, record := range s.auditLog() {
		assert.EqualValues(t, i+1, record["id"])
		events = append(events, fmt.Sprint(record["eventType"], " ", record["auditType"], " ", record["outcome"]))
	}
	assert.Equal(t, []string{
		"POST API Establish Session 500", "POST API Establish Session 201",
		"PUT API Professional login attempt 200", "DELETE API Close Session 204",
	}, events)
	assert.Equal(t, "555020964101", s.auditLog()[2]["userUUID"])
	s.keepsSecrets(program, session...)
	s.leadsToTheProblem(program, downloads, "ERS-A001-500")
}

// helpsWhileAsked checks by keyboard alone that the help is there while the agent asks for the passcode,
// and leads to the checks: Cancel, Help, Check this computer. Then it gives the sign-in up.
func (s *scene) helpsWhileAsked(program *stage.Program) {
	s.t.Helper()
	asks := filepath.Join(s.tickets, "asks")
	require.NoError(s.t, os.WriteFile(asks, nil, 0o600))
	s.press("Return")
	s.see(program, "prompting")
	s.press("F1", "Tab", "Tab", "Tab", "Return")
	require.NoError(s.t, program.WaitMessage(s.ctx, "diagnostics"))
	s.picture("checked-while-asked")
	s.press("F9")
	s.picture("asked-for-the-passcode")
	s.press("Escape", "Escape") // the first closes the help
	s.see(program, "waiting")
	require.NoError(s.t, os.Remove(asks))
}

// leadsToTheProblem checks by keyboard alone that the window still knows its last problem: it is in the
// support file, and doctor asks the window for it. No smartcard reader can be used, so that the focus
// is on Check again after the checks.
func (s *scene) leadsToTheProblem(program *stage.Program, downloads, code string) {
	s.t.Helper()
	s.press("F9")
	require.NoError(s.t, program.WaitMessage(s.ctx, "diagnostics"))
	require.NoError(s.t, s.Desktop.Picture(s.ctx, filepath.Join(s.t.TempDir(), "checked.png"))) // it is drawn
	s.picture("checked")
	s.press("Tab", "Tab", "Return")
	var saved []string
	require.Eventually(s.t, func() bool {
		s.press("Return") // Save has the focus once the files are shown
		var err error
		saved, err = filepath.Glob(filepath.Join(downloads, "ers-login-support-*.zip"))
		return err == nil && len(saved) > 0
	}, 2*time.Minute, time.Second, "no support file")
	archive, err := zip.OpenReader(saved[0])
	require.NoError(s.t, err)
	defer func() { assert.NoError(s.t, archive.Close()) }()
	content, err := fs.ReadFile(archive, "checks.txt")
	require.NoError(s.t, err)
	require.Regexp(s.t, "^Last problem: [^\n]+, "+code+", ", string(content))

	doctor := exec.CommandContext(s.ctx, programs.login, "doctor", "--json")
	doctor.Env = append(s.Env(), "DISPLAY=")
	said, err := doctor.Output()
	if err != nil { // the status is the number of failed checks
		var failed *exec.ExitError
		require.ErrorAs(s.t, err, &failed)
	}
	require.Regexp(s.t, `"lastProblem": \{\s+"code": "`+code+`"`, string(said))
}

// auditLog returns the records of the audit log, oldest first.
func (s *scene) auditLog() []map[string]any {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.StateFolder(), "audit", "*.jsonl"))
	require.NoError(s.t, err)
	var records []map[string]any
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(s.t, err)
		for line := range strings.Lines(string(content)) {
			var record map[string]any
			require.NoError(s.t, json.Unmarshal([]byte(line), &record))
			records = append(records, record)
		}
	}
	return records
}

// attemptClose closes the window of a signed-in user, and waits until the question is drawn: keys that
// come sooner are for the page below.
func (s *scene) attemptClose() {
	s.t.Helper()
	require.NoError(s.t, s.Desktop.CloseWindow(s.ctx, stage.Title))
	require.NoError(s.t, s.Desktop.WaitWindow(s.ctx, stage.Title))
	require.NoError(s.t, s.Desktop.Picture(s.ctx, filepath.Join(s.t.TempDir(), "asked.png")))
}

// picture keeps a picture of the real window, if pictures of a run are wanted.
func (s *scene) picture(name string) {
	s.t.Helper()
	folder := os.Getenv("ERS_LOGIN_PICTURES")
	if folder == "" {
		return
	}
	require.NoError(s.t, os.MkdirAll(folder, 0o750))
	require.NoError(s.t, s.Desktop.Picture(s.ctx, folder+"/"+strings.ToLower(name)+".png"))
}

// A killed program's session must not outlive the next start, not even one that fails: here the
// certificate is gone meanwhile.
func TestA00302KilledAndThenBroken(t *testing.T) {
	s := open(t, keyringtest.Options{})
	program := s.start()
	s.signIn(program)
	left := s.sessions()
	require.NoError(t, program.Kill())
	s.keyringHas(left[0])

	require.NoError(t, os.Remove(filepath.Join(s.ersDir, "client.pem")))
	s.removeCard()
	next, err := s.Run(s.ctx, programs.login)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, next.Kill()) })
	require.NoError(t, next.WaitProblem(s.ctx, "SETTING-CERTIFICATE"))
	s.gone()
	s.keyringEmpty()

	s.keepsSecrets(next, left...)
}
