package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// These tests start this test program as e-RS Login. In place of its window it runs the program's
// other parts, with a simulated card, a stand-in for e-RS, the real keyring, and a played user.

// diaryFile is where the window's process records events for the test, in the folder in
// diaryVariable, else in $XDG_RUNTIME_DIR.
const (
	diaryFile     = "diary"
	diaryVariable = "ERS_LOGIN_TEST_DIARY"
)

// The behaviours of a played user.
const (
	signsIn = "signs in"
	givesUp = "gives up"
	closes  = "closes the window"
	// dallies does nothing.
	dallies = "dallies"
	// hasBrokenSettings and hasNoKeyring do nothing, since the program cannot start.
	hasBrokenSettings = "has broken settings"
	hasNoKeyring      = "has no keyring"
	// hasCardIn inserts a card and enters the passcode before the window opens, and then does
	// nothing.
	hasCardIn = "has a card in"
	// triesAgain repairs a failed start once the window has shown which program waits for it.
	triesAgain = "tries again"
)

// playProgram runs e-RS Login without its window.
func playProgram(user string, arguments []string) int {
	toml, err := os.ReadFile(os.Getenv("ERS_LOGIN_TEST_FYNE_APP"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return statusNotPlayed
	}
	opensWindow := !slices.ContainsFunc(arguments, func(argument string) bool {
		return !strings.HasPrefix(argument, "--") || strings.HasPrefix(argument, "--for") || isLink([]string{argument})
	})
	if !opensWindow {
		return Run(arguments, toml, nil)
	}
	if err := playWindow(user, arguments, toml); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return statusNotPlayed
	}
	return app.StatusDone
}

// statusNotPlayed is a status of no command.
const statusNotPlayed = 99

// playWindow is the window's process, from the lock to the flow.
func playWindow(user string, arguments []string, toml []byte) error {
	metadata, err := app.ReadMetadata(toml)
	if err != nil {
		return err
	}
	ers := erstest.NewUnstartedServer()
	if err := ers.Start(); err != nil {
		return err
	}
	defer ers.Close()
	log, err := logging.New(logging.Settings{})
	if err != nil {
		return err
	}
	defer app.CloseLog(log)
	card := simulator.New(0)
	defer card.Close()
	persona, _ := simulator.PersonaByKey("gp")
	p := app.Host{Metadata: metadata, Environ: os.Environ(), Lock: &app.HeldLock{}}
	demo := app.NewDemonstration(p, log, signin.NewBoard(), ers, card, persona)
	card.OnTicket(demo.RegisterTicket)
	e := &app.Controller{Publisher: "ers-login test", Log: log, Guard: log.Guard, Board: signin.NewBoard(), Prepare: demo.Prepare,
		ManualStart: slices.Contains(arguments, "--"+app.ByLinkFlag), Displays: desktop.DisplaysOf(os.Environ())}
	play := &playedUser{does: user, controller: e}
	switch user {
	case hasBrokenSettings:
		_, err := config.Load(config.Sources{Environ: []string{"ERS_LOGIN_ASID=1", "ERS_LOGIN_LOG_LEVEL=loud"}})
		e.Prepare = func(context.Context) (app.Services, error) { return app.Services{}, err }
	case hasNoKeyring:
		e.Prepare = func(context.Context) (app.Services, error) { return app.Services{}, keyring.NoBus }
	case hasCardIn:
		if _, err := (app.InsertingAgent{Agent: card, Persona: persona}).Ticket(context.Background()); err != nil {
			return err
		}
	case triesAgain:
		play.does = signsIn
		e.Prepare = func(ctx context.Context) (app.Services, error) {
			if !play.again.Load() {
				return app.Services{}, keyring.Locked
			}
			return demo.Prepare(ctx)
		}
	}
	e.Show = play.see
	life := e.Open(context.Background())
	one := app.NewOneInstance(instance.DefaultFile(), log, os.Environ(), "", e.RequestHandler(life, func() { play.note("raised") }))
	one.Held = p.Lock
	if err := one.Join(context.Background()); errors.Is(err, app.ErrRaised) || errors.Is(err, app.OtherDisplay) {
		fmt.Fprintln(os.Stderr, err)
		return nil
	} else if err != nil {
		return err
	}
	defer one.Leave()
	session, err := unix.Getsid(0)
	play.note("arguments %q", arguments)
	play.note("leader %v", err == nil && session == os.Getpid())
	play.note("token %q", instance.ActivationToken(os.Environ()))
	e.Shown.Store(true)
	return e.Run(life)
}

