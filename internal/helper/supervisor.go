package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Settings configure a [Supervisor]: the helper, and the receivers of its events and lines.
type Settings struct {
	// Name is what the helper must call itself in its hello.
	Name string
	// Version is the version that the helper must report, or else it is refused with
	// [ErrOtherVersion]. Empty accepts any.
	Version string
	// Command is the program's full path, and its arguments. Other users can read arguments: no
	// secret may be there.
	Command []string
	// Env is the helper's environment; nil is this program's own.
	Env []string
	// Dir is the helper's working folder; empty is this program's own.
	Dir string
	// ChildrenStay lets the processes that the helper starts outlive it. Otherwise the helper's job
	// object ends them, on Windows; on Linux and macOS it changes nothing.
	ChildrenStay bool
	// Stderr receives the helper's stderr, line by line: cut at 1,000 characters, without control
	// characters and at most some twenty lines a second. It must return soon. Nil drops the lines.
	Stderr func(line string)
	// Event receives the helper's events in order, one at a time. While it runs, up to 64 more
	// wait, and then the helper blocks, so it must not Call the same helper. Nil drops the events.
	Event func(Event)
	// HelloTimeout bounds the time from the start of the process to its hello; 0 means 10 s.
	HelloTimeout time.Duration
	// CancelTimeout is how long a helper may take to end when a call is cancelled: its stdin is
	// closed, so that it can undo what it has begun, and after that time it is killed. 0 kills it
	// at once.
	CancelTimeout time.Duration
	// StopTimeout is how long a helper whose stdin was closed may take to end before it is killed; 0 means 2 s.
	StopTimeout time.Duration
	// Clock times the back-off between two starts; nil is the wall clock.
	Clock Clock
}

