//go:build linux

// Package stage sets up a run of the real program: its own home, a private D-Bus with a real
// keyring, a desktop, and the log by which the program is followed. The end-to-end test and the
// walk-through of the demonstration share it.
package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Program is a run of the program under test.
type Program struct {
	cmd     *exec.Cmd
	logFile string
	offset  int64
	output  *tail
	exited  chan struct{}
	err     error
}

// outputWithin is how long after the program's end its helpers may keep its output open.
// [Program.Wait] fails with [exec.ErrWaitDelay] if one does for longer.
const outputWithin = 30 * time.Second

// Run starts the program in its own process group, with only the given environment.
func Run(ctx context.Context, path string, arguments, environ []string, logFile string) (*Program, error) {
	cmd := exec.CommandContext(ctx, path, arguments...) //nolint:gosec // the program under test
	cmd.Env = environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output := &tail{}
	cmd.Stdout, cmd.Stderr = output, output
	// A program that does not end says where it hangs: Go prints all goroutines.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = outputWithin
	p := &Program{cmd: cmd, logFile: logFile, output: output, exited: make(chan struct{})}
	if info, err := os.Stat(logFile); err == nil {
		p.offset = info.Size()
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("could not start %s: %w", path, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// WaitScreen waits until the log reports a drawn screen of a phase, after the last one waited for.
func (p *Program) WaitScreen(ctx context.Context, phase string) error {
	err := p.waitEntry(ctx, "screen "+phase, func(entry logEntry) bool { return entry.Screen == phase })
	if err != nil || !strings.HasPrefix(phase, "choosing") {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(TypingPause):
		return nil
	}
}

// TypingPause is how long WaitScreen waits after a page of cards: keys choose nothing there until there has been a pause.
const TypingPause = 600 * time.Millisecond

// WaitProblem waits until the window shows the Problem with this code.
func (p *Program) WaitProblem(ctx context.Context, code string) error {
	return p.waitEntry(ctx, "problem "+code, func(entry logEntry) bool {
		return entry.Screen == "failed" && entry.Problem == code
	})
}

// WaitNotice waits until a notice with this code is shown.
func (p *Program) WaitNotice(ctx context.Context, code string) error {
	return p.waitEntry(ctx, "notice "+code, func(entry logEntry) bool { return entry.Message == "notice" && entry.Problem == code })
}

// WaitMissing waits until the waiting screen names what is missing, as in the log.
func (p *Program) WaitMissing(ctx context.Context, missing string) error {
	return p.waitEntry(ctx, "missing "+missing, func(entry logEntry) bool { return entry.Missing == missing })
}

// WaitMessage waits until the program has logged this message.
func (p *Program) WaitMessage(ctx context.Context, message string) error {
	return p.waitEntry(ctx, "message "+message, func(entry logEntry) bool { return entry.Message == message })
}

// Interrupt asks the program to end, as a log-off does (SIGTERM).
func (p *Program) Interrupt() error { return p.Signal(syscall.SIGTERM) }

// Signal sends a signal to the program.
func (p *Program) Signal(signal syscall.Signal) error { return p.cmd.Process.Signal(signal) }

// Kill kills the program (SIGKILL), and waits for its end.
func (p *Program) Kill() error {
	err := p.cmd.Process.Kill()
	<-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Wait waits until the program ends by itself, and returns its error, if any.
func (p *Program) Wait(ctx context.Context) error {
	select {
	case <-p.exited:
		return p.err
	case <-ctx.Done():
	}
	if err := p.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.exited
	return fmt.Errorf("the program has not ended: %w\n%s", ctx.Err(), p.Output())
}

// Output returns the end of the program's output.
func (p *Program) Output() string { return p.output.String() }

type logEntry struct {
	Screen  string `json:"screen"`
	Problem string `json:"problem"`
	Missing string `json:"missing"`
	Message string `json:"msg"`
}

func (p *Program) waitEntry(ctx context.Context, what string, matches func(logEntry) bool) error {
	for {
		found, err := p.readEntries(matches)
		if found || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s has not come: %w\nthe program printed:\n%s\nits log:\n%s", what, ctx.Err(), p.Output(), p.Log())
		case <-p.exited:
			return fmt.Errorf("%s has not come: the program has ended (%w)\nit printed:\n%s\nits log:\n%s", what, p.err, p.Output(), p.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Log returns the end of the program's log.
func (p *Program) Log() string {
	content, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-8<<10):])
}

// readEntries reads further whole lines, up to one that matches.
func (p *Program) readEntries(matches func(logEntry) bool) (bool, error) {
	file, err := os.Open(p.logFile)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not open the program's log: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read from
	if _, err := file.Seek(p.offset, io.SeekStart); err != nil {
		return false, fmt.Errorf("could not read the program's log: %w", err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return false, fmt.Errorf("could not read the program's log: %w", err)
	}
	for {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		if !whole {
			return false, nil
		}
		p.offset += int64(len(line)) + 1
		content = rest
		var entry logEntry
		if err := json.Unmarshal(line, &entry); err != nil {
			return false, fmt.Errorf("the log has a line that is not JSON: %w", err)
		}
		if matches(entry) {
			return true, nil
		}
	}
}

// tail keeps the end of what is written to it, room enough for the goroutines of a program that hangs.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-64<<10):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// PID returns the program's process id.
func (p *Program) PID() int { return p.cmd.Process.Pid }
