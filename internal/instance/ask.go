package instance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	// replyTime bounds the wait for the first line of an answer: reading and handling the request
	// take less.
	replyTime = askTime + handleTime + time.Second
	// patience is how long [Join] waits for an instance that does not listen yet, or not any more.
	patience = 10 * time.Second
	// retryPause is how long it waits before it looks again.
	retryPause = 50 * time.Millisecond
)

// errNoListener: no instance listens, or it left before it began an answer. The lock may be free.
var errNoListener = errors.New("no instance listens")

// Join takes the lock file at path or, if another process holds it, sends it the request: it
// returns the Lock, or the Answer, or an error of [Take] or [Ask]. It gives an instance that has
// just begun or is about to end ten seconds to listen or to leave, where Take and Ask alone would
// give up.
func Join(ctx context.Context, path string, request Request) (*Lock, Answer, error) {
	enough := time.After(patience)
	for {
		held, err := claim(ctx, busName, busOf(nil), path)
		if err == nil || !errors.Is(err, Running) {
			return held, Answer{}, err
		}
		answer, err := Ask(ctx, path, request)
		// A connection is soon free, except where sign-ins are waited for.
		crowded := errors.Is(err, Busy) && !request.waitsForSignIn()
		if !errors.Is(err, errNoListener) && !errors.Is(err, Leaving) && !crowded {
			return nil, answer, err
		}
		select {
		case <-time.After(retryPause):
		case <-enough:
			return nil, answer, err
		case <-ctx.Done():
			return nil, answer, err
		}
	}
}

// claim claims a name on the session bus, and takes the lock file at path. If the file is unusable,
// the name suffices.
func claim(ctx context.Context, busName string, address busAddress, path string) (*Lock, error) {
	name, err := claimName(ctx, busName, address)
	if err != nil {
		return nil, notTaken(path, err)
	}
	held, err := Take(path)
	switch {
	case err == nil:
		held.name = name
		return held, nil
	case name != nil && errors.Is(err, Unknown):
		return &Lock{path: path, name: name}, nil
	default:
		name.close()
		return nil, err
	}
}

// reach connects to the one instance: to the owner of the name on the session bus or, without one,
// to the holder of the lock, such as an older version.
func reach(ctx context.Context, path string) (net.Conn, error) {
	server, unnamed := dialName(ctx)
	if unnamed == nil || errors.Is(unnamed, errForeign) {
		return server, unnamed
	}
	server, err := dial(ctx, path)
	if err != nil && !errors.Is(unnamed, errNoListener) {
		// The owner of the name is there and does not answer.
		return nil, unnamed
	}
	return server, err
}

// Ask sends a request to the holder of the lock file at path, and lets it raise its window where
// the system requires permission for that. It waits six seconds at most for the answer; after a
// request with Wait, for the announcement of one, and then until ctx ends.
//
// err is nil for an answer that is not OK, unless it is [Busy], [Outdated] or [Leaving]. Other errors
// are [Unreachable], which wraps the context's, and [Unknown] if the listener is another user's.
func Ask(ctx context.Context, path string, request Request) (Answer, error) {
	answer, err := ask(ctx, path, request)
	switch {
	case errors.Is(err, errForeign):
		return Answer{}, unknown(path, err)
	case err != nil:
		return Answer{}, Unreachable.Because(fmt.Errorf("could not ask the first instance: %w", err))
	}
	for _, refusal := range refusals() {
		if answer.Code == refusal.Code {
			return answer, refusal.Because(fmt.Errorf("process %d refused %q", answer.PID, request.Action))
		}
	}
	return answer, nil
}

func ask(ctx context.Context, path string, request Request) (answer Answer, err error) {
	dialling, cancel := context.WithTimeout(ctx, replyTime)
	defer cancel()
	server, err := reach(dialling, path)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = server.Close() }() // all is said by then
	end := time.Now().Add(replyTime)
	if err := errors.Join(server.SetReadDeadline(end), server.SetWriteDeadline(end)); err != nil {
		return Answer{}, err
	}
	giveUp := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer func() {
		if !giveUp() && err != nil {
			err = context.Cause(ctx)
		}
	}()

	// A busy server refuses without reading the request, so that writing it may fail although there
	// is an answer.
	unheard := writeQuestion(server, request)
	lines := bufio.NewReaderSize(server, maxLine)
	said, err := readReply(lines)
	if errors.Is(err, io.EOF) || isReset(err) {
		err = fmt.Errorf("%w any more: %w", errNoListener, err) // it has left, and does not hang
	}
	if err != nil {
		return Answer{}, errors.Join(unheard, err)
	}
	if said.Waiting {
		if err := server.SetReadDeadline(time.Time{}); err != nil {
			return Answer{}, err
		}
		if said, err = readReply(lines); err != nil {
			return Answer{}, fmt.Errorf("it gave no answer: %w", err)
		}
	}
	return said.Answer, nil
}
