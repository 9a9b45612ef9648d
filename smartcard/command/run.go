package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"github.com/ers-login/ers-login/internal/shebang"
	"github.com/ers-login/ers-login/smartcard"
)

// The limits of what a program may write, in bytes. A program that exceeds maxOutput is killed; the
// rest of its errors is dropped.
const (
	maxOutput = 64 << 10
	maxStderr = 4 << 10
)

// grace is how long the output may stay open after the program has exited, and how long a killed program may take to exit.
const grace = time.Second

// run runs one operation and returns the output of a program that has exited with 0.
func (a *Agent) run(ctx context.Context, operation string) ([]byte, error) {
	done, err := execute(ctx, append(slices.Clone(a.argv), operation))
	a.log(done.stderr)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		// Even if it exited with 0: its output may have been cut off.
		return nil, fmt.Errorf("%s %s: %w", a.program(), operation, ctx.Err())
	case done.tooMuch:
		return nil, a.problem(badOutput, operation, errTooMuch, smartcard.InternalError)
	case err == nil:
		return done.stdout, nil
	case errors.As(err, &exit):
		if code, ok := parseFailure(done.stdout); ok {
			return nil, code.Problem().Because(fmt.Errorf("%s %s: %w: %w", a.program(), operation, err, code))
		}
		// A script's interpreter, or env, reports a wrong first line by its exit status alone.
		if reason, ok := why(a.argv[0], err, shebang.MaxDepth); ok {
			return nil, a.problem(notRunnable.WithPhrase("Reason", reason), operation, err, smartcard.NotInstalled)
		}
		return nil, a.problem(failed.With("Status", exit.Error()), operation, err, smartcard.InternalError)
	}
	return nil, a.notBegun(operation, err)
}

// log passes the program's standard error to Stderr.
func (a *Agent) log(text []byte) {
	if a.Stderr == nil || len(text) == 0 {
		return
	}
	a.stderr.Lock()
	defer a.stderr.Unlock()
	_, _ = a.Stderr.Write(text) // a log that cannot be written is no reason to refuse a ticket
}

// executed is the output of a program.
type executed struct {
	stdout, stderr []byte
	// tooMuch reports whether the program was killed for writing more than maxOutput.
	tooMuch bool
}

// execute runs a program to its end, or to the context's. It makes the pipes itself, since os/exec
// does not always report whether a process left behind keeps them open. Such a process is killed:
// calls come every second.
func execute(ctx context.Context, argv []string) (executed, error) {
	running, kill := context.WithCancel(ctx)
	defer kill()
	//nolint:gosec // to run the program that the organisation has configured is what this package is for
	cmd := exec.CommandContext(running, argv[0], argv[1:]...)
	cmd.WaitDelay = grace
	isolate(cmd)

	stdout, err := newPipe()
	if err != nil {
		return executed{}, err
	}
	defer stdout.close()
	stderr, err := newPipe()
	if err != nil {
		return executed{}, err
	}
	defer stderr.close()
	cmd.Stdout, cmd.Stderr = stdout.writer, stderr.writer
	if err := cmd.Start(); err != nil {
		return executed{}, err
	}
	stdout.keep(maxOutput, kill)
	stderr.keep(maxStderr, nil)
	err = cmd.Wait()

	ending, stop := context.WithTimeout(ctx, grace)
	defer stop()
	if !stdout.ended(ending) || !stderr.ended(ending) {
		killGroup(cmd.Process.Pid)
	}
	stdout.close()
	stderr.close()
	return executed{stdout: stdout.kept, stderr: stderr.kept, tooMuch: stdout.overflowed}, err
}
