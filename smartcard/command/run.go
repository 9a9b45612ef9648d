package command

import (
	"context"
	"errors"
	"fmt"
	"io"
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

func (a *Agent) log(text []byte) {
	if a.Stderr == nil || len(text) == 0 {
		return
	}
	a.stderr.Lock()
	defer a.stderr.Unlock()
	_, _ = a.Stderr.Write(text) // a log that cannot be written is no reason to refuse a ticket
}

type executed struct {
	stdout, stderr []byte
	// tooMuch reports whether the program was killed for writing more than maxOutput.
	tooMuch bool
}

// execute runs a program to its end, or to the context's. A process left behind that keeps its
// output open is killed: calls come every second.
func execute(ctx context.Context, argv []string) (executed, error) {
	running, kill := context.WithCancel(ctx)
	defer kill()
	//nolint:gosec // to run the program that the organisation has configured is what this package is for
	cmd := exec.CommandContext(running, argv[0], argv[1:]...)
	cmd.WaitDelay = grace
	isolate(cmd)
	stdout, stderr := output{limit: maxOutput, overflow: kill}, output{limit: maxStderr, overflow: func() {}}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if stdout.leftOpen || stderr.leftOpen {
		killGroup(cmd.Process.Pid)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // what came before counts
	}
	return executed{stdout.kept, stderr.kept, stdout.overflowed}, err
}

// output keeps the first bytes that a program writes and drops the rest, so that the program never
// blocks.
type output struct {
	io.Writer // nil: os/exec copies with ReadFrom

	limit      int
	overflow   func() // called when there is more
	kept       []byte
	overflowed bool
	// leftOpen reports whether a process had it open when os/exec gave up waiting, which os/exec
	// reports only of a program that has exited with 0.
	leftOpen bool
}

// ReadFrom implements [io.ReaderFrom].
func (o *output) ReadFrom(pipe io.Reader) (int64, error) {
	kept, err := io.ReadAll(io.LimitReader(pipe, int64(o.limit)+1))
	o.kept, o.overflowed = kept[:min(len(kept), o.limit)], len(kept) > o.limit
	if o.overflowed {
		o.overflow()
		_, err = io.Copy(io.Discard, pipe)
	}
	o.leftOpen = err != nil
	return int64(len(kept)), nil
}
