//go:build linux

package keyringtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// daemon is a process that must not outlive this one.
type daemon struct {
	name    string
	command *exec.Cmd
	ended   chan struct{}
	said    *opening
}

// spawn starts a program. Its goroutine keeps the OS thread until the program has ended: the end of
// that thread triggers the signal that ends the program with its parent.
func spawn(ctx context.Context, env []string, stdin, name string, arguments ...string) (*daemon, error) {
	d := &daemon{name: name, ended: make(chan struct{}), said: &opening{}}
	d.command = exec.CommandContext(ctx, name, arguments...) //nolint:gosec // The programs are named in this package.
	d.command.Env = append(os.Environ(), env...)
	d.command.Stdin = strings.NewReader(stdin)
	d.command.Stdout, d.command.Stderr = d.said, d.said
	d.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	d.command.WaitDelay = time.Second
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(d.ended)
		err := d.command.Start()
		started <- err
		if err == nil {
			// It is killed in the end, which counts as an error.
			_ = d.command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return d, nil
}

// until tries something every few milliseconds until it works, the process ends or ctx does.
func (d *daemon) until(ctx context.Context, try func() error) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-d.ended:
			return fmt.Errorf("%s %w: %s", d.name, errEnded, d.said)
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w: %w", d.name, ctx.Err(), err)
		}
	}
}

// kill kills the process and waits for its end.
func (d *daemon) kill() error {
	if err := d.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", d.name, err)
	}
	<-d.ended
	return nil
}

// opening keeps the beginning of what a daemon says, for the message that it has failed.
type opening struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (t *opening) Write(p []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.text.Len() < 4096 {
		t.text.Write(p)
	}
	return len(p), nil
}

func (t *opening) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.text.String()
}
