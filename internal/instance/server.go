package instance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxClients bounds the clients served at a time, maxWaiters those of them that wait for a
	// sign-in, perhaps for hours, so that there is room to sign out. The next one is refused as
	// [Busy].
	maxClients, maxWaiters = 64, 16
	// askTime bounds reading a request, answerTime writing the answer. Clients are this program.
	askTime, answerTime = 2 * time.Second, 2 * time.Second
	// handleTime bounds the handler for requests without Wait.
	handleTime = 3 * time.Second
	// closeTime bounds how long [Lock.Release] waits for clients without a request, and for
	// handlers whose context has ended.
	closeTime = 3 * time.Second
	// acceptPause keeps accept from spinning on errors, as for lack of file descriptors.
	acceptPause = time.Second
)

// errForeign: the object belongs to another user.
var errForeign = errors.New("it belongs to another user")

// Handler handles a second start's request. It is called from several goroutines. ctx ends when the
// client leaves, when the lock is released, and after three seconds unless the request has Wait;
// the handler must return then. It must not call [Lock.Release], which waits for it. A handler
// about to release the lock answers [Leaving].
type Handler func(ctx context.Context, request Request) Answer

// Listen answers other starts from now on, until the lock is released. report receives the failures
// of single connections, from several goroutines. After an error other starts reach this one by its
// name on the session bus alone, or else return [Unreachable].
func (l *Lock) Listen(handler Handler, report func(error)) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.server != nil {
		return errors.New("this instance listens already")
	}
	var listener net.Listener
	var err error
	if l.file != nil { // else clients come over the session bus alone
		if listener, err = listen(l.path); err != nil {
			err = fmt.Errorf("could not listen for other starts: %w", err)
		}
	}
	l.server = newServer(listener, handler, report)
	l.name.serve(l.server.admit)
	l.also.serve(l.server.admit)
	return err
}

type server struct {
	listener net.Listener // nil if there is none
	handler  Handler
	report   func(error)

	ctx     context.Context
	cancel  context.CancelFunc
	clients chan struct{}  // has one for each client
	waiters chan struct{}  // has one for each client that waits for a sign-in
	work    sync.WaitGroup // clients and the loop
}

func newServer(listener net.Listener, handler Handler, report func(error)) *server {
	s := &server{
		listener: listener, handler: handler, report: report,
		clients: make(chan struct{}, maxClients), waiters: make(chan struct{}, maxWaiters),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if listener != nil {
		s.work.Go(s.run)
	}
	return s
}

// close ends the server: it accepts no more clients, then answers the present ones.
func (s *server) close() error {
	s.cancel()
	var err error
	if s.listener != nil {
		if err = s.listener.Close(); err != nil {
			err = fmt.Errorf("could not stop listening for other starts: %w", err)
		}
	}
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-time.After(closeTime):
		return errors.Join(err, errors.New("another start is still being answered"))
	}
}

// run lets clients in.
func (s *server) run() {
	for {
		client, err := s.listener.Accept()
		switch {
		case err == nil:
			if err := sameUser(client); err != nil {
				s.report(errors.Join(fmt.Errorf("turned a client away: %w", err), client.Close()))
				continue
			}
			s.admit(client)
		case s.ctx.Err() != nil:
			return
		default:
			s.report(fmt.Errorf("could not let another start in: %w", err))
			select {
			case <-time.After(acceptPause):
			case <-s.ctx.Done():
			}
		}
	}
}

// admit serves a client, if it is not one too many.
func (s *server) admit(client net.Conn) {
	select {
	case s.clients <- struct{}{}:
		s.work.Go(func() {
			defer func() { <-s.clients }()
			s.note(s.serve(client))
		})
	default:
		// A line fits into an empty connection, so this does not block.
		s.note(errors.Join(s.answer(client, Answer{Code: Busy.Code}), client.Close()))
	}
}

// serve reads a client's request and answers it.
func (s *server) serve(client net.Conn) (err error) {
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := client.SetReadDeadline(time.Now().Add(askTime)); err != nil {
		return err
	}
	request, refusal, err := readQuestion(bufio.NewReaderSize(client, maxLine))
	switch {
	case err != nil:
		return fmt.Errorf("a client did not ask: %w", err)
	case refusal != "":
		return s.answer(client, Answer{Code: refusal})
	case request.waitsForSignIn():
		select {
		case s.waiters <- struct{}{}:
			defer func() { <-s.waiters }()
		default:
			return s.answer(client, Answer{Code: Busy.Code})
		}
	}
	if request.Wait {
		if err := s.write(client, Answer{}, true); err != nil {
			return err
		}
	}
	if err := client.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	return s.answer(client, s.handle(client, request))
}

// handle calls the handler with a context that ends with the client. A client sends nothing more:
// any further read means that it is gone, or breaks the protocol.
func (s *server) handle(client net.Conn, request Request) Answer {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	if !request.Wait {
		ctx, cancel = context.WithTimeout(ctx, handleTime)
		defer cancel()
	}
	s.work.Go(func() {
		_, _ = client.Read(make([]byte, 1)) // ends at the latest when serve closes the client
		cancel()
	})
	return s.handler(ctx, request)
}

func (s *server) answer(client net.Conn, answer Answer) error { return s.write(client, answer, false) }

func (s *server) write(client net.Conn, answer Answer, waiting bool) error {
	if err := client.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if err := writeReply(client, answer, waiting); err != nil {
		return fmt.Errorf("could not answer a client: %w", err)
	}
	return nil
}

func (s *server) note(err error) {
	if err != nil {
		s.report(err)
	}
}
