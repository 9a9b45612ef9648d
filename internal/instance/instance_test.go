package instance_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
)

// holdVariable makes this test program another instance, which takes the lock that it names.
const holdVariable = "ERS_LOGIN_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		os.Exit(hold(path))
	}
	os.Exit(m.Run())
}

// hold takes the lock, says how that went, and keeps it until its input ends.
func hold(path string) int {
	held, err := instance.Take(path)
	if err != nil {
		fmt.Println(problem.Of(err).Code)
		return 0
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin) // the end of the input is the sign
	if err := held.Release(); err != nil {
		return 1
	}
	return 0
}

// other is another instance of the program.
type other struct {
	cmd   *exec.Cmd
	input io.Closer
	says  string
}

func start(t *testing.T, path string) *other {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	says, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	return &other{cmd, input, strings.TrimSpace(says)}
}

func (o *other) leave(t *testing.T) {
	t.Helper()
	require.NoError(t, o.input.Close())
	require.NoError(t, o.cmd.Wait())
}

// If this fails, opening the program twice signs out whoever works with the first window.
func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "lock")
	first := start(t, path)
	require.Equal(t, "held", first.says)

	second := start(t, path)
	assert.Equal(t, "INSTANCE-RUNNING", second.says)
	second.leave(t)
	_, err := instance.Take(path)
	require.ErrorIs(t, err, instance.Running)
	assert.True(t, problem.Of(err).Retry)

	first.leave(t)
	held, err := instance.Take(path)
	require.NoError(t, err, "whoever has left locks nobody out")
	require.NoError(t, held.Release())
}

// If this fails, a crash locks the user out until somebody removes a file that they have never heard of.
func TestAKilledHolderLocksNobodyOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first := start(t, path)
	require.Equal(t, "held", first.says)
	require.NoError(t, first.cmd.Process.Kill())
	require.Error(t, first.cmd.Wait())

	held, err := instance.Take(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, held.Release()) }()
	second := start(t, path)
	assert.Equal(t, "INSTANCE-RUNNING", second.says, "the file that was left behind still locks")
	second.leave(t)
}

// If this fails, the window's Try again finds the program itself in the way.
func TestTheLockCanBeTakenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 3 {
		held, err := instance.Take(path)
		require.NoError(t, err)
		_, err = instance.Take(path)
		require.ErrorIs(t, err, instance.Running)
		require.NoError(t, held.Release())
	}
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "others can lock the user out")
	}
}

// A lock that cannot be taken is no proof that nobody else runs, and the user learns which folder it is about.
func TestNobodyCanTell(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, path := range map[string]string{"a folder": folder, "below a file": filepath.Join(file, "lock")} {
		t.Run(name, func(t *testing.T) {
			_, err := instance.Take(path)
			require.ErrorIs(t, err, instance.Unknown)
			found := problem.Of(err)
			assert.Contains(t, found.Expand(found.Steps[1]), filepath.Dir(path))
		})
	}
}

// Two starts from the same desktop must come to the same file, or the lock is none.
func TestDefaultFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", folder)
	assert.Equal(t, filepath.Join(folder, "ers-login.lock"), instance.DefaultFile())
	for name, value := range map[string]string{"not set": "", "gone": filepath.Join(folder, "gone"), "relative": "."} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", value)
			found := instance.DefaultFile()
			assert.True(t, filepath.IsAbs(found))
			assert.Equal(t, "ers-login", filepath.Base(filepath.Dir(found)))
		})
	}
}
