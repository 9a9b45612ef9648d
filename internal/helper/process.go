package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

	tether *tether
	// said has what the helper has said: that its hello is the right one, a reply to each request,
	// and what was wrong with its output, if that is why it was killed.
	said chan outcome
	// gone is closed when the process has ended and its output has been read; status is set by
	// then.
	gone   chan struct{}
	status string
	// left is closed when the handler of events takes too long at the end.
	left chan struct{}
}

// outcome is a reply, or why there will be none.
type outcome struct {
	reply incoming
	err   error
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
	case greeted := <-p.said:
		err = greeted.err
	case <-p.gone:
		err = p.lastWords().err
	case <-time.After(settings.HelloTimeout):
		err = errors.New("it did not say hello in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, refused(p.endedFor(err))
	}
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
	stdin, noStdin := command.StdinPipe()
	stdout, noStdout := command.StdoutPipe()
	stderr, noStderr := command.StderrPipe()
	if err := errors.Join(noStdin, noStdout, noStderr); err != nil {
		return nil, fmt.Errorf("open its pipes: %w", err)
	}
	p := &process{
		name: settings.Name, stdin: stdin, said: make(chan outcome, 2), gone: make(chan struct{}), left: make(chan struct{}),
	}
	started, exited := make(chan error, 1), make(chan struct{})
	go p.run(command, settings.ChildrenStay, started, exited)
	if err := <-started; err != nil {
		return nil, err
	}
	p.serve(settings, stdout, stderr, exited)
	return p, nil
}

// serve reads what the process writes, passes its events on, and closes gone once it has exited and
// all of that is read.
func (p *process) serve(settings Settings, stdout, stderr io.ReadCloser, exited <-chan struct{}) {
	events := make(chan Event, queue)
	heard, logged := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(heard)
		defer close(events)
		p.listen(stdout, settings, events)
	}()
	go func() {
		defer close(logged)
		relay(stderr, settings.Stderr)
	}()
	go func() {
		for event := range events {
			if settings.Event != nil {
				settings.Event(event)
			}
		}
	}()
	go func() {
		<-exited
		p.tether.kill()
		p.tether.release()
		// A process that the helper has left may hold the other ends open.
		timer := time.AfterFunc(drain, func() {
			close(p.left)
			_ = stdout.Close()
			_ = stderr.Close()
		})
		<-heard
		<-logged
		timer.Stop()
		for _, pipe := range []io.Closer{p.stdin, stdout, stderr} {
			_ = pipe.Close()
		}
		close(p.gone)
	}()
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
	// Not command.Wait, which would close the pipes before what a crashed helper said last is read.
	state, _ := command.Process.Wait()
	p.status = state.String()
	close(exited)
}

// listen decodes the helper's lines to the end, and kills a helper that breaks the protocol.
func (p *process) listen(stdout io.Reader, settings Settings, events chan<- Event) {
	lines := newLineReader(stdout)
	var fault error
	for greeted := false; fault == nil; greeted = true {
		line, err := lines.next()
		switch {
		case errors.Is(err, errTooLong):
			fault = fmt.Errorf("%w: %w", ErrProtocol, err)
		case err != nil:
			return // the end of the process reports it
		case greeted:
			fault = p.take(line, events)
		default:
			fault = p.greet(line, settings)
		}
		// It may hold a secret, and is the reader's buffer, which lives as long as the helper.
		clear(line)
	}
	p.said <- outcome{err: fault}
	p.tether.kill()
	// Until then it must not block in a write.
	_, _ = io.Copy(io.Discard, stdout)
}

// greet takes the hello.
func (p *process) greet(line []byte, settings Settings) error {
	var said hello
	if json.Unmarshal(line, &said) != nil || said.Hello == "" {
		return fmt.Errorf("%w: its first line is no hello", ErrProtocol)
	}
	if err := said.check(settings); err != nil {
		return err
	}
	p.said <- outcome{}
	return nil
}

// take takes a line after the hello.
func (p *process) take(line []byte, events chan<- Event) error {
	var message incoming
	if json.Unmarshal(line, &message) != nil {
		// The decoder's error may quote the line.
		return fmt.Errorf("%w: a line is not JSON", ErrProtocol)
	}
	switch {
	case message.ID != nil && message.Event == "" && len(p.said) == 0:
		p.said <- outcome{reply: message}
	case message.ID == nil && message.Event != "":
		select {
		case events <- Event{Name: message.Event, Data: message.Data}:
		case <-p.left:
		}
	default:
		return fmt.Errorf("%w: a line is neither an event nor the reply to a request", ErrProtocol)
	}
	return nil
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
		case said := <-p.said:
			return p.match(id, said)
		case <-p.gone:
			return p.match(id, p.lastWords())
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

func (p *process) match(id uint64, said outcome) (incoming, error) {
	if said.err == nil && *said.reply.ID != id {
		said.err = fmt.Errorf("%w: a reply has the id of another request", ErrProtocol)
	}
	if said.err != nil {
		return incoming{}, p.endedFor(said.err)
	}
	return said.reply, nil
}

// lastWords returns what a process has said before it ended, or else its exit status.
func (p *process) lastWords() outcome {
	select {
	case said := <-p.said:
		return said
	default:
		return outcome{err: fmt.Errorf("%w: %s", ErrCrashed, p.status)}
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
