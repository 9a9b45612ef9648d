//go:build unix

package instance_test

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/instance"
)

// If this fails, other users of the computer can raise the window, or see that it is open.
func TestTheSocketIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(folder(t), "ers-login.lock")
	socket := socketOf(path)
	require.NoError(t, os.Mkdir(filepath.Dir(socket), 0o777))
	held, err := instance.Take(path)
	require.NoError(t, err)
	require.NoError(t, held.Listen(agreeing, func(error) {}))
	for file, want := range map[string]fs.FileMode{
		path: 0o600, filepath.Dir(socket): fs.ModeDir | 0o700, socket: fs.ModeSocket | 0o600,
	} {
		found, err := os.Lstat(file)
		require.NoError(t, err)
		assert.Equal(t, want, found.Mode(), file)
	}
	require.NoError(t, held.Release())
	_, err = os.Lstat(socket)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// If this fails, a first instance that is stopped, as in a debugger or for lack of memory, blocks
// every further start.
func TestAStoppedInstanceIsNotWaitedFor(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	other := start(t, listens, path)
	require.Equal(t, "held", other.says(t))
	require.NoError(t, other.cmd.Process.Signal(syscall.SIGSTOP))
	var status unix.WaitStatus
	_, err := unix.Wait4(other.cmd.Process.Pid, &status, unix.WUNTRACED, nil) // it takes a moment
	require.NoError(t, err)
	require.True(t, status.Stopped())

	held, _, err := instance.Join(t.Context(), path, raise)
	require.ErrorIs(t, err, instance.Unreachable)
	assert.Nil(t, held, "the stopped one has the session still")

	require.NoError(t, other.cmd.Process.Signal(syscall.SIGCONT))
	_, err = instance.Ask(soon(t), path, raise)
	require.NoError(t, err, "it goes on, and cannot be reached")
	other.kill(t)
}

// If this fails, the program removes something that is not its own, or goes on as if others could reach it.
func TestSomethingIsInTheSocketsPlace(t *testing.T) {
	const nothing = fs.ModeIrregular
	for name, c := range map[string]struct {
		put  func(t *testing.T, socket string)
		left fs.FileMode
	}{
		"a file": {func(t *testing.T, socket string) {
			require.NoError(t, os.Mkdir(filepath.Dir(socket), 0o700))
			require.NoError(t, os.WriteFile(socket, []byte("mine"), 0o600))
		}, 0},
		"a link": {func(t *testing.T, socket string) {
			require.NoError(t, os.Mkdir(filepath.Dir(socket), 0o700))
			require.NoError(t, os.Symlink("/nowhere", socket))
		}, fs.ModeSymlink},
		"a link to a folder": {func(t *testing.T, socket string) {
			elsewhere := folder(t)
			require.NoError(t, os.Symlink(elsewhere, filepath.Dir(socket)))
			require.NoError(t, os.Mkdir(socket, 0o700)) // what is there stays there
		}, fs.ModeDir},
		"a link to an empty folder": {func(t *testing.T, socket string) {
			require.NoError(t, os.Symlink(folder(t), filepath.Dir(socket)))
		}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder(t), "ers-login.lock")
			socket := socketOf(path)
			c.put(t, socket)
			held, err := instance.Take(path)
			require.NoError(t, err)
			require.ErrorContains(t, held.Listen(agreeing, func(error) {}), "is in the way")
			if found, err := os.Lstat(socket); c.left == nothing {
				require.ErrorIs(t, err, fs.ErrNotExist)
			} else {
				require.NoError(t, err)
				assert.Equal(t, c.left, found.Mode().Type())
			}

			_, err = instance.Ask(soon(t), path, raise)
			require.ErrorIs(t, err, instance.Unreachable)
			require.NoError(t, held.Release())
		})
	}
}

