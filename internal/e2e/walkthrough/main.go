//go:build linux

// Walkthrough shows the demonstration to somebody without a display: it opens the real window on a desktop that nobody sees, signs in
// through it with the keyboard, reads the session from a real keyring as another program does, signs out again, and leaves
// a picture of each screen, some of them in high contrast too.
//
// Nothing of the user's own is touched: bus, keyring, home folder and display are the walk's, and gone with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/e2e/stage"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

func main() {
	program := flag.String("program", "build/ers-login", "the program to walk through")
	pictures := flag.String("pictures", "build", "the folder for the pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := walk(ctx, *program, *pictures)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "walk-through:", err)
		os.Exit(1)
	}
}

// walk takes four minutes at the very most; it takes less than one.
func walk(ctx context.Context, program, pictures string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
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
	set, err := stage.Set(context.WithoutCancel(ctx), dir, keyringtest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	for _, part := range []struct {
		persona string
		walk    func(walker, context.Context) error
	}{{"gp", walker.signIn}, {"expired", walker.beRefused}, {"consultant", walker.seeClearly}} {
		if err := show(ctx, set, program, pictures, part.persona, part.walk); err != nil {
			return err
		}
	}
	return nil
}

// show runs the demonstration with a persona's card, walks through it and ends it.
func show(ctx context.Context, set *stage.Stage, program, pictures, persona string, walk func(walker, context.Context) error) (err error) {
	running, err := set.Run(context.WithoutCancel(ctx), program, "demo", "--persona", persona)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Kill()) }()
	return walk(walker{set, running, pictures}, ctx)
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
	fmt.Println("The roles are there. Pressing 4: service provider clinician.")
	if err := w.Desktop.Press(ctx, "4"); err != nil {
		return err
	}
	if err := w.screen(ctx, "signed-in", "3-signed-in"); err != nil {
		return err
	}
	if err := w.printSession(ctx); err != nil {
		return err
	}
	return w.leave(ctx)
}

// diagnose looks at every part and at what would be saved for a service desk, and goes back without saving it.
func (w walker) diagnose(ctx context.Context) error {
	fmt.Println("Pressing F9: the diagnostics.")
	if err := w.photograph(ctx, "5-diagnostics", "F9"); err != nil {
		return err
	}
	// Where the focus is depends on what was found. A click beside everything takes it away, and Tab begins at the beginning: Run again,
	// Copy report, Save support bundle.
	if err := w.Desktop.Click(ctx, 8, 300); err != nil {
		return err
	}
	if err := w.photograph(ctx, "6-support-bundle", "Tab", "Tab", "Tab", "Return"); err != nil {
		return err
	}
	return w.Desktop.Press(ctx, "Escape", "Escape")
}

// seeClearly chooses the high contrast in the settings, and goes on to the roles of somebody who has many, with a search among them.
func (w walker) seeClearly(ctx context.Context) error {
	if err := w.program.WaitScreen(ctx, "waiting"); err != nil {
		return err
	}
	if err := w.Desktop.WaitWindow(ctx, stage.Title); err != nil {
		return err
	}
	fmt.Println("A third time, in high contrast, with the card of a consultant in forty organisations.")
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

// photograph presses keys, and takes a picture of what comes of them.
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

// printSession prints what other programs can read now. The session is made up, and ends with the walk.
func (w walker) printSession(ctx context.Context) error {
	for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
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

// leave closes the window, which signs out.
func (w walker) leave(ctx context.Context) error {
	fmt.Println("Closing the window.")
	if err := w.Desktop.CloseWindow(ctx, stage.Title); err != nil {
		return err
	}
	if err := w.program.Wait(ctx); err != nil {
		return err
	}
	_, there, err := w.SecretTool(ctx, handoff.AccountSession)
	if err != nil {
		return err
	}
	if there {
		return errors.New("the keyring still has the session")
	}
	fmt.Println("The program has ended, and the keyring has no session.")
	return nil
}
