package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

const (
	// queue is how many events may wait for the handler of events.
	queue = 64
	// drain bounds reading the remaining output of a helper that has ended: a process left behind
	// may hold its stdout open.
	drain = time.Second
	// killed bounds the wait for a killed process. Only the kernel can make it longer.
	killed = 5 * time.Second
)

// process is one run of a helper.
type process struct {
	name  string
	stdin io.WriteCloser

	tether  *tether
	hello   chan hello
	replies chan incoming
	// broken has what was wrong with the helper's output, if that is why it was killed.
	broken chan error
	// gone is closed when the process has ended and its output has been read; status is set by
	// then.
	gone   chan struct{}
	status string
	// accepted is closed when the helper's hello was the right one.
	accepted chan struct{}
	// left is closed when the handler of events takes too long at the end.
	left chan struct{}
}

// start starts the helper and waits for its hello.
func start(ctx context.Context, settings Settings) (*process, error) {
	refused := func(err error) error {
		return fmt.Errorf("%w: %s: %w", ErrNotStarted, settings.Name, err)
	}
	p, err := launch(settings)
	if err != nil {
		return nil, refused(err)
	}
	select {
	case said := <-p.hello:
		err = said.check(settings)
	case err = <-p.broken:
	case <-p.gone:
		err = p.crash()
	case <-time.After(settings.HelloTimeout):
		err = errors.New("it did not say hello in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, refused(p.endedFor(err))
	}
	close(p.accepted)
	return p, nil
}

func (h hello) check(settings Settings) error {
	if h.Hello != settings.Name {
		return fmt.Errorf("it calls itself %q", clean(h.Hello, 64))
	}
	// Another version may speak another protocol, too; the version is what the user can put right.
	if settings.Version != "" && h.Version != settings.Version {
		return fmt.Errorf("%w: its version is %q, not %q", ErrOtherVersion, clean(h.Version, 64), settings.Version)
	}
	if h.Protocol != Protocol {
		return fmt.Errorf("it speaks version %d of the protocol, not %d", h.Protocol, Protocol)
	}
	return nil
}

// launch starts the process and the goroutines that live with it.
func launch(settings Settings) (*process, error) {
	if len(settings.Command) == 0 {
		return nil, errors.New("no command is set")
	}
	// The process outlives the call it is started for, so it does not end with that call's context.
	command := exec.CommandContext(context.Background(), settings.Command[0], settings.Command[1:]...) //nolint:gosec // It is meant to be configured.
	command.Env, command.Dir = settings.Env, settings.Dir
	tie(command)
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open its stdin: %w", err)
	}
	// Not command.StdoutPipe: Wait would close it before what a crashed helper said last is read.
	stdout, stdoutEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open its stdout: %w", err), stdin.Close())
	}
	stderr, stderrEnd, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open its stderr: %w", err), stdin.Close(), stdout.Close(), stdoutEnd.Close())
	}
	command.Stdout, command.Stderr = stdoutEnd, stderrEnd

	p := &process{
		name: settings.Name, stdin: stdin,
		hello: make(chan hello, 1), replies: make(chan incoming, 1), broken: make(chan error, 1), gone: make(chan struct{}),
		left: make(chan struct{}), accepted: make(chan struct{}),
	}
	started, exited := make(chan error, 1), make(chan struct{})
	go p.run(command, settings.ChildrenStay, started, exited)
	err = <-started
	closed := errors.Join(stdoutEnd.Close(), stderrEnd.Close())
	if err != nil {
		return nil, errors.Join(err, closed, stdin.Close(), stdout.Close(), stderr.Close())
	}

	p.serve(settings, stdout, stderr, exited)
	return p, nil
}

// serve reads what the process writes, passes its events on, and closes gone once it has exited and
// all of that is read.
func (p *process) serve(settings Settings, stdout, stderr *os.File, exited <-chan struct{}) {
	events := make(chan Event, queue)
	heard, logged := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(heard)
		defer close(events)
		p.listen(stdout, events)
	}()
	go func() {
		defer close(logged)
		relay(stderr, settings.Stderr)
	}()
	go func() {
		// Drop events until the hello is accepted: until then the process may not be our helper.
		select {
		case <-p.accepted:
		case <-heard:
		}
		for event := range events {
			if settings.Event != nil && p.isAccepted() {
				settings.Event(event)
			}
		}
	}()
	go func() {
		<-exited
		p.tether.kill()
		p.tether.release()
		p.finish(stdout, stderr, heard, logged)
		close(p.gone)
	}()
}

func (p *process) isAccepted() bool {
	select {
	case <-p.accepted:
		return true
	default:
		return false
	}
}

// run starts the process and waits for it, all on one OS thread that does nothing else meanwhile.
// On Linux the signal that ends the helper with its parent comes when the thread ends that started
// it, and Go ends a thread when the goroutine locked to it returns, which could be any, had this
// one not kept the thread.
func (p *process) run(command *exec.Cmd, childrenStay bool, started chan<- error, exited chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		started <- err
		return
	}
	p.tether = hold(command.Process, childrenStay)
	started <- nil
	// The error adds nothing to the state.
	_ = command.Wait()
	p.status = command.ProcessState.String()
	close(exited)
}

