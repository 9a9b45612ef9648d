//go:build linux

// Walkthrough shows the demonstration without a display: it opens the real window on a hidden
// desktop, signs in through it with the keyboard, reads the session from a real keyring as another
// program does, signs out again, and leaves a picture of each screen, some of them in high contrast
// or in a test environment.
//
// It touches nothing of the user's: bus, keyring, home folder and display are its own, and end with
// it. On a desktop without a usable keyring (-desktop), the demonstration has its own, and the walk
// is shorter.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

func main() {
	program := flag.String("program", "build/ers-login", "the program to walk through")
	pictures := flag.String("pictures", "build", "the folder for the pictures")
	kind := flag.String("desktop", "usual", "what keyring the desktop has: usual, no-bus, no-service, no-collection or locked")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := walk(ctx, *program, *pictures, *kind)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "walk-through:", err)
		os.Exit(1)
	}
}

// desktops are the kinds of desktops, by their keyring. A locked one is not unlocked: its prompt is
// dismissed.
var desktops = map[string]keyringtest.Options{
	"usual":         {},
	"no-bus":        {State: keyringtest.NoBus},
	"no-service":    {State: keyringtest.NoService},
	"no-collection": {State: keyringtest.NoCollection},
	"locked":        {State: keyringtest.Locked, Prompts: keyringtest.Dismissed},
}

// part is the walk through one start of the program.
type part struct {
	arguments []string
	walk      func(walker, context.Context) error
}

func demo(persona string) []string { return []string{"demo", "--persona", persona} }

// walk takes at most six minutes, and usually less than one and a half.
func walk(ctx context.Context, program, pictures, kind string) (err error) {
	options, known := desktops[kind]
	if !known {
		return fmt.Errorf("there is no desktop %q", kind)
	}
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	if pictures, err = filepath.Abs(pictures); err != nil {
		return err
	}
	if err = os.MkdirAll(pictures, 0o750); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ers-login-walk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	set, err := stage.Set(context.WithoutCancel(ctx), dir, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	parts := []part{{demo("gp"), walker.signIn}}
	if options == desktops["usual"] {
		ers := erstest.NewUnstartedServer()
		defer ers.Close()
		training, err := trainingArguments(ers, filepath.Join(dir, "ers"))
		if err != nil {
			return err
		}
		parts = append(parts, part{demo("expired"), walker.beRefused}, part{[]string{"demo", "--platform", "fhir"}, walker.signInInBrowser},
			part{demo("consultant"), walker.seeClearly}, part{training, walker.train})
	}
	for _, part := range parts {
		if err := part.show(ctx, set, program, pictures); err != nil {
			return err
		}
	}
	return nil
}

// show runs the program, walks through it and ends it.
func (p part) show(ctx context.Context, set *stage.Stage, program, pictures string) (err error) {
	running, err := set.Run(context.WithoutCancel(ctx), program, p.arguments...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Kill()) }()
	return p.walk(walker{set, running, pictures}, ctx)
}

// trainingArguments starts a stand-in for e-RS, and returns the arguments of a real sign-in there:
// a test environment, whose ticket is invented and always there.
func trainingArguments(ers *erstest.Server, folder string) ([]string, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	if err := ers.Start(); err != nil {
		return nil, err
	}
	files, err := ers.WriteFiles(folder)
	if err != nil {
		return nil, err
	}
	// The program adds an argument of its own, which is $1.
	agent, err := json.Marshal([]string{"/bin/sh", "-c", `echo "$0"`, erstest.TicketGP})
	if err != nil {
		return nil, err
	}
	return []string{
		"--base-url", ers.URL, "--environment-name", "Training", "--asid", erstest.ASID, "--certificate", files.Certificate,
		"--key", files.Key, "--ca-bundle", files.CA, "--agent-command", string(agent),
	}, nil
}

type walker struct {
	*stage.Stage
	program  *stage.Program
	pictures string
}

func (w walker) signIn(ctx context.Context) error {
	if err := w.screen(ctx, "waiting", "1-waiting"); err != nil {
		return err
	}
	if err := w.diagnose(ctx); err != nil {
		return err
	}
	if err := w.photograph(ctx, "7-settings", "F2"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "Escape"); err != nil {
		return err
	}
	fmt.Println("The window is open. Pressing Enter on Sign in; the simulated card goes in and its passcode is entered.")
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	if err := w.screen(ctx, "choosing", "2-roles"); err != nil {
		return err
	}
	fmt.Println("The roles are there. Pressing 5: service provider clinician.")
	if err := w.Desktop.Press(ctx, "5"); err != nil {
		return err
	}
	if err := w.screen(ctx, "signed-in", "3-signed-in"); err != nil {
		return err
	}
	if err := w.printSession(ctx); err != nil {
		return err
	}
	return w.signOutAndLeave(ctx, "12-closing")
}

// train signs in to a test environment.
func (w walker) train(ctx context.Context) error {
	fmt.Println("At last, a test environment of e-RS instead of the demonstration.")
	if err := w.program.WaitScreen(ctx, "choosing"); err != nil {
		return err
	}
	if err := w.Desktop.WaitWindow(ctx, stage.Title+` \(TEST: Training\)$`); err != nil {
		return err
	}
	if err := w.photograph(ctx, "13-roles-test"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "4"); err != nil {
		return err
	}
	if err := w.screen(ctx, "signed-in", "14-signed-in-test"); err != nil {
		return err
	}
	return w.signOutAndLeave(ctx, "15-closing-test")
}

