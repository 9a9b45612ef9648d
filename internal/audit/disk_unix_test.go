//go:build unix

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/audit"
)

// half is where the disk of the process below is full: in the middle of a record behind the first one.
const half = 150

// fillUp writes a record, has the system refuse whatever would make a file longer than that and half another one, writes two, and
// three when there is room again. That is a full disk as the kernel does it, also for root: the write is carried out in part first.
func fillUp(log *audit.Log, folder string) error {
	ctx := context.Background()
	if err := log.Append(ctx, event()); err != nil {
		return err
	}
	written, err := filepath.Glob(filepath.Join(folder, "audit-*"))
	if err != nil || len(written) != 1 {
		return fmt.Errorf("there are %d files: %w", len(written), err)
	}
	info, err := os.Stat(written[0])
	if err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	room := limit.Cur
	limit.Cur = uint64(info.Size() + half)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for range 2 {
		if err := log.Append(ctx, event()); !errors.Is(err, audit.DiskFull) {
			return fmt.Errorf("with a full disk: %w", err)
		}
		if again, err := os.Stat(written[0]); err != nil || again.Size() != info.Size() {
			return fmt.Errorf("half a record has stayed in the file: %w", err)
		}
	}
	if err := log.Ready(ctx); !errors.Is(err, audit.DiskFull) {
		return fmt.Errorf("ready with a full disk: %w", err)
	}
	limit.Cur = room
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := log.Append(ctx, event()); err != nil {
		return err
	}
	if log.Trouble() != nil {
		return fmt.Errorf("the trouble has stayed: %w", log.Trouble())
	}
	return nil
}

// If this fails, a full disk costs the records of what happened meanwhile, or leaves half lines.
func TestLAL001AFullDisk(t *testing.T) {
	folder := settings(t).Dir
	said, err := command(t, "full", folder).Output()
	require.NoError(t, err, "%s", said)
	assert.Equal(t, upTo(4), numbers(t, folder))
}

// A file that root has written into the user's folder, or that was closed to the user, must not end
// the recording.
func TestLAL001AFileThatIsClosed(t *testing.T) {
	const nobody = 65534
	s := settings(t)
	s.Now = time.Now
	require.NoError(t, os.MkdirAll(s.Dir, 0o700))
	name := func(first int64) string {
		return filepath.Join(s.Dir, fmt.Sprintf("audit-%s-%012d.jsonl", time.Now().UTC().Format(time.DateOnly), first))
	}
	closed := name(100)
	require.NoError(t, os.WriteFile(closed, make([]byte, 3*audit.Shortest), 0o000))
	cmd := command(t, "one", s.Dir)
	if os.Geteuid() == 0 {
		// Every file is open to root.
		program := filepath.Join(t.TempDir(), "another")
		self, err := os.ReadFile(os.Args[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(program, self, 0o755))
		require.NoError(t, os.Chown(s.Dir, nobody, nobody))
		for _, above := range []string{filepath.Dir(s.Dir), filepath.Dir(program), filepath.Dir(filepath.Dir(program))} {
			require.NoError(t, os.Chmod(above, 0o755))
		}
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	said, err := cmd.Output()
	require.NoError(t, err, "%s", said)
	written, err := os.ReadFile(name(103))
	require.NoError(t, err)
	assert.Contains(t, string(written), `{"id":103,`)
}

// If this fails, a user whose disk is full does not see that.
func TestFull(t *testing.T) {
	for err, full := range map[error]bool{unix.ENOSPC: true, unix.EDQUOT: true, unix.EFBIG: true, unix.EROFS: false, unix.EACCES: false} {
		t.Run(err.Error(), func(t *testing.T) {
			assert.Equal(t, full, audit.IsFull(fmt.Errorf("write: %w", &os.PathError{Op: "write", Path: "audit", Err: err})))
		})
	}
}

// If this fails, a signal at the wrong moment on a network file system is reported as a fault of the
// disk.
func TestAnInterruptedCallIsTriedAgain(t *testing.T) {
	assert.True(t, audit.IsPassing(fmt.Errorf("could not lock: %w", unix.EINTR)))
	assert.False(t, audit.IsPassing(unix.ENOLCK))
}