// Clock is the time as the back-off needs it.
type Clock interface {
	Now() time.Time
	// Sleep waits until d has passed, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// The back-off between two starts of a failing helper: none after the first failure, which is
// mostly the only one, then doubling up to a bound.
const (
	backoffFirst = 250 * time.Millisecond
	backoffMost  = 10 * time.Second
)

// Supervisor runs one helper process, started on demand and again after it has ended. It is safe
// for concurrent use; calls are made one at a time.
type Supervisor struct {
	settings Settings

	// turn guards the fields below.
	turn    chan struct{}
	running *process
	lastID  uint64
	// backoff is how long the next failure delays the next start, notUntil when that may be.
	backoff  time.Duration
	notUntil time.Time

	closing sync.Once
	closed  chan struct{}
}

// New makes a supervisor. Nothing is started yet.
func New(settings Settings) *Supervisor {
	if settings.HelloTimeout <= 0 {
		settings.HelloTimeout = 10 * time.Second
	}
	if settings.StopTimeout <= 0 {
		settings.StopTimeout = 2 * time.Second
	}
	if settings.Clock == nil {
		settings.Clock = wallClock{}
	}
	return &Supervisor{settings: settings, turn: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Start starts the helper unless it runs, and waits for its hello. [Supervisor.Call] does so
// itself; call Start to keep the start out of a call's deadline.
func (s *Supervisor) Start(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	return s.ensure(ctx)
}

// Call asks the helper and decodes its answer into result, unless that is nil. Calls wait for their
// turn. The error is the helper's answer as a [*CallError], or one of [ErrNotStarted],
// [ErrCrashed], [ErrProtocol], [ErrClosed].
//
// If ctx ends during the call, the helper is ended (see CancelTimeout), the only way to cancel, and
// the error is [ErrEnded]; then, and if ctx ends earlier, the error of ctx is in the chain. The
// next call starts the helper again.
func (s *Supervisor) Call(ctx context.Context, call string, params, result any) error {
	encoded, err := json.Marshal(params)
	if err != nil {
		// The encoder's error may quote the value.
		return fmt.Errorf("parameters of %s cannot be written as JSON", call)
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	if err := s.ensure(ctx); err != nil {
		return err
	}
	answer, err := s.exchange(ctx, call, encoded)
	if err != nil {
		return fmt.Errorf("%s of helper %s: %w", call, s.settings.Name, err)
	}
	// Both may hold a secret.
	defer clear(answer)
	clear(encoded)
	if result == nil {
		return nil
	}
	if json.Unmarshal(answer, result) != nil {
		// The decoder's error may quote the value.
		return fmt.Errorf("%s of helper %s: %w: the result is of another kind", call, s.settings.Name, ErrProtocol)
	}
	return nil
}

// Stop ends the helper after the call under way, if it runs: its stdin is closed, and it is killed
// if it does not end then. The next call starts it again.
func (s *Supervisor) Stop(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.release()
	return s.end(s.settings.StopTimeout)
}

// Close ends the helper as [Supervisor.Stop] does, and for good. A call under way fails with
// [ErrClosed]. The error means that the process could not be ended.
func (s *Supervisor) Close() error {
	s.closing.Do(func() { close(s.closed) })
	s.turn <- struct{}{}
	defer s.release()
	return s.end(s.settings.StopTimeout)
}

func (s *Supervisor) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("helper %s: %w", s.settings.Name, err)
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for helper %s: %w", s.settings.Name, ctx.Err())
	case <-s.closed:
		return ErrClosed
	}
	select {
	case <-s.closed:
		s.release()
		return ErrClosed
	default:
		return nil
	}
}

func (s *Supervisor) release() { <-s.turn }

// ensure starts the helper unless it runs, after the back-off that its failures have earned.
func (s *Supervisor) ensure(ctx context.Context) error {
	if s.running != nil && s.running.ended() {
		s.failed()
	}
	if s.running != nil {
		return nil
	}
	ctx, cancel := s.untilClosed(ctx)
	defer cancel()
	if wait := s.notUntil.Sub(s.settings.Clock.Now()); wait > 0 {
		if err := s.settings.Clock.Sleep(ctx, wait); err != nil {
			return s.given(ctx, fmt.Errorf("waiting to start helper %s again: %w", s.settings.Name, err))
		}
	}
	started, err := start(ctx, s.settings)
	if err != nil {
		if ctx.Err() != nil {
			return s.given(ctx, err)
		}
		s.failed()
		return err
	}
	s.running = started
	return nil
}

// exchange sends one request and waits for its reply. Without one it ends the helper.
func (s *Supervisor) exchange(ctx context.Context, call string, params json.RawMessage) (json.RawMessage, error) {
	s.lastID++
	line, err := json.Marshal(request{ID: s.lastID, Call: call, Params: params})
	if err != nil {
		return nil, errors.New("the request cannot be written as JSON")
	}
	if len(line) >= MaxLine {
		return nil, errTooLong
	}
	ctx, cancel := s.untilClosed(ctx)
	defer cancel()
	made, err := s.running.exchange(ctx, s.lastID, append(line, '\n'))
	if errors.Is(context.Cause(ctx), ErrClosed) && err != nil {
		// Close waits for its turn, and ends the helper.
		return nil, ErrClosed
	}
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%w: %w", ErrEnded, ctx.Err())
		if failed := s.end(s.settings.CancelTimeout); failed != nil {
			err = fmt.Errorf("%w (and %w)", err, failed)
		}
		return nil, err
	}
	if err != nil {
		s.failed()
		return nil, err
	}
	s.backoff = 0
	if made.Error != nil {
		return nil, made.Error.bounded()
	}
	return made.Result, nil
}

// failed records for the back-off that the helper has ended unexpectedly.
func (s *Supervisor) failed() {
	s.running = nil
	s.notUntil = s.settings.Clock.Now().Add(s.backoff)
	s.backoff = min(max(backoffFirst, 2*s.backoff), backoffMost)
}

// end ends the helper, if it runs: at once without patience.
func (s *Supervisor) end(patience time.Duration) error {
	if s.running == nil {
		return nil
	}
	running := s.running
	s.running = nil
	if patience <= 0 {
		return running.kill()
	}
	return running.stop(patience)
}

// untilClosed is a context that also ends when the supervisor is closed.
func (s *Supervisor) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.closed:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// given is the error of a call that its context has ended: ErrClosed if that is why.
func (s *Supervisor) given(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), ErrClosed) {
		return ErrClosed
	}
	return err
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
