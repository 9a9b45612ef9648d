package helper_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/helper"
)

func supervise(t *testing.T, settings helper.Settings) *helper.Supervisor {
	t.Helper()
	supervisor := helper.New(settings)
	t.Cleanup(func() { assert.NoError(t, supervisor.Close()) })
	return supervisor
}

// Without this no sign-in works: every ticket and every keyring entry comes through a call.
func TestACallIsAnswered(t *testing.T) {
	supervisor := supervise(t, settings("good"))
	for i := range 1000 {
		sent := text{fmt.Sprintf("Ystradgynlais ü %d", i)}
		var got text
		require.NoError(t, supervisor.Call(t.Context(), "echo", sent, &got))
		require.Equal(t, sent, got)
	}
}

// If this fails, Windows looks for the libraries of a helper in whatever folder the user has started this program.
func TestTheWorkingFolder(t *testing.T) {
	changed := settings("good")
	changed.Dir = filepath.Dir(changed.Command[0])
	changed.ChildrenStay = true
	want, err := filepath.EvalSymlinks(changed.Dir)
	require.NoError(t, err)
	var got string
	require.NoError(t, supervise(t, changed).Call(t.Context(), "dir", nil, &got))
	got, err = filepath.EvalSymlinks(got)
	require.NoError(t, err)
	require.Equal(t, want, got)
	here, err := os.Getwd()
	require.NoError(t, err)
	require.NoError(t, supervise(t, settings("good")).Call(t.Context(), "dir", nil, &got))
	require.Equal(t, here, got)
}

// Two parts of the program that use the same helper at once must not get each other's answers.
func TestCallsFromManyGoroutines(t *testing.T) {
	supervisor := supervise(t, settings("good"))
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			for range 20 {
				var got int
				assert.NoError(t, supervisor.Call(t.Context(), "echo", i, &got))
				assert.Equal(t, i, got)
			}
		})
	}
	group.Wait()
}

// A helper that answers with an error works: the user gets that error's help, and the helper goes on.
func TestAnErrorIsAnAnswer(t *testing.T) {
	supervisor := supervise(t, settings("good"))
	pid := pidOf(t, supervisor)
	tests := map[string]struct{ call, code, message string }{
		"the helper's own code":    {"refuse", "card-blocked", "after three tries"},
		"any other error":          {"fail", helper.CodeFailed, "no reader"},
		"no such call":             {"raed", helper.CodeUnknownCall, "there is no such call"},
		"a panic":                  {"panic", helper.CodePanic, "panic with a string at helper_test.go:"},
		"a panic of the runtime":   {"nil", helper.CodePanic, "nil pointer dereference at helper_test.go:"},
		"a result beyond a line":   {"big", helper.CodeTooLong, "does not fit"},
		"a result that is no JSON": {"unsayable", helper.CodeFailed, "cannot be written"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := supervisor.Call(t.Context(), test.call, nil, nil)
			var failed *helper.CallError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.code, failed.Code)
			assert.Contains(t, failed.Message, test.message)
			assert.NotContains(t, err.Error(), "S3CRET")
			assert.Equal(t, pid, pidOf(t, supervisor), "the helper lives on")
		})
	}
}

