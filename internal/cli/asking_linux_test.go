package cli

import (
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

const (
	// guardTime guards against hanging; no time is asserted.
	guardTime = time.Minute
	lookPause = 20 * time.Millisecond
)

// A vendor's program has its user sign in: it gets one reliable answer, whether or not the window
// was open, and is not held up by a window that stays.
func TestSignInForAnotherProgram(t *testing.T) {
	for name, test := range map[string]struct {
		user      string
		arguments []string
		status    int
		says      string
		asked     bool
	}{
		"signed in":            {signsIn, []string{"--for", "Vendor App"}, app.StatusDone, "", true},
		"signed in, by itself": {signsIn, []string{"sign-in"}, app.StatusDone, "", false},
		"given up":             {givesUp, []string{"sign-in", "--for", "Vendor App"}, app.StatusFailed, "ASKED-GIVEN_UP", true},
		"window closed":        {closes, []string{"--for=Vendor App"}, app.StatusFailed, "ASKED-CLOSED", true},
		"takes too long": {
			dallies, []string{"sign-in", "--for", "Vendor App", "--timeout", "3s"}, app.StatusLate, "within 3s; the window is still open", true,
		},
		"takes too long, in the short form": {
			dallies, []string{"--for", "Vendor App", "--timeout", "3s"}, app.StatusLate, "within 3s; the window is still open", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, test.user, keyringtest.Options{})
			status, stdout, stderr := w.run(test.arguments...)
			assert.Equal(t, test.status, status, stderr)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			diary := w.diary()
			assert.Equal(t, test.asked, strings.Contains(diary, `asked by "Vendor App"`), diary)
			assert.Equal(t, 1, strings.Count(diary, "raised"), diary)
			_, err := readSession(t.Context(), handoff.ReadAny)
			if test.status == app.StatusDone {
				require.NoError(t, err)
				again, _, _ := w.run("sign-in", "--for", "Another App")
				assert.Equal(t, app.StatusDone, again, "already signed in")
				assert.Equal(t, diary, w.diary(), "the user is left alone")
				return
			}
			require.ErrorIs(t, err, errSignedOut)
		})
	}
}

// The window that another program has opened is independent: it must neither end with that program,
// nor hold up its pipes, nor keep what was meant for its start alone.
func TestTheWindowOfAnotherProgramStandsAlone(t *testing.T) {
	w := newWorkplace(t, signsIn, keyringtest.Options{})
	reading, writing, err := os.Pipe()
	require.NoError(t, err)
	cmd := w.command("--for", "Vendor App", "--log-level=debug", "--minimise-on-sign-in")
	cmd.ExtraFiles = []*os.File{writing}
	require.NoError(t, cmd.Run())
	require.NoError(t, writing.Close())
	held, err := io.ReadAll(reading)
	require.NoError(t, err)
	assert.Empty(t, held)
	require.NoError(t, reading.Close())

	diary := w.diary()
	assert.Contains(t, diary, `arguments ["--log-level=debug" "--minimise-on-sign-in=true"]`, "the name goes another way")
	assert.Contains(t, diary, "leader true")
	assert.Contains(t, diary, `token ""`)
}

// A shell that has evaluated session --env starts a sign-in. The window stays for hours, and every
// program of the user, and crash reports, can read its environment.
func TestTheWindowDoesNotKeepTheSessionOfItsCaller(t *testing.T) {
	w := newWorkplace(t, signsIn, keyringtest.Options{})
	marker := "made-up-" + rand.Text()
	cmd := w.command("--for", "Vendor App")
	cmd.Env = append(cmd.Env, "ERS_SESSION_KEY="+marker, "ERS_BASE_URL="+marker, "ERS_ASID="+marker, "ERS_ACCESS_TOKEN="+marker, "ERS_OTHER="+marker+"-other")
	require.NoError(t, cmd.Run())
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	there := 0
	for _, file := range environs {
		// The process may have ended, or belong to another user.
		environ, _ := os.ReadFile(file)
		if !strings.Contains(string(environ), marker) {
			continue
		}
		there++
		for _, entry := range strings.Split(string(environ), "\x00") {
			name, value, _ := strings.Cut(entry, "=")
			assert.NotEqual(t, marker, value, "%s of %s", name, file)
		}
	}
	assert.GreaterOrEqual(t, there, 2, "the window and its keyring worker were not found, which have the rest")
}

