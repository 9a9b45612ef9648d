// Package instance sees to it that a user runs the program once at a time.
//
// Every start clears what an earlier run has left in the keyring. A second window would take the first one's session for such a
// leftover: other applications would lose the session that somebody is working with. So a start takes a lock before it looks at
// the keyring, and holds it until nothing of its session is left.
//
// The lock is one of the operating system's, on a file (flock on Unix, LockFileEx on Windows). The system takes it back when the
// process ends, however it ends, so a file that a killed run has left behind locks nobody out. It is never removed: another process
// may have it open already, and would then hold a lock that nobody else can see.
package instance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/internal/problem"
)

// What the user is told. Each is a template; errors.Is finds them by their code.
var (
	// Running: another process of this user holds the lock.
	Running = &problem.Problem{
		Code:     "INSTANCE-RUNNING",
		Title:    "e-RS Login is running already",
		Happened: "Another window of e-RS Login is open for you on this computer, and only one can keep your e-RS session.",
		Steps: []string{
			"Go to the other window and sign in there. This one can be closed.",
			"To go on here instead, close the other window and press **Try again**.",
		},
		Retry: true,
	}
	// Unknown: the lock could not be taken, for another reason.
	Unknown = &problem.Problem{
		Code:     "INSTANCE-UNKNOWN",
		Title:    "e-RS Login cannot tell whether it is running already",
		Happened: "The program makes sure that it runs once at a time with a file of its own, and could not use that file.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, give your local service desk the reference below. " +
				"The folder {{.Folder}} has to be there and you have to be allowed to write to it.",
		},
		Retry: true,
	}
)

// errHeld: another process holds the lock.
var errHeld = errors.New("another process holds the lock")

// Lock is held by the one instance of a user.
type Lock struct{ file *os.File }

// DefaultFile returns the lock's usual place: the user's runtime folder ($XDG_RUNTIME_DIR) if there is one, which goes with the
// user's last session, else the platform's folder for state.
func DefaultFile() string {
	if folder := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(folder) {
		if found, err := os.Stat(folder); err == nil && found.IsDir() { //nolint:gosec // G703: the environment says where it is
			return filepath.Join(folder, fileName())
		}
	}
	return filepath.Join(xdg.StateHome, "ers-login", fileName())
}

// Take takes the lock whose file is at path, and never waits for it. The error is [Running] if another process holds it, which
// for this purpose another Lock of the same process is too, and [Unknown] if nobody can tell.
func Take(path string) (*Lock, error) {
	file, err := open(path)
	if err == nil {
		if err = lock(file); err == nil {
			return &Lock{file}, nil
		}
		err = errors.Join(err, file.Close())
	}
	template := Unknown.With("Folder", filepath.Dir(path))
	if errors.Is(err, errHeld) {
		template = Running
	}
	return nil, template.Because(fmt.Errorf("could not lock %s: %w", path, err))
}

// Release gives the lock back.
func (l *Lock) Release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("could not give the lock back: %w", err)
	}
	return nil
}

func open(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|doNotFollow, 0o600) //nolint:gosec // G304: a folder of the user's own
}
