//go:build !windows && !darwin

package workstation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	// callLimit bounds the wait for an answer. The service called makes no further call.
	callLimit = 5 * time.Second
	// connectLimit is the longest wait for a connection: a bus that hangs still takes one.
	connectLimit = 10 * time.Second
	// maxSignals is the most signals that wait. There are a few in a day.
	maxSignals = 64

	busName    = "org.freedesktop.DBus"
	properties = "org.freedesktop.DBus.Properties"
)

var (
	errConnecting = errors.New("not asked yet")
	errLost       = errors.New("the connection was lost")
	errNewOwner   = errors.New("the service was started or ended")
)

// bus is one of the two message buses.
type bus struct {
	name string
	// address finds the bus. godbus must not, since it would start a session bus without an end.
	address func() (string, error)
	// serve works with a connection until it is lost, ctx ends, or there is a reason to connect
	// anew. It calls line.serve once it has subscribed to everything.
	serve func(ctx context.Context, line *line) error
	// lost says why there is no connection.
	lost func(error)
	// times have the pauses between two attempts.
	times times
}

// attend connects, serves and connects again until the context ends.
func (b bus) attend(ctx context.Context) {
	pause := b.times.retryMin
	for {
		line, err := b.connect(ctx)
		if err == nil {
			err = b.serve(ctx, line)
			line.close()
			if line.settled {
				pause = b.times.retryMin
			}
		}
		if ctx.Err() != nil {
			return
		}
		b.lost(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, b.times.retryMax)
	}
}

// connect opens a private connection. The one that Fyne and godbus share may be busy or be closed.
func (b bus) connect(ctx context.Context) (*line, error) {
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	line := &line{listener: &listener{signals: make(chan *dbus.Signal, maxSignals)}}
	var err error
	if line.conn, err = sessionbus.Connect(limited, b.address, dbus.WithSignalHandler(line.listener)); err != nil {
		return nil, fmt.Errorf("could not connect to the %s bus: %w", b.name, err)
	}
	return line, nil
}

// line is a connection, with the signals that come over it.
type line struct {
	conn    *dbus.Conn
	settled bool
	// held is closed when what waits for a Release may go on. It is nil as long as nothing waits.
	held <-chan struct{}
	*listener
}

// serve calls take for each signal, and release when held is closed, until the connection is lost, ctx
// ends or one of them returns an error.
func (l *line) serve(ctx context.Context, take func(context.Context, *dbus.Signal) error, release func(context.Context) error) error {
	l.settled = true
	for {
		var err error
		select {
		case signal, open := <-l.signals:
			if !open {
				return errLost
			}
			err = take(ctx, signal)
		case <-l.held:
			l.held = nil
			err = release(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

func (l *line) close() { _ = l.conn.Close() } // the bus may have closed it already

// call calls a method of a running service; it starts none. The results are stored in into.
func (l *line) call(ctx context.Context, service string, path dbus.ObjectPath, method string, arguments []any, into ...any) error {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	call := l.conn.Object(service, path).CallWithContext(limited, method, dbus.FlagNoAutoStart, arguments...)
	if err := call.Store(into...); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

func (l *line) callBus(ctx context.Context, method string, arguments []any, into ...any) error {
	return l.call(ctx, busName, "/org/freedesktop/DBus", busName+"."+method, arguments, into...)
}

// owner is the unique name of the connection that a service has, empty if it does not run.
func (l *line) owner(ctx context.Context, service string) (string, error) {
	var owner string
	err := l.callBus(ctx, "GetNameOwner", []any{service}, &owner)
	if sessionbus.IsAnswer(err, "org.freedesktop.DBus.Error.NameHasNoOwner") {
		return "", nil
	}
	return owner, err
}

func (l *line) listen(ctx context.Context, options ...dbus.MatchOption) error {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if err := l.conn.AddMatchSignalContext(limited, options...); err != nil {
		return fmt.Errorf("could not ask for signals: %w", err)
	}
	return nil
}

// listenForOwner subscribes to the start and end of a service.
func (l *line) listenForOwner(ctx context.Context, service string) error {
	return l.listen(ctx, dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service))
}

// newOwner returns the service that has started or ended, and reports whether the signal is about
// that.
func newOwner(signal *dbus.Signal) (service, owner string, ok bool) {
	var before string
	if signal.Sender != busName || signal.Name != busName+".NameOwnerChanged" ||
		dbus.Store(signal.Body, &service, &before, &owner) != nil {
		return "", "", false
	}
	return service, owner, true
}

// listener receives signals in order, which godbus's own does not promise, and keeps at most
// maxSignals: a flood ends them as the end of the connection does, and the state is read again over
// a new one.
type listener struct {
	mutex   sync.Mutex
	closed  bool
	signals chan *dbus.Signal
}

var (
	_ dbus.SignalHandler = (*listener)(nil)
	_ dbus.Terminator    = (*listener)(nil)
)

// DeliverSignal is called by the goroutine that reads from the bus. It must not block, or no call
// is answered.
func (l *listener) DeliverSignal(_, _ string, signal *dbus.Signal) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed {
		return
	}
	select {
	case l.signals <- signal:
	default:
		l.end()
	}
}

// Terminate is called at the end of the connection. What came before can still be received.
func (l *listener) Terminate() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.end()
}

// end ends the signals. The caller holds mutex.
func (l *listener) end() {
	if !l.closed {
		l.closed = true
		close(l.signals)
	}
}
