//go:build unix

package instance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketPath returns where the holder of a lock listens: in a private folder, since the lock's may
// be open to others, and a new socket's mode depends on the umask.
func socketPath(lock string) string {
	return filepath.Join(strings.TrimSuffix(lock, ".lock")+".run", "socket")
}

// listen creates the socket. The caller holds the lock, so an existing one is stale. It is removed when
// the listener is closed, while the lock is still held: before another start can create its own.
func listen(lock string) (net.Listener, error) {
	path := socketPath(lock)
	if err := makePrivate(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeSocket(path); err != nil {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%w (a path of %d bytes)", err, len(path))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// makePrivate creates a folder that only this user can enter, or checks that it is one.
func makePrivate(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	found, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !found.IsDir() {
		return fmt.Errorf("%s is in the way", folder)
	}
	var status unix.Stat_t
	if err := unix.Lstat(folder, &status); err != nil {
		return err
	}
	if int(status.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: %w", folder, errForeign)
	}
	if found.Mode().Perm() != 0o700 {
		return os.Chmod(folder, 0o700) //nolint:gosec // G302: a folder
	}
	return nil
}

// removeSocket removes a socket, and nothing else.
func removeSocket(path string) error {
	found, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case found.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is in the way", path)
	default:
		return os.Remove(path)
	}
}

// dial connects to the holder of the lock.
func dial(ctx context.Context, lock string) (net.Conn, error) {
	var dialer net.Dialer
	server, err := dialer.DialContext(ctx, "unix", socketPath(lock))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.EINVAL) { // too long a path
		return nil, fmt.Errorf("%w: %w", errNoListener, err)
	}
	if err != nil {
		return nil, err
	}
	if err := sameUser(server); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

// sameUser checks with the system that the process at the other end belongs to this user.
func sameUser(connection net.Conn) error {
	socket, ok := connection.(syscall.Conn)
	if !ok {
		return fmt.Errorf("a %T is no socket", connection)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var (
		user   uint32
		unread error
	)
	if err := raw.Control(func(descriptor uintptr) { user, unread = peer(int(descriptor)) }); err != nil {
		return err
	}
	if unread != nil {
		return fmt.Errorf("could not read the peer's user: %w", unread)
	}
	if int(user) != os.Geteuid() {
		return fmt.Errorf("the process at the other end: %w (%d)", errForeign, user)
	}
	return nil
}

// isReset reports whether the other end has closed with data unread.
func isReset(err error) bool { return errors.Is(err, unix.ECONNRESET) }