// A window that cannot start shows why, and a program that waits for a sign-in gets that as its
// answer.
func TestSignInWhereTheProgramCannotBegin(t *testing.T) {
	for name, test := range map[string]struct {
		user   string
		status int
		says   []string
	}{
		"the settings are broken": {
			hasBrokenSettings, app.StatusFailed,
			[]string{"The e-RS Login window shows a problem (ASKED-PROBLEM)", "Its reference is SETTING-SEVERAL.", "  1. Look at the e-RS Login window"},
		},
		"there is no keyring": {
			hasNoKeyring, app.StatusKeyring, []string{"(KEYRING-NO_BUS)", "  1. Run the command in the desktop session"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, test.user, keyringtest.Options{})
			for range 2 { // the first opens the window, the second finds it
				status, stdout, stderr := w.run("sign-in", "--for", "Vendor App")
				assert.Equal(t, test.status, status, stderr)
				assert.Empty(t, stdout)
				for _, says := range test.says {
					assert.Contains(t, stderr, says)
				}
			}
			assert.Equal(t, 2, strings.Count(w.diary(), "raised"), "the user sees it, too")
		})
	}
}

// A failed start that the user can repair in the window is waited for, and the window shows for
// which program.
func TestSignInWhereTheUserPutsTheStartRight(t *testing.T) {
	w := newWorkplace(t, triesAgain, keyringtest.Options{})
	status, _, stderr := w.run("sign-in", "--for", "Vendor App")
	assert.Equal(t, app.StatusDone, status, stderr)
	assert.Contains(t, w.diary(), `asked by "Vendor App" while failed`)
}

// Scripts recognise a computer without OpenGL by the exit status of the window's process.
func TestTheStatusOfAWindowThatHasEnded(t *testing.T) {
	for name, test := range map[string]struct {
		ended  string
		status int
		says   string
	}{
		"no OpenGL":             {"exit 7", app.StatusNoGraphics, "WINDOW-NOT_OPENED"},
		"no keyring":            {"exit 3", app.StatusKeyring, "WINDOW-NOT_OPENED"},
		"wrong arguments":       {"exit 2", app.StatusUsage, "WINDOW-NOT_OPENED"},
		"any failure":           {"exit 1", app.StatusFailed, "WINDOW-NOT_OPENED"},
		"a status of no window": {"exit 5", app.StatusFailed, "WINDOW-NOT_OPENED"},
		"a high status":         {"exit 126", app.StatusFailed, "WINDOW-NOT_OPENED"},
		"killed":                {"kill -9 $$", app.StatusFailed, "WINDOW-NOT_OPENED"},
		"closed":                {"exit 0", app.StatusFailed, "ASKED-CLOSED"},
	} {
		t.Run(name, func(t *testing.T) {
			asker := asker{path: filepath.Join(t.TempDir(), "lock"), open: func() (<-chan error, error) {
				window, ended := exec.CommandContext(t.Context(), "/bin/sh", "-c", test.ended), make(chan error, 1)
				if err := window.Start(); err != nil {
					return nil, err
				}
				go func() { ended <- window.Wait() }()
				return ended, nil
			}}
			err := signInInput{name: "Vendor App"}.run(t.Context(), asker)
			var complaints strings.Builder
			p := testProgram(t)
			p.Stderr = &complaints
			assert.Equal(t, test.status, p.Report(err))
			assert.Contains(t, complaints.String(), test.says)
		})
	}
}

// The window shows a program's name until that program is gone.
func TestTheWindowForgetsWhoIsGone(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	first := w.command("sign-in", "--for", "First App")
	require.NoError(t, first.Start())
	require.Eventually(t, func() bool {
		diary, _ := os.ReadFile(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), diaryFile))
		return strings.Contains(string(diary), `asked by "First App"`)
	}, guardTime, lookPause)
	status, _, _ := w.run("sign-in", "--for", "Second App", "--timeout", "1s")
	assert.Equal(t, app.StatusLate, status)
	require.Eventually(t, func() bool {
		diary := w.diary()
		second := strings.Index(diary, `asked by "Second App"`)
		return second > 0 && strings.Contains(diary[second:], `asked by "First App"`)
	}, guardTime, lookPause, "the first one still waits")
	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())
	require.Eventually(t, func() bool { return strings.Contains(w.diary(), `asked by ""`) }, guardTime, lookPause)
}

// A link opens the window, and does not wait.
func TestALinkOpensTheWindow(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	status, _, stderr := w.run("ers-login://open")
	assert.Equal(t, app.StatusDone, status, stderr)
	assert.Contains(t, w.diary(), "raised")
}

