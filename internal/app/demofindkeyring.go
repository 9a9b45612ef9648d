package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

const (
	// unlockWithin bounds the wait for a locked keyring's password, before the demonstration does
	// without that keyring.
	unlockWithin = 30 * time.Second
	// ownRingWithin bounds the start of the demonstration's own keyring.
	ownRingWithin = 30 * time.Second
)

// demoRing finds a demonstration's keyring: the desktop's or, if unusable, its own on a private
// bus.
type demoRing struct {
	program Host
	log     *logging.Log
	board   *signin.Board

	mu sync.Mutex
	// own is the demonstration's own keyring, or nil.
	own privateRing
}

// privateRing is the demonstration's own keyring.
type privateRing interface {
	// Variable returns the name and value of the environment variable with its bus.
	Variable() (name, value string)
	// Ended is closed when it has ended by itself; Said returns its output by then.
	Ended() <-chan struct{}
	Said() string
	Close() error
}

// user returns the program with the keyring's environment.
func (r *demoRing) user() Host {
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.program
	if r.own != nil {
		name, value := r.own.Variable()
		made.Environ = slices.DeleteFunc(slices.Clone(made.Environ), func(entry string) bool {
			return strings.HasPrefix(entry, name+"=")
		})
		made.Environ = append(made.Environ, name+"="+value)
	}
	return made
}

// open returns the keyring, and reports in the window which one it is.
func (r *demoRing) open(ctx context.Context, settings config.Config) (*keyring.Client, error) {
	if r.hasOwn() {
		return r.user().OpenKeyring(settings, r.log), nil
	}
	ring := r.program.OpenKeyring(settings, r.log)
	cannot := unlockForDemo(ctx, ring)
	if cannot == nil {
		r.board.Set("the demonstration's keyring", demoDesktopRing.With("Command", readingCommand("", "")))
		return ring, nil
	}
	cannot = errors.Join(cannot, ring.Close())
	if errors.Is(cannot, realSession) || ctx.Err() != nil {
		return nil, cannot
	}
	return r.openOwn(ctx, settings, cannot)
}

// unlockForDemo returns why the desktop's keyring cannot be used. A locked one prompts for its
// password.
func unlockForDemo(ctx context.Context, ring *keyring.Client) error {
	guarded := demoKeyring{ring}
	err := ring.Check(ctx)
	switch {
	case err == nil:
		_, err = guarded.Read(ctx)
	case errors.Is(err, keyring.Locked):
		asking, cancel := context.WithTimeout(ctx, unlockWithin)
		defer cancel()
		_, err = guarded.ReadUnlocking(asking)
	}
	if errors.Is(err, handoff.ErrNotFound) {
		return nil
	}
	return err
}

// openOwn starts the demonstration's own keyring, in place of one that cannot be used.
func (r *demoRing) openOwn(ctx context.Context, settings config.Config, cannot error) (*keyring.Client, error) {
	own, err := startPrivateRing(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, cannot
	}
	reference := problem.Of(cannot).Code
	if err != nil {
		return nil, demoNoRing.With("Reference", reference).Because(errors.Join(err, cannot))
	}
	r.mu.Lock()
	r.own = own
	r.mu.Unlock()
	ring := r.user().OpenKeyring(settings, r.log)
	if err := awaitRing(ctx, ring, own); err != nil {
		err = errors.Join(err, ring.Close())
		r.close()
		return nil, demoNoRing.With("Reference", reference).Because(errors.Join(err, cannot))
	}
	if lock := r.program.Lock.held(); lock != nil {
		// Programs started with that bus must find this window, and not open another.
		_, address := own.Variable()
		if err := lock.ClaimOn(ctx, address); err != nil {
			r.log.WithError(err).Warn("instance")
		}
	}
	r.log.WithError(cannot).Warn("the demonstration has its own keyring")
	command := readingCommand(own.Variable())
	r.board.Set("the demonstration's keyring", demoOwnRing.With("Reference", reference).With("Command", command))
	return ring, r.program.Say(fmt.Sprintf("The keyring of this desktop cannot be used (%s). The demonstration has its own, "+
		"which ends with it.\nThis command reads its session:\n  %s", reference, command))
}

// awaitRing waits until a keyring just started can be used.
func awaitRing(ctx context.Context, ring *keyring.Client, own privateRing) error {
	ctx, cancel := context.WithTimeout(ctx, ownRingWithin)
	defer cancel()
	for {
		err := ring.Check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-own.Ended():
			return fmt.Errorf("the demonstration's own keyring has ended: %s: %w", problem.Clean(own.Said(), maxSaid), err)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (r *demoRing) hasOwn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own != nil
}

// close ends the demonstration's own keyring, and removes its files.
func (r *demoRing) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		return
	}
	if err := r.own.Close(); err != nil {
		r.log.WithError(err).Warn("the demonstration's own keyring did not end as it should")
	}
	r.own = nil
}

// readingCommand returns a shell command line that prints the session, with an environment variable
// if one is named.
func readingCommand(name, value string) string {
	program := "ers-login"
	if self, err := os.Executable(); err == nil {
		program = quoted(self)
	}
	if name != "" {
		program = name + "=" + quoted(value) + " " + program
	}
	return program + " session"
}

// quoted quotes a word for a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:=,%@", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var (
	demoDesktopRing = &problem.Problem{
		Code:  "DEMO-KEYRING",
		Title: "Other applications can see this demonstration's session",
		Happened: "The session is in your computer's secure storage (keyring), as a real one would " +
			"be. You can read it with the command \"{{.Command}}\".",
		Steps: []string{"Sign out or close the window when you have finished. This removes the session."},

		Information: true,
	}
	demoOwnRing = &problem.Problem{
		Code:  "DEMO-OWN_KEYRING",
		Title: "This demonstration uses its own secure storage",
		Happened: "Your computer's secure storage (keyring) cannot be used. You can read the session " +
			"with the command \"{{.Command}}\".",
		Steps: []string{
			"You can use the demonstration, but a real sign-in would not work on this computer " +
				"({{.Reference}}).",
		},
		ServiceDesk: []string{
			"Other applications only find the session if they are started with the same " +
				"DBUS_SESSION_BUS_ADDRESS.",
			"The demonstration's keyring is removed when the window closes.",
		},
		Information: true,
	}
	demoNoRing = &problem.Problem{
		Code:  "DEMO-NO_KEYRING",
		Title: "The demonstration needs secure storage",
		Happened: "Your computer's secure storage (keyring) cannot be used ({{.Reference}}), and the " +
			"demonstration could not start its own.",
		Steps: []string{
			"Press **Try again**.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Install the packages dbus-daemon and gnome-keyring (on Debian and Ubuntu: apt " +
				"install dbus-daemon gnome-keyring).",
			"Check the log for the reason.",
		},
		Retry: true,
	}
)
