//go:build linux

package private

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/testing/races"
)

// childVariable makes the test's program start a keyring, print its address, and live until it is
// killed. With withoutRights it is in a container that may not lock memory.
const (
	withoutRights = "without rights"
	childVariable = "ERS_LOGIN_TEST_PRIVATE_KEYRING"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(races.Watch(m).Run())
}

func child() error {
	if os.Getenv(childVariable) == withoutRights {
		runtime.LockOSThread()
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_IPC_LOCK, 0, 0, 0); err != nil {
			return err
		}
		if err := os.Setenv(childVariable, "1"); err != nil {
			return err
		}
		return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	k, err := Start(context.Background())
	if err != nil {
		return err
	}
	fmt.Println(k.folder)
	_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	return err
}

// shortTemp makes the folder for temporary files one of the test's own, in which a socket's path has room.
func shortTemp(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "private")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	t.Setenv("TMPDIR", folder)
	return folder
}

// processes returns those that have a folder in their command line or their environment.
func processes(t *testing.T, folder string) []int {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	var found []int
	for _, entry := range entries {
		content, err := os.ReadFile(entry)
		if err == nil && strings.Contains(string(content), "XDG_RUNTIME_DIR="+folder+"\x00") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
			require.NoError(t, err)
			found = append(found, pid)
		}
	}
	return found
}

func secretTool(t *testing.T, address, stdin string, arguments ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "secret-tool", arguments...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "DBUS_SESSION_BUS_ADDRESS=" + address}
	cmd.Stdin = strings.NewReader(stdin)
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// What another program reads over the address that the user is shown is the session, and when the demonstration ends nothing is left.
func TestAPrivateKeyringKeepsAnEntryAndLeavesNothing(t *testing.T) {
	shortTemp(t)
	k, err := Start(t.Context())
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		said, err := secretTool(t, k.address(), "made-up", "store", "--label=entry", "service", "a", "username", "b")
		assert.NoError(c, err, said)
	}, time.Minute, 50*time.Millisecond)
	value, err := secretTool(t, k.address(), "", "lookup", "service", "a", "username", "b")
	require.NoError(t, err, value)
	assert.Equal(t, "made-up", value)
	require.NoError(t, RemoveLeftovers(), "another start leaves it alone")
	assert.DirExists(t, k.folder)
	for _, process := range processes(t, k.folder) {
		at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", process))
		require.NoError(t, err)
		assert.Equal(t, k.folder, at, "it keeps no folder of the user's in use")
	}
	require.NoError(t, k.Close())
	assert.NoDirExists(t, k.folder)
	assert.Empty(t, processes(t, k.folder))
}

// A demonstration that is killed takes its bus and keyring with it, and the next start removes their files.
func TestAKilledProgramLeavesNothing(t *testing.T) {
	shortTemp(t)
	for _, kind := range []string{"1", withoutRights} {
		if kind == withoutRights {
			if os.Getuid() != 0 {
				continue // Only root makes such a container.
			}
			mayLockMemory(t)
		}
		t.Run(kind, func(t *testing.T) { killedProgramLeavesNothing(t, kind) })
	}
}

// mayLockMemory puts a keyring with a file capability first in the PATH, as distributions install
// it.
func mayLockMemory(t *testing.T) {
	t.Helper()
	installed, err := exec.LookPath(keyringProgram)
	require.NoError(t, err)
	folder := t.TempDir()
	path, err := (&Keyring{folder: folder}).copyOf(installed)
	require.NoError(t, err)
	const version2, effective = 0x02000000, 1
	right := binary.LittleEndian.AppendUint32(nil, version2|effective)
	right = binary.LittleEndian.AppendUint32(right, 1<<unix.CAP_IPC_LOCK)
	require.NoError(t, unix.Setxattr(path, "security.capability", append(right, make([]byte, 12)...), 0))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

func killedProgramLeavesNothing(t *testing.T, kind string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVariable+"="+kind)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close() //nolint:errcheck // its reader is dead
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	folder := strings.TrimSpace(line)
	require.Len(t, processes(t, folder), 2)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return len(processes(t, folder)) == 0 }, time.Minute, 10*time.Millisecond)
	require.DirExists(t, folder)
	require.NoError(t, RemoveLeftovers())
	assert.NoDirExists(t, folder)
}

// Only what is ours is removed.
func TestRemovingLeavesOthersAlone(t *testing.T) {
	temp := shortTemp(t)
	fresh, old, link := filepath.Join(temp, folderPrefix+"1"), filepath.Join(temp, folderPrefix+"2"), filepath.Join(temp, folderPrefix+"3")
	elsewhere := t.TempDir()
	require.NoError(t, os.Mkdir(fresh, 0o700))
	require.NoError(t, os.Mkdir(old, 0o700))
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedAfter)))
	require.NoError(t, os.Symlink(elsewhere, link))
	require.NoError(t, RemoveLeftovers())
	assert.DirExists(t, fresh)
	assert.NoDirExists(t, old)
	assert.DirExists(t, elsewhere)
}

func TestWithoutThePrograms(t *testing.T) {
	shortTemp(t)
	t.Setenv("PATH", t.TempDir())
	_, err := Start(t.Context())
	require.ErrorIs(t, err, exec.ErrNotFound)
	require.ErrorContains(t, err, busProgram)
}

// A path of a socket has 108 bytes.
func TestALongTemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp/"+strings.Repeat("x", 100))
	assert.Equal(t, "/tmp", base())
}