// A program taken for a helper by mistake, or one left over from another version, must be refused and not believed.
func TestTheWrongProgramIsNotStarted(t *testing.T) {
	tests := map[string]string{
		"named": `calls itself "another"`, "old": `version is "0.9", not "1.0"`, "next": `version is "1.1", not "1.0"`,
		"protocol 2": "version 2 of the protocol",
		"no hello":   "hello in time", "garbage": "first line is no hello", "silent end": "exit status 3", "long hello": "longer",
	}
	for mode, want := range tests {
		t.Run(mode, func(t *testing.T) {
			changed := settings(mode)
			if mode == "no hello" {
				changed.HelloTimeout = 50 * time.Millisecond
			}
			err := supervise(t, changed).Start(t.Context())
			require.ErrorIs(t, err, helper.ErrNotStarted)
			assert.Contains(t, err.Error(), want)
			assert.Equal(t, mode == "old" || mode == "next", errors.Is(err, helper.ErrOtherVersion), "to start the program again helps against that alone")
		})
	}
	t.Run("any version will do", func(t *testing.T) {
		changed := settings("old")
		changed.Version = ""
		require.NoError(t, supervise(t, changed).Start(t.Context()))
	})
	t.Run("no such file", func(t *testing.T) {
		changed := settings("good")
		changed.Command = []string{filepath.Join(t.TempDir(), "missing")}
		err := supervise(t, changed).Call(t.Context(), "echo", nil, nil)
		require.ErrorIs(t, err, helper.ErrNotStarted)
		// Windows looks for programs, and Unix for files.
		require.True(t, errors.Is(err, os.ErrNotExist) || errors.Is(err, exec.ErrNotFound), err)
	})
	t.Run("no command", func(t *testing.T) {
		changed := settings("good")
		changed.Command = nil
		require.ErrorIs(t, supervise(t, changed).Start(t.Context()), helper.ErrNotStarted)
	})
}

// The output of a broken helper must not be taken for an answer, hang the program, or reach the log
// with a secret in it.
func TestTheProtocolIsEnforced(t *testing.T) {
	for _, mode := range []string{"over-long", "not JSON", "neither", "wrong id", "other kind"} {
		t.Run(mode, func(t *testing.T) {
			supervisor := supervise(t, settings(mode))
			var got text
			err := supervisor.Call(t.Context(), "echo", text{"S3CRET"}, &got)
			require.ErrorIs(t, err, helper.ErrProtocol)
			assert.NotContains(t, err.Error(), "S3CRET")
		})
	}
	t.Run("more replies than requests", func(t *testing.T) {
		supervisor := supervise(t, settings("two"))
		var first int
		_ = supervisor.Call(t.Context(), "echo", nil, &first)
		var second text
		require.Error(t, supervisor.Call(t.Context(), "echo", nil, &second), "an answer to the call before is no answer")
		require.Empty(t, second)
	})
	t.Run("parameters that are no JSON", func(t *testing.T) {
		require.Error(t, supervise(t, settings("good")).Call(t.Context(), "echo", func() {}, nil))
	})
	t.Run("parameters beyond a line", func(t *testing.T) {
		supervisor := supervise(t, settings("good"))
		err := supervisor.Call(t.Context(), "echo", strings.Repeat("S3CRET", 20_000), nil)
		require.ErrorContains(t, err, "longer")
		require.NotContains(t, err.Error(), "S3CRET")
		require.NoError(t, supervisor.Call(t.Context(), "echo", nil, nil), "the helper lives on")
	})
}

// The user's Cancel, or a deadline, must end a call that nothing else can end, and sign-in must work again after it.
func TestTheEndOfTheContextEndsTheProcess(t *testing.T) {
	for _, mode := range []string{"good", "deaf"} {
		t.Run(mode, func(t *testing.T) {
			supervisor := supervise(t, settings(mode))
			require.NoError(t, supervisor.Start(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			// Longer than a pipe holds, so that the helper that does not read blocks the writer too.
			err := supervisor.Call(ctx, "hang", strings.Repeat("x", helper.MaxLine-100), nil)
			require.ErrorIs(t, err, helper.ErrEnded)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, supervisor.Start(t.Context()), "it starts again")
		})
	}
	t.Run("the process is gone", func(t *testing.T) {
		supervisor := supervise(t, settings("good"))
		pid := pidOf(t, supervisor)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, supervisor.Call(ctx, "hang", nil, nil), helper.ErrEnded)
		require.False(t, alive(pid))
		require.NotEqual(t, pid, pidOf(t, supervisor))
	})
	t.Run("with time to put things right", func(t *testing.T) {
		marker := filepath.Join(t.TempDir(), "cleared")
		changed := settings("good")
		changed.CancelTimeout = time.Minute
		supervisor := supervise(t, changed)
		pid := pidOf(t, supervisor)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, supervisor.Call(ctx, "clear up", marker, nil), helper.ErrEnded)
		require.False(t, alive(pid))
		require.FileExists(t, marker)
	})
	t.Run("with time that is not used", func(t *testing.T) {
		changed := settings("deaf")
		changed.CancelTimeout = 20 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, supervise(t, changed).Call(ctx, "hang", nil, nil), context.DeadlineExceeded)
	})
	t.Run("waiting for a turn", func(t *testing.T) {
		supervisor := supervise(t, settings("good"))
		hanging, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		require.NoError(t, supervisor.Start(t.Context()))
		go func() { done <- supervisor.Call(hanging, "hang", nil, nil) }()
		for supervisor.Idle() {
			time.Sleep(time.Millisecond)
		}
		ctx, cancelSecond := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancelSecond()
		err := supervisor.Call(ctx, "echo", nil, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, helper.ErrEnded, "the other call goes on")
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	t.Run("over before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, supervise(t, settings("good")).Call(ctx, "echo", nil, nil), context.Canceled)
	})
}

