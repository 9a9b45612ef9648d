package pcsctest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// SocketVariable is the environment variable from which libpcsclite takes the path of the daemon's
// socket.
const SocketVariable = "PCSCLITE_CSOCK_NAME"

// Socket returns the path of the socket of a daemon that is started in dir.
func Socket(dir string) string { return filepath.Join(dir, "pcscd.comm") }

// patience bounds every wait.
const patience = 20 * time.Second

// Daemon is a private pcscd with one virtual reader of two slots, each of which is a reader for
// PC/SC. Its methods are not safe for concurrent use; those of its cards are.
type Daemon struct {
	ctx    context.Context
	dir    string
	base   int // the port of the first slot; the second has the next one
	driver string
	setup  setup

	process *process // nil if it does not run
	other   []byte   // what otherDaemon returned
}

// Option changes a daemon.
type Option func(*setup)

type setup struct{ polled, bare bool }

// Polled takes vsmartcard's own driver: a card that comes or goes is seen after up to 400 ms.
func Polled() Option { return func(s *setup) { s.polled = true } }

// WithoutReader starts a daemon that has no reader.
func WithoutReader() Option { return func(s *setup) { s.bare = true } }

// Start starts a daemon in a folder, which it may fill, and waits until it is ready. The folder's path has to be short,
// since a socket's may have no more than 107 bytes. The daemon is killed when the context ends, or the program.
func Start(ctx context.Context, dir string, options ...Option) (*Daemon, error) {
	driver, err := findDriver()
	if err != nil {
		return nil, err
	}
	d := &Daemon{ctx: ctx, dir: dir, driver: driver, other: otherDaemon()}
	for range 3 {
		if d.base, err = freePorts(ctx); err != nil {
			return nil, err
		}
		// Another program may have taken the ports meanwhile.
		if err = d.Restart(options...); !errors.Is(err, errNoReader) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// errNoReader means that the daemon runs, but its reader does not.
var errNoReader = errors.New("pcscd could not start the virtual reader")

// Env returns the environment variables that a client of this daemon needs.
func (d *Daemon) Env() []string { return []string{SocketVariable + "=" + Socket(d.dir)} }

// Readers returns the readers' names in PC/SC, none for a daemon without.
func (d *Daemon) Readers() []string {
	if d.setup.bare {
		return nil
	}
	return []string{friendlyName + " 00 00", friendlyName + " 00 01"}
}

// Restart kills the daemon if it runs and starts it anew, in the same place, without the cards that were in its readers. The
// options take the place of those given to Start.
func (d *Daemon) Restart(options ...Option) error {
	if err := d.Kill(); err != nil {
		return err
	}
	d.setup = setup{}
	for _, option := range options {
		option(&d.setup)
	}
	if err := d.Mend(); err != nil {
		return err
	}
	if err := d.configure(); err != nil {
		return err
	}
	return d.run()
}

// run starts the process and waits until it is ready.
func (d *Daemon) run() error {
	socket, err := d.listen()
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }() // the daemon has a copy; without it, the socket would not listen
	process := &process{journal: newJournal(), exited: make(chan struct{})}
	// LISTEN_PID has to be the daemon's, which the shell has before it becomes the daemon.
	//nolint:gosec // the paths are this package's own
	process.command = exec.CommandContext(d.ctx, "/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh",
		pcscd, "--foreground", "--info", "--config", d.configuration())
	process.command.Env = append(os.Environ(), "PCSCTEST_BROKEN="+d.broken())
	process.command.ExtraFiles = []*os.File{socket}
	process.command.Stdout, process.command.Stderr = process.journal, process.journal
	process.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := process.command.Start(); err != nil {
		return fmt.Errorf("could not start pcscd: %w", err)
	}
	d.process = process
	go process.wait()
	select {
	case <-process.journal.ready:
		if text := process.journal.String(); !d.setup.bare && strings.Contains(text, "init failed") {
			return fmt.Errorf("%w: %s", errNoReader, text)
		}
		return nil
	case <-process.exited:
		return fmt.Errorf("pcscd did not start: %s", process.journal)
	case <-time.After(patience):
		return fmt.Errorf("pcscd is not ready after %s: %s", patience, process.journal)
	}
}

// process is a daemon that runs, or has run.
type process struct {
	command *exec.Cmd
	journal *journal
	exited  chan struct{}
}

func (p *process) wait() {
	defer close(p.exited)
	_ = p.command.Wait() // it is killed, mostly
}

// listen makes the daemon's socket.
func (d *Daemon) listen() (*os.File, error) {
	if err := os.Remove(Socket(d.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("could not remove the last daemon's socket: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(d.ctx, "unix", Socket(d.dir))
	if err != nil {
		return nil, fmt.Errorf("could not make a socket for pcscd: %w", err)
	}
	unix, ok := listener.(*net.UnixListener)
	if !ok {
		return nil, fmt.Errorf("could not make a socket for pcscd: it is a %T", listener)
	}
	unix.SetUnlinkOnClose(false)
	socket, err := unix.File()
	if err := errors.Join(err, unix.Close()); err != nil {
		return nil, fmt.Errorf("could not hand over the socket for pcscd: %w", err)
	}
	return socket, nil
}

// Kill ends the daemon as a crash does: the socket stays, and does not listen.
func (d *Daemon) Kill() error {
	if d.process == nil {
		return nil
	}
	if err := d.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-d.process.exited:
	case <-time.After(patience):
		return fmt.Errorf("pcscd has not ended %s after it was killed", patience)
	}
	d.process = nil
	return nil
}

// Close ends the daemon and puts back what it has changed outside its folder.
func (d *Daemon) Close() error { return errors.Join(d.Kill(), putBack(d.other)) }

// Freeze makes the daemon hang, until Thaw.
func (d *Daemon) Freeze() error { return d.signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (d *Daemon) Thaw() error { return d.signal(syscall.SIGCONT) }

// Break makes the readers fail, as when they have just been unplugged, until Mend. It has no effect
// on a Polled one.
func (d *Daemon) Break() error {
	if err := os.WriteFile(d.broken(), nil, 0o600); err != nil {
		return fmt.Errorf("could not break the readers: %w", err)
	}
	return nil
}

// Mend ends a Break.
func (d *Daemon) Mend() error {
	if err := os.Remove(d.broken()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("could not mend the readers: %w", err)
	}
	return nil
}

func (d *Daemon) broken() string { return filepath.Join(d.dir, "broken") }

func (d *Daemon) signal(signal syscall.Signal) error {
	if d.process == nil {
		return errors.New("pcscd does not run")
	}
	if err := d.process.command.Process.Signal(signal); err != nil {
		return fmt.Errorf("could not signal pcscd: %w", err)
	}
	return nil
}

const pidFile = "/run/pcscd/pcscd.pid"

// otherDaemon returns the contents of the pid file of the computer's own daemon, nil if there is
// none. Every daemon writes that file, whatever its options.
func otherDaemon() []byte {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.Trim(string(text), "\n\x00"))
	if err != nil || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	return text
}

// putBack restores the pid file. Without permission to write it, the daemon has not changed it
// either.
func putBack(text []byte) error {
	err := os.Remove(pidFile)
	if text != nil {
		err = os.WriteFile(pidFile, text, 0o644) //nolint:gosec // pcscd makes it world-readable
	}
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}
