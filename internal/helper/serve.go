package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Handler answers one call. Its result is sent as JSON. An error with a [CallError] in its chain is
// sent as that, any other as [CodeFailed] with its text, which must hold no secret. The context
// ends with the parent.
type Handler func(ctx context.Context, params json.RawMessage) (result any, err error)

// Handlers are the calls of a helper by name.
type Handlers map[string]Handler

// grace is how long a call under way may take to come to an end after the parent has gone.
const grace = time.Second

// Serve is a helper: it writes its hello to w and answers the requests from r, until r or ctx ends.
// Events from the channel, which may be nil, are sent between the replies, in their order. A panic
// of a handler or a broken request gives an error reply. A call under way at the end has a second to
// return, and is then left behind: the caller should exit. The error is nil at the end of r or ctx,
// else that of r or w.
func Serve(ctx context.Context, r io.Reader, w io.Writer, name, version string, handlers Handlers, events <-chan Event) error {
	outer := ctx
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	s := &server{handlers: handlers, out: w, fail: cancel}
	s.write(hello{Hello: name, Protocol: Protocol, Version: version})

	requests := make(chan request, 1)
	go s.read(ctx, r, requests)
	go s.forward(ctx, events)
	for {
		select {
		case <-ctx.Done():
			if outer.Err() != nil || errors.Is(context.Cause(ctx), errParentGone) {
				return nil
			}
			return context.Cause(ctx)
		case next := <-requests:
			s.answer(ctx, next)
		}
	}
}

// errParentGone is the regular end.
var errParentGone = errors.New("the parent has gone")

type server struct {
	handlers Handlers
	fail     context.CancelCauseFunc

	writing sync.Mutex
	out     io.Writer
}

// read passes the requests on, and notices the parent's end while a call hangs: the supervisor sends
// the next one only after the reply.
func (s *server) read(ctx context.Context, r io.Reader, requests chan<- request) {
	lines := newLineReader(r)
	for {
		line, err := lines.next()
		if errors.Is(err, errTooLong) {
			s.refuse(0, CodeMalformed, errTooLong.Error())
			continue
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
				err = errParentGone
			}
			s.fail(err)
			return
		}
		var next request
		if err := json.Unmarshal(line, &next); err != nil || next.ID == 0 {
			s.refuse(0, CodeMalformed, "the line is not a request")
			continue
		}
		select {
		case requests <- next:
		case <-ctx.Done():
			return
		}
	}
}

func (s *server) forward(ctx context.Context, events <-chan Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-events:
			if !open {
				return
			}
			s.write(event)
		}
	}
}

// answer runs one call and sends its reply, unless the parent goes before it returns.
func (s *server) answer(ctx context.Context, next request) {
	replies := make(chan reply, 1)
	go func() { replies <- s.call(ctx, next) }()
	select {
	case made := <-replies:
		s.write(made)
		return
	case <-ctx.Done():
	}
	select {
	case <-replies:
	case <-time.After(grace):
	}
}

func (s *server) call(ctx context.Context, next request) (made reply) {
	refused := func(code, message string) reply {
		return reply{ID: next.ID, Error: &CallError{Code: code, Message: message}}
	}
	handler, known := s.handlers[next.Call]
	if !known {
		return refused(CodeUnknownCall, "there is no such call")
	}
	defer func() {
		if value := recover(); value != nil {
			made = refused(CodePanic, panicText(value))
		}
	}()
	result, err := handler(ctx, next.Params)
	var failed *CallError
	if errors.As(err, &failed) {
		return reply{ID: next.ID, Error: failed.bounded()}
	}
	if err != nil {
		return refused(CodeFailed, clean(err.Error(), 500))
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		// The encoder's error may quote the value.
		return refused(CodeFailed, "the result cannot be written as JSON")
	}
	return reply{ID: next.ID, Result: encoded}
}

func (s *server) refuse(id uint64, code, message string) {
	s.write(reply{ID: id, Error: &CallError{Code: code, Message: message}})
}

// write sends one line. A failure ends the helper: its parent does not read any more.
func (s *server) write(message any) {
	line, err := json.Marshal(message)
	if err != nil {
		s.fail(errors.New("a message cannot be written as JSON"))
		return
	}
	if len(line) >= MaxLine {
		if made, isReply := message.(reply); isReply {
			s.refuse(made.ID, CodeTooLong, "the result does not fit into a line")
			return
		}
		s.fail(errTooLong)
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	line = append(line, '\n')
	// It may hold a secret.
	defer clear(line)
	if _, err := s.out.Write(line); err != nil {
		s.fail(fmt.Errorf("write to the parent: %w", err))
	}
}

// panicText describes a panic without its value, which may hold a secret, unless the runtime made
// it.
func panicText(value any) string {
	text := fmt.Sprintf("panic with a %T", value)
	var made runtime.Error
	if err, isError := value.(error); isError && errors.As(err, &made) {
		text = "panic: " + made.Error()
	}
	// The frames of a stack are: this function, the deferred one, the runtime's own, then where it happened.
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !inRuntime {
			return fmt.Sprintf("%s at %s:%d", text, filepath.Base(frame.File), frame.Line)
		}
		panicking = panicking || inRuntime
		if !more {
			return text
		}
	}
}