// A crash inside the Identity Agent's library must become a message with its exit status, and the next try must work.
func TestACrashIsToldAndRepaired(t *testing.T) {
	supervisor := supervise(t, settings("good"))
	err := supervisor.Call(t.Context(), "crash", nil, nil)
	require.ErrorIs(t, err, helper.ErrCrashed)
	require.ErrorContains(t, err, "exit status 7")
	require.NoError(t, supervisor.Call(t.Context(), "echo", nil, nil))

	process, err := os.FindProcess(pidOf(t, supervisor))
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return supervisor.Call(t.Context(), "echo", nil, nil) == nil }, 10*time.Second,
		time.Millisecond, "a helper that was killed between two calls is started again")

	var said string
	require.NoError(t, supervise(t, settings("last words")).Call(t.Context(), "echo", nil, &said))
	require.Equal(t, "bye", said, "an answer counts even if the helper ends right after it")
}

// A helper that cannot start must not be started in a tight loop on a clinician's laptop.
func TestBackOff(t *testing.T) {
	clock := &fakeClock{now: time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC)}
	changed := settings("silent end")
	changed.Clock = clock
	supervisor := supervise(t, changed)
	for range 9 {
		require.ErrorIs(t, supervisor.Call(t.Context(), "echo", nil, nil), helper.ErrNotStarted)
	}
	millis := []int64{}
	for _, slept := range clock.slept {
		millis = append(millis, slept.Milliseconds())
	}
	require.Equal(t, []int64{250, 500, 1000, 2000, 4000, 8000, 10000}, millis, "the first restart is at once")

	ctx, cancel := context.WithCancel(t.Context())
	clock.asleep = cancel
	require.ErrorIs(t, supervisor.Call(ctx, "echo", nil, nil), context.Canceled, "the back-off obeys the context")
}

type fakeClock struct {
	now    time.Time
	slept  []time.Duration
	asleep func()
}

func (c *fakeClock) Now() time.Time { return c.now }

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	if c.asleep != nil {
		c.asleep()
	}
	return ctx.Err()
}

// A removed card is an event: one that is lost, or comes in another order, leaves the session open.
func TestEvents(t *testing.T) {
	heard := make(chan helper.Event, 200)
	changed := settings("good")
	changed.Event = func(event helper.Event) { heard <- event }
	supervisor := supervise(t, changed)
	for i := range 200 {
		require.NoError(t, supervisor.Call(t.Context(), "event", i, nil))
	}
	for i := range 200 {
		event := <-heard
		require.Equal(t, "card", event.Name)
		require.JSONEq(t, strconv.Itoa(i), string(event.Data))
	}
}

// A handler of events must not be able to keep the program from closing.
func TestAnEventThatIsNotTakenDoesNotHoldUpTheEnd(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	changed := settings("good")
	changed.Event = func(helper.Event) { <-release }
	supervisor := helper.New(changed)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	for ctx.Err() == nil {
		_ = supervisor.Call(ctx, "event", nil, nil)
	}
	require.NoError(t, supervisor.Close())
}

