//go:build linux

package private

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/ers-login/ers-login/internal/bounded"
)

// Daemon is a process that dies with this one, however that ends.
type Daemon struct {
	name    string
	command *exec.Cmd
	// ended is closed when the process has ended; said is what it has printed by then.
	ended chan struct{}
	said  *bounded.Text
}

// ErrEnded is the error of a daemon that has ended before it was ready.
var ErrEnded = errors.New("has ended")

// Spawn starts a program in a folder, empty for this program's, and an environment. It also ends with ctx.
func Spawn(ctx context.Context, folder string, env []string, stdin, program string, arguments ...string) (*Daemon, error) {
	const maxSaid = 16 << 10
	d := &Daemon{name: filepath.Base(program), ended: make(chan struct{}), said: &bounded.Text{Limit: maxSaid}}
	d.command = exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the callers name their programs
	d.command.Dir, d.command.Env = folder, env
	d.command.Stdin = strings.NewReader(stdin)
	d.command.Stdout, d.command.Stderr = d.said, d.said
	// Ctrl+C in the terminal is not for it: the session is still to be cleared.
	d.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	d.command.WaitDelay = time.Second
	started := make(chan error, 1)
	go func() {
		// The kernel kills the process when the thread that has started it ends.
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
		return nil, fmt.Errorf("start %s: %w", d.name, err)
	}
	return d, nil
}

// Await tries something every few milliseconds until it works, the process ends ([ErrEnded]) or ctx
// does.
func (d *Daemon) Await(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-d.ended:
			return fmt.Errorf("%s %w: %s", d.name, ErrEnded, d.said)
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w: %w", d.name, ctx.Err(), err)
		}
	}
}

// Kill ends the process and waits for its end.
func (d *Daemon) Kill() {
	_ = d.command.Process.Kill() // It may have ended.
	<-d.ended
}