// The socket of a killed instance is replaced; and if another instance has its lock without
// listening, the socket does not count either.
func TestAStaleSocketIsIgnored(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	other := start(t, listens, path)
	require.Equal(t, "held", other.says(t))
	other.kill(t)
	found, err := os.Lstat(socketOf(path))
	require.NoError(t, err)
	require.Equal(t, fs.ModeSocket, found.Mode().Type())
	_, err = instance.Ask(soon(t), path, raise)
	require.ErrorIs(t, err, instance.ErrNoListener)
}

// If this fails, a file system without locks, as some network folders are, is taken for a running
// instance, which cannot be found or closed.
func TestAFileSystemWithoutLocks(t *testing.T) {
	for name, c := range map[string]struct{ err, want error }{
		"no lock daemon": {syscall.ENOLCK, instance.Unknown},
		"not supported":  {syscall.EOPNOTSUPP, instance.Unknown},
		"not made":       {syscall.ENOSYS, instance.Unknown},
		"read-only":      {syscall.EROFS, instance.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			err := instance.NotTaken("/folder/lock", c.err)
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, c.err)
			assert.NotErrorIs(t, err, instance.Running)
		})
	}
}

// nobody is the user without files.
const nobody = 65534

// If this fails, another user of the computer reads the requests of a second start, or can send
// some.
func TestAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		// Only root can become another user: this checks that the system reports the user of the
		// other end.
		first := listening(t, agreeing)
		connection, err := new(net.Dialer).DialContext(t.Context(), "unix", socketOf(first.path))
		require.NoError(t, err)
		require.NoError(t, connection.Close())
		require.ErrorContains(t, receive(t, first.reports), "a client did not ask")
		return
	}
	program := filepath.Join(folder(t), "other")
	self, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, self, 0o755))
	open := func(t *testing.T, files ...string) {
		for _, file := range files {
			require.NoError(t, os.Chmod(file, 0o777))
		}
	}
	open(t, filepath.Dir(program))
	foreign := func(cmd *exec.Cmd) {
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	t.Run("who asks", func(t *testing.T) {
		first := listening(t, agreeing)
		other := start(t, asks, first.path, foreign)
		assert.Equal(t, "INSTANCE-UNREACHABLE", other.says(t), "every user can enter the folder")
		other.leave(t)
		assert.Empty(t, first.reports)

		// Even where every user can enter the folders.
		socket := socketOf(first.path)
		open(t, filepath.Dir(first.path), filepath.Dir(socket), socket)
		other = start(t, asks, first.path, foreign)
		assert.Equal(t, "INSTANCE-UNKNOWN", other.says(t), "the other user's program does not notice")
		other.leave(t)
		require.ErrorContains(t, receive(t, first.reports), "another user (65534)")

		// A client that does not check the listener's user.
		other = start(t, shouts, first.path, foreign)
		assert.Equal(t, "no answer", other.says(t))
		other.leave(t)
		require.ErrorContains(t, receive(t, first.reports), "another user (65534)")
		_, err := instance.Ask(soon(t), first.path, raise)
		require.NoError(t, err)
	})
	t.Run("who listens", func(t *testing.T) {
		path := filepath.Join(folder(t), "ers-login.lock")
		open(t, filepath.Dir(path))
		other := start(t, listens, path, foreign)
		require.Equal(t, "held", other.says(t))
		held, _, err := instance.Join(soon(t), path, raise)
		require.ErrorIs(t, err, instance.Unknown)
		require.NotErrorIs(t, err, instance.Unreachable)
		assert.Nil(t, held)
		other.leave(t)
		rest, err := other.output.ReadString('\n')
		assert.Empty(t, rest, "it received the request")
		require.Error(t, err)
	})
	t.Run("who was there first", func(t *testing.T) {
		path := filepath.Join(folder(t), "ers-login.lock")
		taken := filepath.Dir(socketOf(path))
		require.NoError(t, os.Mkdir(taken, 0o777))
		require.NoError(t, os.Chown(taken, nobody, nobody))
		held, err := instance.Take(path)
		require.NoError(t, err)
		require.ErrorContains(t, held.Listen(agreeing, func(error) {}), "belongs to another user")
		require.NoError(t, held.Release())
	})
}