// playedUser acts on what the window shows.
type playedUser struct {
	does       string
	controller *app.Controller
	// again: a failed start was tried again.
	again atomic.Bool
	mutex sync.Mutex
	asked string
}

func (u *playedUser) see(state signin.State) {
	u.note("%v", state.Phase)
	if state.AskedBy != u.asked {
		u.asked = state.AskedBy
		u.note("asked by %q while %v", state.AskedBy, state.Phase)
	}
	switch {
	case state.Phase == signin.Failed && state.Problem.Code == keyring.Locked.Code && state.AskedBy != "" && !u.again.Swap(true):
		u.controller.Send(signin.TryAgain{})
	case state.Phase == signin.Choosing && u.does == signsIn:
		u.controller.Send(signin.Choose{Permission: state.Permissions[0]})
	case state.Phase == signin.Choosing && u.does == givesUp:
		u.controller.Send(signin.Cancel{})
	case state.Phase == signin.Choosing && u.does == closes:
		u.controller.Send(signin.Quit{})
	}
}

func (u *playedUser) note(format string, values ...any) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	folder := os.Getenv(diaryVariable)
	if folder == "" {
		folder = os.Getenv("XDG_RUNTIME_DIR")
	}
	diary, err := os.OpenFile(filepath.Join(folder, diaryFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(diary, format+"\n", values...)
		err = errors.Join(err, diary.Close())
	}
	if err != nil {
		panic(err)
	}
}

// workplace is a user's log-on session, with a keyring, in which programs are started.
type workplace struct {
	t       *testing.T
	keyring *keyringtest.Session
	environ []string
}

// newWorkplace makes one, for this process too. user is the behaviour of the played user.
func newWorkplace(t *testing.T, user string, options keyringtest.Options) workplace {
	t.Helper()
	session := keyringtest.ForTest(t, options)
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	toml, err := filepath.Abs(fyneAppFile)
	require.NoError(t, err)
	w := workplace{t: t, keyring: session, environ: append(os.Environ(),
		userVariable+"="+user, "ERS_LOGIN_TEST_FYNE_APP="+toml, "DISPLAY=:none", "XDG_ACTIVATION_TOKEN=made-up")}
	t.Cleanup(w.closeWindow)
	return w
}

// closeWindow ends the window's process, if any.
func (w workplace) closeWindow() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		lock, answer, err := instance.Join(ctx, instance.DefaultFile(), instance.Request{Action: instance.Raise})
		switch {
		case lock != nil:
			assert.NoError(w.t, lock.Release())
			return
		case err == nil && answer.PID != 0:
			assert.NoError(w.t, syscall.Kill(answer.PID, syscall.SIGTERM))
		}
		time.Sleep(50 * time.Millisecond)
	}
	assert.Fail(w.t, "the window does not end")
}

// command returns e-RS Login with arguments as a process.
func (w workplace) command(arguments ...string) *exec.Cmd {
	// This guards against hanging; no time is asserted.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	w.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], arguments...)
	cmd.Env = w.environ
	return cmd
}

// run runs e-RS Login to its end.
func (w workplace) run(arguments ...string) (status int, stdout, stderr string) {
	w.t.Helper()
	var out, complaints strings.Builder
	cmd := w.command(arguments...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		require.NoError(w.t, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), complaints.String()
}

// diary returns the recorded events.
func (w workplace) diary() string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), diaryFile))
	require.NoError(w.t, err)
	return string(text)
}

// publish writes a session into the keyring, as the window does.
func (w workplace) publish(session handoff.Entry) {
	w.t.Helper()
	require.NoError(w.t, handoff.Write(w.t.Context(), session))
}
