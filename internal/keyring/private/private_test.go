//go:build linux

package private

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childVariable has the test's program start a keyring, say where it is, and live until it is killed.
const childVariable = "ERS_LOGIN_TEST_PRIVATE_KEYRING"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child() error {
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
	require.NoError(t, Sweep(), "another start leaves it alone")
	assert.DirExists(t, k.folder)
	require.NoError(t, k.Close())
	assert.NoDirExists(t, k.folder)
	assert.Empty(t, processes(t, k.folder))
}

// A demonstration that is killed takes its bus and keyring with it, and the next start removes their files.
func TestAKilledProgramLeavesNothing(t *testing.T) {
	shortTemp(t)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVariable+"=1")
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
	require.NoError(t, Sweep())
	assert.NoDirExists(t, folder)
}

// Only what is ours is removed.
func TestSweepLeavesOthersAlone(t *testing.T) {
	temp := shortTemp(t)
	fresh, old, link := filepath.Join(temp, folderPrefix+"1"), filepath.Join(temp, folderPrefix+"2"), filepath.Join(temp, folderPrefix+"3")
	elsewhere := t.TempDir()
	require.NoError(t, os.Mkdir(fresh, 0o700))
	require.NoError(t, os.Mkdir(old, 0o700))
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*unlockedAfter)))
	require.NoError(t, os.Symlink(elsewhere, link))
	require.NoError(t, Sweep())
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