// A web page can open any number of links. None begins a session by itself, although a card is in:
// the user presses Sign in. None waits, so sign-out does not wait for them.
func TestALinkWaitsForTheUser(t *testing.T) {
	for name, link := range map[string]string{"open": "ers-login://open", "sign in": "ers-login://sign-in?for=Vendor%20App"} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t, hasCardIn, keyringtest.Options{})
			for range 3 {
				status, stdout, stderr := w.run(link)
				assert.Equal(t, app.StatusDone, status, stderr)
				assert.Empty(t, stdout)
			}
			require.Eventually(t, func() bool { return strings.Contains(w.diary(), "waiting") }, guardTime, lookPause)
			if name == "sign in" {
				require.Eventually(t, func() bool { return strings.Contains(w.diary(), `asked by "Vendor App"`) }, guardTime, lookPause)
			}
			assert.NotContains(t, w.diary(), "signing-in", "a link has made a session")

			var all sync.WaitGroup
			for range 2 * instanceClients {
				all.Go(func() {
					cmd := w.command(link)
					assert.NoError(t, cmd.Run())
				})
			}
			status, _, stderr := w.run("sign-out")
			assert.Equal(t, app.StatusDone, status, stderr)
			all.Wait()
			assert.NotContains(t, w.diary(), "signing-in", "a link has made a session")

			waiting := w.command("sign-in")
			require.NoError(t, waiting.Start())
			require.Eventually(t, func() bool { return strings.Contains(w.diary(), "choosing") }, guardTime, lookPause, "sign-in is impossible")
			status, _, stderr = w.run("sign-out")
			assert.Equal(t, app.StatusDone, status, stderr)
			require.Error(t, waiting.Wait())
		})
	}
}

// instanceClients is how many programs may wait for a sign-in.
const instanceClients = 16

// Without a desktop, sign-in is impossible, which is reported at once.
func TestSignInWithoutADisplay(t *testing.T) {
	newWorkplace(t, dallies, keyringtest.Options{State: keyringtest.NoBus})
	status, _, stderr := run(t, "", "sign-in")
	assert.Equal(t, app.StatusFailed, status)
	assert.Contains(t, stderr, "WINDOW-NO_DISPLAY")
}