// diagnose runs the diagnostics, shows what would be saved for a service desk, and goes back
// without saving it.
func (w walker) diagnose(ctx context.Context) error {
	fmt.Println("Pressing F9: the checks of this computer.")
	if err := w.Desktop.Press(ctx, "F9"); err != nil {
		return err
	}
	if err := w.program.WaitMessage(ctx, "diagnostics"); err != nil {
		return err
	}
	if err := w.photograph(ctx, "5-diagnostics"); err != nil {
		return err
	}
	// Without a card there is something to do, so that the focus is on Check again. Copy report and
	// Save a support file follow.
	if err := w.photograph(ctx, "6-support-bundle", "Tab", "Tab", "Return"); err != nil {
		return err
	}
	return w.Desktop.Press(ctx, "Escape", "Escape")
}

// seeClearly selects high contrast in the settings, and goes on to many roles, with a search among
// them.
func (w walker) seeClearly(ctx context.Context) error {
	if err := w.program.WaitScreen(ctx, "waiting"); err != nil {
		return err
	}
	if err := w.Desktop.WaitWindow(ctx, stage.Title); err != nil {
		return err
	}
	fmt.Println("Once more, in high contrast, with the card of a consultant in forty organisations.")
	if err := w.photograph(ctx, "8-settings-contrast", stage.ToHighContrast()...); err != nil {
		return err
	}
	if err := w.photograph(ctx, "9-waiting-contrast", "Escape"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	if err := w.screen(ctx, "choosing", "10-roles-contrast"); err != nil {
		return err
	}
	if err := w.photograph(ctx, "11-search-contrast", "d", "e", "f"); err != nil {
		return err
	}
	return w.leave(ctx)
}

// beRefused signs in with a ticket that e-RS does not accept.
func (w walker) beRefused(ctx context.Context) error {
	if err := w.program.WaitScreen(ctx, "waiting"); err != nil {
		return err
	}
	if err := w.Desktop.WaitWindow(ctx, stage.Title); err != nil {
		return err
	}
	fmt.Println("Once more, with a card whose ticket has expired.")
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	if err := w.screen(ctx, "failed", "4-problem"); err != nil {
		return err
	}
	return w.leave(ctx)
}

// screen waits for a screen and photographs it.
func (w walker) screen(ctx context.Context, phase, picture string) error {
	if err := w.program.WaitScreen(ctx, phase); err != nil {
		return err
	}
	if err := w.Desktop.WaitWindow(ctx, stage.Title); err != nil {
		return err
	}
	return w.photograph(ctx, picture)
}

// photograph presses keys, and takes a picture of the result.
func (w walker) photograph(ctx context.Context, picture string, keys ...string) error {
	if err := w.Desktop.Press(ctx, keys...); err != nil {
		return err
	}
	path := filepath.Join(w.pictures, picture+".png")
	if err := w.Desktop.Picture(ctx, path); err != nil {
		return err
	}
	fmt.Println("Picture:", path)
	return nil
}

// ownKeyring finds the command that reads the session from the demonstration's own keyring, and
// that keyring's folder.
var ownKeyring = regexp.MustCompile(`(?m)^ +(DBUS_SESSION_BUS_ADDRESS=unix:path=(\S+)/bus \S+ session)$`)

// printSession prints what other programs can read now. The session is invented, and ends with the
// walk.
func (w walker) printSession(ctx context.Context) error {
	if own := ownKeyring.FindStringSubmatch(w.program.Output()); own != nil {
		cmd := exec.CommandContext(ctx, "sh", "-c", own[1]) //nolint:gosec // what the program tells its user to run
		cmd.Env = w.Env()
		said, err := cmd.CombinedOutput()
		fmt.Printf("$ %s\n%s", own[1], said)
		if err != nil {
			return fmt.Errorf("the command that the demonstration shows: %w", err)
		}
		return nil
	}
	return w.printEntries(ctx, handoff.AccountSession, handoff.AccountSessionKey)
}

// printEntries prints entries of the keyring.
func (w walker) printEntries(ctx context.Context, accounts ...string) error {
	for _, account := range accounts {
		value, there, err := w.SecretTool(ctx, account)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("the keyring has no entry %q", account)
		}
		fmt.Printf("$ secret-tool lookup service %s username %s\n%s\n", handoff.Service, account, value)
	}
	return nil
}

// leave closes the window while no user is signed in.
func (w walker) leave(ctx context.Context) error {
	fmt.Println("Closing the window.")
	if err := w.Desktop.CloseWindow(ctx, stage.Title); err != nil {
		return err
	}
	return w.ended(ctx)
}

// signOutAndLeave closes the window while signed in, photographs its question and answers it.
func (w walker) signOutAndLeave(ctx context.Context, picture string) error {
	fmt.Println("Closing the window, which asks whether to sign out. Pressing Sign out and close.")
	if err := w.Desktop.CloseWindow(ctx, stage.Title); err != nil {
		return err
	}
	if err := w.photograph(ctx, picture); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, stage.ToSignOutAndClose()...); err != nil {
		return err
	}
	return w.ended(ctx)
}

// ended waits for the end of the program, and looks at what is left.
func (w walker) ended(ctx context.Context) error {
	if err := w.program.Wait(ctx); err != nil {
		return err
	}
	if own := ownKeyring.FindStringSubmatch(w.program.Output()); own != nil {
		if _, err := os.Stat(own[2]); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the demonstration has left %s", own[2])
		}
		fmt.Println("The program has ended, and its keyring is gone.")
		return nil
	}
	for _, account := range []string{handoff.AccountSession, handoff.AccountFHIRSession} {
		_, there, err := w.SecretTool(ctx, account)
		if err != nil {
			return err
		}
		if there {
			return errors.New("the keyring still has the session")
		}
	}
	fmt.Println("The program has ended, and the keyring has no session.")
	return nil
}