// finish waits until the helper's output is read to its end, but not if a process that the helper
// left holds the other end open.
func (p *process) finish(stdout, stderr *os.File, heard, logged <-chan struct{}) {
	timer := time.AfterFunc(drain, func() {
		close(p.left)
		// Only the reading ends of pipes: there is nothing to lose.
		_ = stdout.Close()
		_ = stderr.Close()
	})
	<-heard
	<-logged
	if timer.Stop() {
		_ = stdout.Close()
		_ = stderr.Close()
	}
}

// listen decodes the helper's lines to the end, and kills a helper that breaks the protocol.
func (p *process) listen(stdout io.Reader, events chan<- Event) {
	lines := newLineReader(stdout)
	if err := p.greet(lines); err != nil {
		p.refuse(err, stdout)
		return
	}
	for {
		line, err := lines.next()
		if errors.Is(err, errTooLong) {
			p.refuse(err, stdout)
			return
		}
		if err != nil {
			return
		}
		var message incoming
		failed := json.Unmarshal(line, &message)
		// It may hold a secret, and is the reader's buffer, which lives as long as the helper.
		clear(line)
		if failed != nil {
			// The decoder's error may quote the line.
			p.refuse(errors.New("a line is not JSON"), stdout)
			return
		}
		switch {
		case message.ID != nil && message.Event == "":
			select {
			case p.replies <- message:
			default:
				p.refuse(errors.New("an unexpected reply"), stdout)
				return
			}
		case message.ID == nil && message.Event != "":
			select {
			case events <- Event{Name: message.Event, Data: message.Data}:
			case <-p.left:
				return
			}
		default:
			p.refuse(errors.New("a line is neither a reply nor an event"), stdout)
			return
		}
	}
}

// greet reads the hello. No output at all is no error here: the end of the process reports it.
func (p *process) greet(lines lineReader) error {
	line, err := lines.next()
	if errors.Is(err, errTooLong) {
		return err
	}
	if err != nil {
		return nil
	}
	var said hello
	if json.Unmarshal(line, &said) != nil || said.Hello == "" {
		return errors.New("its first line is no hello")
	}
	p.hello <- said
	return nil
}

// refuse kills the helper for a broken line, and drains its output, so that it does not block in a
// write.
func (p *process) refuse(err error, stdout io.Reader) {
	p.broken <- fmt.Errorf("%w: %w", ErrProtocol, err)
	p.tether.kill()
	_, _ = io.Copy(io.Discard, stdout)
}

// exchange sends a request and waits for its reply.
func (p *process) exchange(ctx context.Context, id uint64, line []byte) (incoming, error) {
	// A helper that does not read must not delay the end of ctx. The writer ends with the process
	// at the latest.
	written := make(chan error, 1)
	go func() {
		_, err := p.stdin.Write(line)
		clear(line) // it may hold a secret
		written <- err
	}()
	for {
		select {
		case made := <-p.replies:
			return p.match(id, made)
		case <-p.gone:
			// It may have answered before it ended.
			select {
			case made := <-p.replies:
				return p.match(id, made)
			default:
				return incoming{}, p.crash()
			}
		case err := <-p.broken:
			return incoming{}, p.endedFor(err)
		case <-ctx.Done():
			return incoming{}, ctx.Err()
		case err := <-written:
			if err != nil {
				// The helper no longer reads, so it cannot go on.
				p.tether.kill()
			}
			written = nil
		}
	}
}

func (p *process) match(id uint64, made incoming) (incoming, error) {
	if *made.ID != id {
		return incoming{}, p.endedFor(fmt.Errorf("%w: a reply has the id of another request", ErrProtocol))
	}
	return made, nil
}

// crash returns the error of a process that has ended: the fault in its output, if any, else its
// exit status.
func (p *process) crash() error {
	select {
	case err := <-p.broken:
		return err
	default:
		return fmt.Errorf("%w: %s", ErrCrashed, p.status)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// stop asks the helper to end by closing its stdin, and kills it if it does not.
func (p *process) stop(patience time.Duration) error {
	// The other end may be closed already.
	_ = p.stdin.Close()
	select {
	case <-p.gone:
		return nil
	case <-time.After(patience):
		return p.kill()
	}
}

// endedFor kills the process for the error that it returns.
func (p *process) endedFor(err error) error {
	if failed := p.kill(); failed != nil {
		return fmt.Errorf("%w (and %w)", err, failed)
	}
	return err
}

// kill ends the process and waits until it is gone.
func (p *process) kill() error {
	p.tether.kill()
	_ = p.stdin.Close()
	select {
	case <-p.gone:
		return nil
	case <-time.After(killed):
		return fmt.Errorf("helper %s does not end although it was killed", p.name)
	}
}
