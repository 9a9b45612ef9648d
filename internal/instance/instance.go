// Package instance limits each user to one running instance of the program, and lets a second start
// send requests to the first.
//
// Every start clears what an earlier run has left in the keyring. A second window would take the
// first one's session for such a leftover: other applications would lose the session in use. So a
// start takes a lock before it looks at the keyring, and holds it until nothing of its session is
// left.
//
// On Linux the keyring is reached over the session bus, and the environment of a terminal can have
// other folders on the same bus. So the instance also owns a name there ([Join]), which the bus
// takes back when its process ends, and over which a second start hands it a socket. The file is
// for older versions and for systems without a bus.
//
// The lock is one of the operating system's, on a file (flock on Unix, LockFileEx on Windows). The
// system releases it when the process ends, however it ends, so the file of a killed run does not
// lock out the next. It is never removed: another process may have it open already, and would then
// hold a lock that no other can see.
//
// The holder of the lock listens ([Lock.Listen]), and a start that does not get it asks ([Ask], or
// [Join] for both): to raise the window, to sign in, to sign out. That goes over a socket in a
// private folder on Unix, and over a named pipe that is open to the user alone on Windows; each
// side makes sure that the other one belongs to the same user. Only the holder of the lock replaces
// a socket, which disposes of the one of a killed run.
//
// # Protocol, version 1
//
// One question and its answer, each a JSON object on a line of at most 8 KiB. Unknown members are
// ignored.
//
//	{"version":1,"arguments":{"action":"sign-in","for":"Vendor App","wait":true}}
//	{"version":1,"waiting":true,"pid":4711}
//	{"version":1,"ok":true,"pid":4711}
//
// The middle line only answers a question with wait, at once: it distinguishes a window in which
// the user has yet to enter a passcode from one that hangs. An answer that is not ok has the code
// of a Problem.
package instance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/gofrs/flock"
)

// errHeld: another process holds the lock.
var errHeld = errors.New("another process holds the lock")

// Lock is held by the one instance of a user.
type Lock struct {
	file *flock.Flock // nil where the name alone could be claimed
	path string
	name *nameClaim

	mutex    sync.Mutex
	server   *server    // nil before Listen
	also     *nameClaim // the name on another bus, see ClaimOn
	released bool
}

// DefaultFile returns the lock's usual path: in the user's runtime folder, which goes with the
// user's last session, if that is usable, else in the platform's folder for state. On Windows each
// log-on session has its own file.
func DefaultFile() string {
	for _, folder := range runtimeFolders() {
		if found, err := os.Stat(folder); err == nil && found.IsDir() && isOurs(folder) {
			return filepath.Join(folder, fileName())
		}
	}
	return filepath.Join(xdg.StateHome, "ers-login", fileName())
}

// busAddress finds a session bus: sessionbus.ErrNone if there is none. The bus may change its address when it is started again.
type busAddress func() (string, error)

// Take takes the lock file at path, without waiting. The error is [Running] if another process, or
// another Lock of this one, holds it, and [Unknown] if that cannot be found out.
func Take(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, notTaken(path, err)
	}
	file, err := lock(path, os.O_CREATE)
	if err != nil {
		return nil, notTaken(path, err)
	}
	return &Lock{file: file, path: path}, nil
}

// lock takes the lock of a file, or returns errHeld. The file is not followed if it is a link.
func lock(path string, flags int) (*flock.Flock, error) {
	file := flock.New(path, flock.SetFlag(os.O_RDWR|doNotFollow|flags))
	return file, try(file.TryLock)
}

// try takes a lock, again if a signal has interrupted that, as on a network file system.
func try(lock func() (bool, error)) error {
	taken, err := lock()
	for errors.Is(err, syscall.EINTR) {
		taken, err = lock()
	}
	if err == nil && !taken {
		err = errHeld
	}
	return err
}

// TakeCheck is [Take] for a check of the keyring, one at a time among all that share a keyring: it
// also takes a name on the session bus of environ. A nil environ is this process's own.
func TakeCheck(ctx context.Context, environ []string, path string) (*Lock, error) {
	return claim(ctx, busCheck, busOf(environ), path)
}

// notTaken distinguishes a lock that is held from one of unknown state.
func notTaken(path string, err error) error {
	err = fmt.Errorf("could not lock %s: %w", path, err)
	if errors.Is(err, errHeld) {
		return Running.Because(err)
	}
	return unknown(path, err)
}

// Release stops listening, gives each waiting client its handler's answer, and releases the lock,
// even if it returns an error.
func (l *Lock) Release() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.released = true
	var deaf error
	l.name.serve(nil)
	l.also.serve(nil)
	if l.server != nil {
		deaf = l.server.close()
		l.server = nil
	}
	// The name last: its next owner finds the file free.
	defer l.name.close()
	l.also.close()
	if l.file == nil {
		return deaf
	}
	if err := l.file.Close(); err != nil {
		return errors.Join(deaf, fmt.Errorf("could not give the lock back: %w", err))
	}
	return deaf
}

// ClaimOn claims the name on another bus as well, by its address: that of this instance's private
// keyring. Programs started with that bus then find this instance.
func (l *Lock) ClaimOn(ctx context.Context, address string) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.released || l.also != nil {
		return errors.New("the lock is given back, or has a second bus already")
	}
	name, err := claimName(ctx, busName, func() (string, error) { return address, nil })
	if err != nil {
		return fmt.Errorf("could not claim the name on another bus: %w", err)
	}
	l.also = name
	if l.server != nil {
		name.serve(l.server.admit)
	}
	return nil
}
