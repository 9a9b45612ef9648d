//go:build linux

package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/browser"
	"github.com/ers-login/ers-login/internal/testing/desktop"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// Title matches the window's title, in the demonstration too.
const Title = "^e-RS Login"

// Stage is a home, a keyring and a desktop with a browser for successive programs. Close takes it
// down.
type Stage struct {
	Desktop *desktop.Desktop
	Keyring *keyringtest.Session
	// Browser is what the desktop opens pages with.
	Browser *browser.Browser
	// Extra is added to the environment of the programs.
	Extra []string
	dir   string
}

// Set sets up a stage in an empty folder, with a keyring as in options and a screen of the window's
// size.
func Set(ctx context.Context, dir string, options keyringtest.Options) (*Stage, error) {
	for _, folder := range []string{"home", "config/ers-login", "state", "cache"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("could not make the stage's folders: %w", err)
		}
	}
	pages, err := browser.Install(filepath.Join(dir, "browser"), filepath.Join(dir, "data"), filepath.Join(dir, "config"))
	if err != nil {
		return nil, err
	}
	screen, err := desktop.Start(ctx, 960, 700)
	if err != nil {
		return nil, err
	}
	session, err := keyringtest.Start(ctx, filepath.Join(dir, "keyring"), options)
	if err != nil {
		return nil, errors.Join(err, screen.Close())
	}
	return &Stage{Desktop: screen, Keyring: session, Browser: pages, dir: dir}, nil
}

// Close ends browser, keyring and desktop.
func (s *Stage) Close() error {
	return errors.Join(s.Browser.Close(), s.Keyring.Close(), s.Desktop.Close())
}

// SettingsFile returns the path of the program's settings.
func (s *Stage) SettingsFile() string {
	return filepath.Join(s.dir, "config", "ers-login", "config.toml")
}

// StateFolder returns the folder of the program's log and state.
func (s *Stage) StateFolder() string { return filepath.Join(s.dir, "state", "ers-login") }

// Run starts the program on this stage, with a log level that reports screens.
func (s *Stage) Run(ctx context.Context, program string, arguments ...string) (*Program, error) {
	environ := append(s.Env(), "ERS_LOGIN_LOG_LEVEL=debug")
	return Run(ctx, program, arguments, environ, filepath.Join(s.StateFolder(), "ers-login.log"))
}

// Env returns a program's environment on this stage: the user's own, without what leads off the
// stage.
func (s *Stage) Env() []string {
	// The keyring's folders are those of its daemon; a program's, which count, are the stage's.
	return slices.Concat(s.Keyring.Env(), []string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
		// A desktop without settings is dark to Fyne. Pictures should show what most users see.
		"FYNE_THEME=light",
		"HOME=" + filepath.Join(s.dir, "home"), "XDG_CONFIG_HOME=" + filepath.Join(s.dir, "config"),
		"XDG_STATE_HOME=" + filepath.Join(s.dir, "state"), "XDG_CACHE_HOME=" + filepath.Join(s.dir, "cache"),
		"XDG_DATA_HOME=" + filepath.Join(s.dir, "data"),
	}, s.Desktop.Env(), s.Extra)
}

// SecretTool reads a keyring entry with libsecret's own tool, as a shell script would. The second
// result reports whether there is one.
func (s *Stage) SecretTool(ctx context.Context, account string) (string, bool, error) {
	return s.read(ctx, "secret-tool", "lookup", "service", handoff.Service, "username", account)
}

// Python reads a keyring entry with Python's keyring package as in docs/handoff.md: only the Secret
// Service, and the collection login before the default one.
func (s *Stage) Python(ctx context.Context, account string) (string, bool, error) {
	const program = `import sys
from keyring.backends.SecretService import Keyring
ring = Keyring()
ring.preferred_collection = "/org/freedesktop/secrets/collection/login"
try:
    value = ring.get_password(sys.argv[1], sys.argv[2])
except Exception:
    del ring.preferred_collection  # there is no such collection
    value = ring.get_password(sys.argv[1], sys.argv[2])
sys.exit(1) if value is None else sys.stdout.write(value)`
	return s.read(ctx, "/usr/bin/python3", "-c", program, handoff.Service, account)
}

// read runs a reader that exits with 1 if there is no entry.
func (s *Stage) read(ctx context.Context, name string, arguments ...string) (string, bool, error) {
	cmd := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // readers of our own choice
	cmd.Env = s.Env()
	var complaint strings.Builder
	cmd.Stderr = &complaint
	output, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(output), true, nil
	case errors.As(err, &exit) && exit.ExitCode() == 1 && complaint.Len() == 0:
		return "", false, nil
	default:
		return "", false, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(complaint.String()))
	}
}

// Reader reads the session with a Go program that uses the handoff package; the program prints the session key.
func (s *Stage) Reader(ctx context.Context, program string) (string, bool, error) {
	return s.read(ctx, program)
}
