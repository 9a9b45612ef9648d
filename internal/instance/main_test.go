package instance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/races"
)

const (
	// roleVariable makes this test program another instance, and pathVariable names its lock.
	roleVariable = "ERS_LOGIN_TEST_ROLE"
	pathVariable = "ERS_LOGIN_TEST_PATH"
)

// The tasks of another instance. Each prints its outcome in a line, and stays until its input ends.
const (
	// holds takes the lock.
	holds = "hold"
	// listens takes the lock and prints what it is asked for. What it is to wait for does not happen.
	listens = "listen"
	// joins takes lock and name, and prints what it is asked for.
	joins = "join"
	// asks asks the holder of the lock to raise its window.
	asks = "ask"
	// shouts does the same without checking the listener's user.
	shouts = "shout"
	// waits asks the holder of the lock to sign in, and for the outcome.
	waits = "wait"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role, os.Getenv(pathVariable)))
	}
	// Tests that want a bus start one: that of this computer may have a real window on it.
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(races.Watch(m))
}

func play(role, path string) int {
	say := func(err error, otherwise string) {
		if err != nil {
			otherwise = problem.Of(err).Code
		}
		fmt.Println(otherwise)
	}
	switch role {
	case holds, listens, joins:
		held, err := instance.Take(path)
		if role == joins {
			held, _, err = instance.Join(context.Background(), path, instance.Request{Action: instance.Raise})
			if err == nil && held == nil {
				err = instance.Running
			}
		}
		if err == nil && role != holds {
			err = held.Listen(printing, func(error) {})
		}
		say(err, "held")
		_, _ = io.Copy(io.Discard, os.Stdin) // the end of the input is the sign
		if held != nil && held.Release() != nil {
			return 1
		}
	case asks, waits:
		request := instance.Request{Action: instance.Raise}
		if role == waits {
			request = instance.Request{Action: instance.SignIn, Wait: true}
		}
		answer, err := instance.Ask(context.Background(), path, request)
		say(err, fmt.Sprint(answer.OK))
	case shouts:
		fmt.Println(shout(path))
	}
	return 0
}

// shout returns the listener's answer to a client that does not check its user.
func shout(path string) string {
	connection, err := new(net.Dialer).DialContext(context.Background(), "unix", socketOf(path))
	if err != nil {
		return err.Error()
	}
	// The connection may be closed before all is written.
	_, _ = io.WriteString(connection, `{"version":1,"arguments":{"action":"raise"}}`+"\n")
	answer, _ := io.ReadAll(connection)
	if err := connection.Close(); err != nil || len(answer) > 0 {
		return fmt.Sprint(string(answer), err)
	}
	return "no answer"
}

func printing(ctx context.Context, request instance.Request) instance.Answer {
	line, err := json.Marshal(request)
	if err != nil {
		return instance.Answer{Code: "TEST-UNEXPECTED"}
	}
	fmt.Println(string(line))
	if request.Wait {
		<-ctx.Done()
		return instance.Answer{Code: "TEST-GONE"}
	}
	return instance.Answer{OK: true}
}

// other is another instance of the program.
type other struct {
	cmd    *exec.Cmd
	input  io.Closer
	output *bufio.Reader
}

// start starts another instance. What is done to its command before it is, is up to the caller.
func start(t *testing.T, role, path string, before ...func(*exec.Cmd)) *other {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	cmd.Stderr = os.Stderr
	for _, change := range before {
		change(cmd)
	}
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &other{cmd, input, bufio.NewReader(output)}
}

// says returns the next line of its output.
func (o *other) says(t *testing.T) string {
	t.Helper()
	line, err := o.output.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

func (o *other) leave(t *testing.T) {
	t.Helper()
	require.NoError(t, o.input.Close())
	require.NoError(t, o.cmd.Wait())
}

func (o *other) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, o.cmd.Process.Kill())
	require.Error(t, o.cmd.Wait())
}

// folder returns a new folder with a short name. Not t.TempDir, with which Wine has its difficulties.
func folder(t *testing.T) string {
	t.Helper()
	made, err := os.MkdirTemp("", "ers")
	require.NoError(t, err)
	t.Cleanup(func() {
		var found []string
		require.NoError(t, filepath.WalkDir(made, func(path string, _ fs.DirEntry, err error) error {
			found = append(found, path)
			return err
		}))
		for _, path := range slices.Backward(found) {
			if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
				require.NoError(t, err)
			}
		}
	})
	return made
}

// socketOf is where the holder of a lock listens on Unix.
func socketOf(lock string) string {
	return filepath.Join(strings.TrimSuffix(lock, ".lock")+".run", "socket")
}