// A library that complains without end must not fill the disk through the log.
func TestStderrIsBounded(t *testing.T) {
	var mutex sync.Mutex
	var lines []string
	changed := settings("stderr")
	changed.HelloTimeout = 2 * time.Minute // a busy computer takes its time for 100 MB
	changed.Stderr = func(line string) {
		mutex.Lock()
		defer mutex.Unlock()
		lines = append(lines, line)
	}
	began := time.Now()
	supervisor := helper.New(changed)
	require.NoError(t, supervisor.Call(t.Context(), "echo", nil, nil), "nothing waits for the flood to be logged")
	require.NoError(t, supervisor.Close())
	mutex.Lock()
	defer mutex.Unlock()
	// Before each line there may be one that counts those dropped.
	allowed := helper.StderrBurst + helper.StderrRate*(time.Since(began).Seconds()+1)
	require.LessOrEqual(t, float64(len(lines)), 2*allowed+1, "of 20,000 lines")
	require.GreaterOrEqual(t, len(lines), helper.StderrBurst)
	dropped := false
	for _, line := range lines {
		require.LessOrEqual(t, len(line), 1100)
		require.NotContains(t, line, "\x1b")
		dropped = dropped || strings.Contains(line, "lines dropped")
	}
	require.True(t, dropped, "what is missing is counted")
}

// When the program ends, nothing of it may stay behind on a shared computer.
func TestClose(t *testing.T) {
	t.Run("a helper that obeys", func(t *testing.T) {
		supervisor := helper.New(settings("good"))
		pid := pidOf(t, supervisor)
		require.NoError(t, supervisor.Close())
		require.False(t, alive(pid))
		require.ErrorIs(t, supervisor.Call(t.Context(), "echo", nil, nil), helper.ErrClosed)
		require.ErrorIs(t, supervisor.Start(t.Context()), helper.ErrClosed)
		require.NoError(t, supervisor.Close(), "twice is fine")
	})
	t.Run("a helper that does not", func(t *testing.T) {
		changed := settings("stubborn")
		changed.StopTimeout = 10 * time.Millisecond
		supervisor := helper.New(changed)
		require.NoError(t, supervisor.Call(t.Context(), "echo", nil, nil))
		require.NoError(t, supervisor.Close())
	})
	t.Run("during a call", func(t *testing.T) {
		supervisor := helper.New(settings("good"))
		pid := pidOf(t, supervisor)
		done := make(chan error, 1)
		go func() { done <- supervisor.Call(context.WithoutCancel(t.Context()), "hang", nil, nil) }()
		for supervisor.Idle() {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, supervisor.Close())
		require.ErrorIs(t, <-done, helper.ErrClosed)
		require.False(t, alive(pid))
	})
	t.Run("stopped and used again", func(t *testing.T) {
		supervisor := supervise(t, settings("good"))
		require.NoError(t, supervisor.Stop(t.Context()), "there is nothing to stop")
		pid := pidOf(t, supervisor)
		require.NoError(t, supervisor.Stop(t.Context()))
		require.False(t, alive(pid))
		require.NotEqual(t, pid, pidOf(t, supervisor))
	})
	t.Run("never used", func(t *testing.T) {
		require.NoError(t, helper.New(settings("good")).Close())
	})
}

// A window that is killed must not leave a keyring worker or a card helper behind, not even one that hangs in a call.
func TestAKilledParentLeavesNothingBehind(t *testing.T) {
	made := settings("parent")
	parent := exec.CommandContext(t.Context(), made.Command[0])
	parent.Env = made.Env
	stdin, err := parent.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, alive(pid))
	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	require.Eventually(t, func() bool { return !alive(pid) }, 10*time.Second, 5*time.Millisecond)
}

func pidOf(t *testing.T, supervisor *helper.Supervisor) int {
	t.Helper()
	var pid int
	require.NoError(t, supervisor.Call(t.Context(), "pid", json.RawMessage("{}"), &pid))
	return pid
}