// A script can sign out any session, and rely on its being gone.
func TestSignOut(t *testing.T) {
	t.Run("of the window", func(t *testing.T) {
		w := newWorkplace(t, signsIn, keyringtest.Options{})
		status, _, stderr := w.run("sign-in")
		require.Equal(t, app.StatusDone, status, stderr)
		status, stdout, stderr := w.run("sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Empty(t, stdout)
		assert.Equal(t, "The session was ended.\n", stderr)
		_, err := readSession(t.Context(), handoff.ReadAny)
		require.ErrorIs(t, err, errSignedOut)
		status, _, stderr = w.run("sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Equal(t, "No user is signed in.\n", stderr)
	})
	t.Run("of what could not be cleared before", func(t *testing.T) {
		w := newWorkplace(t, signsIn, keyringtest.Options{})
		status, _, stderr := w.run("sign-in")
		require.Equal(t, app.StatusDone, status, stderr)
		require.NoError(t, w.keyring.Lock())
		for range 2 {
			status, _, stderr = w.run("sign-out")
			assert.Equal(t, app.StatusKeyring, status, stderr)
			assert.Contains(t, stderr, "KEYRING-")
			assert.Contains(t, stderr, "  1. ", "it does not say what to do")
		}
		require.NoError(t, w.keyring.Unlock())
		_, err := readSession(t.Context(), handoff.ReadAny)
		require.NoError(t, err, "the entry is there and can be read")
		status, stdout, stderr := w.run("sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Empty(t, stdout)
		_, err = readSession(t.Context(), handoff.ReadAny)
		require.ErrorIs(t, err, errSignedOut)
	})
	t.Run("of no user, after a start that has failed", func(t *testing.T) {
		w := newWorkplace(t, hasBrokenSettings, keyringtest.Options{})
		status, _, _ := w.run("sign-in")
		require.Equal(t, app.StatusFailed, status)
		status, _, stderr := w.run("sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
	})
	t.Run("of a sign-in under way", func(t *testing.T) {
		w := newWorkplace(t, dallies, keyringtest.Options{})
		waiting := w.command("sign-in")
		require.NoError(t, waiting.Start())
		require.Eventually(t, func() bool {
			_, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), diaryFile))
			return err == nil && strings.Contains(w.diary(), "choosing")
		}, guardTime, lookPause)
		status, _, stderr := w.run("sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Equal(t, "The session was ended.\n", stderr, "there is one from the list of roles on")
		require.Error(t, waiting.Wait())
		assert.Equal(t, app.StatusFailed, waiting.ProcessState.ExitCode(), "the sign-in was given up")
	})
	t.Run("of no user", func(t *testing.T) {
		newWorkplace(t, dallies, keyringtest.Options{})
		status, stdout, stderr := run(t, "", "sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "No user was signed in.")
	})
	t.Run("of an earlier run, without settings", func(t *testing.T) {
		w := newWorkplace(t, dallies, keyringtest.Options{})
		w.publish(madeUpSession(7))
		status, _, stderr := run(t, "", "sign-out")
		assert.Equal(t, app.StatusDone, status, stderr)
		assert.Contains(t, stderr, "could not be closed at e-RS")
		assert.NotContains(t, stderr, "made-up")
		_, err := readSession(t.Context(), handoff.ReadAny)
		require.ErrorIs(t, err, errSignedOut)
	})
	t.Run("where there is no keyring", func(t *testing.T) {
		newWorkplace(t, dallies, keyringtest.Options{State: keyringtest.NoBus})
		status, _, stderr := run(t, "", "sign-out")
		assert.Equal(t, app.StatusKeyring, status)
		assert.Contains(t, stderr, "KEYRING-NO_BUS")
	})
}

// A session left by an earlier run is closed at e-RS too, with a record in the audit log (A003-02,
// LAL-001).
func TestA00302SignOutClosesWhatAnEarlierRunHasLeft(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	ers := erstest.NewServer()
	defer ers.Close()
	folder := t.TempDir()
	_, err := ers.WriteFiles(folder)
	require.NoError(t, err)
	file := filepath.Join(folder, "config.toml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join([]string{
		`base_url = "` + ers.URL + `"`, `asid = "` + erstest.ASID + `"`, `certificate = "client.pem"`, `key = "client-key.pem"`,
		`ca_bundle = "ca.pem"`, `audit_dir = "audit"`, "",
	}, "\n")), 0o600))
	key := signInAt(t, ers)
	left := madeUpSession(7)
	left.SessionKey, left.BaseURL, left.ASID = handoff.NewSessionKey(key), ers.URL, erstest.ASID
	w.publish(left)

	var complaints strings.Builder
	p := testProgram(t, os.Environ()...)
	p.Stderr = &complaints
	err = endSession(t.Context(), p, instance.DefaultFile(), config.Sources{File: file})
	require.NoError(t, err)
	assert.Contains(t, complaints.String(), "The session of an earlier run was ended.")
	assert.Empty(t, ers.Sessions(), "it is still open at e-RS")
	_, err = readSession(t.Context(), handoff.ReadAny)
	require.ErrorIs(t, err, errSignedOut)
	var records strings.Builder
	require.NoError(t, filepath.WalkDir(filepath.Join(folder, "audit"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		records.Write(content)
		return err
	}))
	assert.Contains(t, records.String(), "API Close Session")
	assert.NotContains(t, records.String()+complaints.String(), key)
}

// A token cannot be closed at e-RS: it is removed, and that is all.
func TestSignOutRemovesATokenThatWasLeft(t *testing.T) {
	w := newWorkplace(t, dallies, keyringtest.Options{})
	w.publish(madeUpFHIRSession(0))
	var complaints strings.Builder
	p := testProgram(t, os.Environ()...)
	p.Stderr = &complaints
	require.NoError(t, endSession(t.Context(), p, instance.DefaultFile(), config.Sources{}))
	assert.Contains(t, complaints.String(), "The session of an earlier run was ended.")
	assert.NotContains(t, complaints.String(), "made-up")
	require.NoError(t, checkSignedOut(t.Context()))
}

// signInAt creates a session at the stand-in, as an earlier run would, and returns its key.
func signInAt(t *testing.T, ers *erstest.Server) string {
	t.Helper()
	const ticket = "AQIC5wM2LY4SfcMadeUpTicketOfNobody=@AAJTSQACMDE=#"
	ers.AddUser(ticket, erstest.GP())
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: ers.URL, Certificate: ers.ClientCertificate(), RootCAs: ers.RootCAs(), Timeout: guardTime,
	}})
	require.NoError(t, err)
	defer client.Close()
	session, err := client.CreateSession(t.Context(), ersclient.NewTicket(ticket))
	require.NoError(t, err)
	session, err = client.SelectRole(t.Context(), session, session.User.Permissions[0])
	require.NoError(t, err)
	return session.Key.Reveal()
}
