//go:build !windows && !darwin

package instance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// The instance's name on the session bus, and the method by which a second start hands it one end
// of a socket pair, over which both speak the same protocol.
const (
	busName   = "io.github.ers_login.ErsLogin"
	busPath   = dbus.ObjectPath("/io/github/ers_login/ErsLogin")
	busAttach = "Attach"
	busCheck  = busName + ".KeyringCheck" // owned by a check of the keyring

	busService = "org.freedesktop.DBus"
)

const (
	// busTime is how long the bus, or the owner of the name, may take to answer.
	busTime = 3 * time.Second
	// reclaimPause is how long a bus that was lost is left alone before it is looked for again.
	reclaimPause = 2 * time.Second
)

// notListening is the error of Attach while its owner has no handler yet, or none any more.
var notListening = dbus.NewError(busName+".Error.NotListening", nil)

// nameClaim is the name on the session bus. The keyring is reached over the same bus, so programs
// that share one share the other, whatever the environment. The bus releases the name when the
// process ends.
type nameClaim struct {
	name    string
	address busAddress

	mutex sync.Mutex
	conn  *dbus.Conn
	admit func(net.Conn) // nil while nothing listens

	ending chan struct{}
	kept   sync.WaitGroup
}

// busOf is the session bus of a process with this environment; nil is this process's own.
func busOf(environ []string) busAddress {
	return func() (string, error) { return sessionbus.AddressIn(environ) }
}

// claimName claims the name on the bus at an address. It is errHeld if another process has it, and
// nil without an error where there is no bus: the keyring cannot be reached there either.
func claimName(ctx context.Context, name string, address busAddress) (*nameClaim, error) {
	c := &nameClaim{name: name, address: address, ending: make(chan struct{})}
	conn, err := c.acquire(ctx)
	if errors.Is(err, sessionbus.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.conn = conn
	c.kept.Go(func() { c.keep(conn) })
	return c, nil
}

func (c *nameClaim) acquire(ctx context.Context) (*dbus.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, busTime)
	defer cancel()
	conn, err := sessionbus.Connect(limited, c.address)
	if err != nil {
		return nil, err
	}
	if err := conn.ExportMethodTable(map[string]any{busAttach: c.attach}, busPath, busName); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var reply dbus.RequestNameReply
	call := conn.BusObject().CallWithContext(limited, busService+".RequestName", 0, c.name, uint32(dbus.NameFlagDoNotQueue))
	if err := call.Store(&reply); err != nil {
		var owned bool
		asked := conn.BusObject().CallWithContext(limited, busService+".NameHasOwner", 0, c.name).Store(&owned)
		if sessionbus.IsAnswer(err, "org.freedesktop.DBus.Error.AccessDenied") && asked == nil && !owned {
			// A confined program that may not own the name: the file alone has to do.
			err = fmt.Errorf("%w for us: %w", sessionbus.ErrNone, err)
		}
		return nil, errors.Join(fmt.Errorf("could not claim %s on the session bus: %w", c.name, err), conn.Close())
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		_ = conn.Close() // it has nothing to say any more
		return nil, errHeld
	}
	return conn, nil
}

// keep claims the name again after the bus was lost, as when it was started anew.
func (c *nameClaim) keep(conn *dbus.Conn) {
	for {
		select {
		case <-c.ending:
			return
		case <-conn.Context().Done():
		}
		select {
		case <-c.ending:
			return
		case <-time.After(reclaimPause):
		}
		again, err := c.acquire(context.Background())
		if err != nil {
			// Another process may have taken the name meanwhile. This one tries again when that has
			// ended.
			continue
		}
		c.mutex.Lock()
		c.conn, conn = again, again
		c.mutex.Unlock()
	}
}

// attach takes the socket of a second start.
func (c *nameClaim) attach(descriptor dbus.UnixFD) *dbus.Error {
	file := os.NewFile(uintptr(descriptor), "second start") //nolint:gosec // G115: a descriptor
	if file == nil {
		return notListening
	}
	client, err := connection(file)
	if err != nil {
		return notListening
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.admit == nil || sameUser(client) != nil {
		_ = client.Close() // its caller gets the error
		return notListening
	}
	c.admit(client)
	return nil
}

// serve hands clients to admit from now on; nil sends them away.
func (c *nameClaim) serve(admit func(net.Conn)) {
	if c == nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.admit = admit
}

// close gives the name back.
func (c *nameClaim) close() {
	if c == nil {
		return
	}
	close(c.ending)
	c.kept.Wait()
	_ = c.conn.Close() // the bus may have closed it already
}

// dialName connects to the owner of the name: errNoListener if there is none, or it does not
// listen.
func dialName(ctx context.Context) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, busTime)
	defer cancel()
	conn, err := sessionbus.Connect(limited, sessionbus.Address)
	if errors.Is(err, sessionbus.ErrNone) {
		return nil, fmt.Errorf("%w: %w", errNoListener, err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // all is said by then
	var user uint32
	err = conn.BusObject().CallWithContext(limited, busService+".GetConnectionUnixUser", 0, busName).Store(&user)
	if err != nil {
		return nil, ownerError(err)
	}
	if int(user) != os.Geteuid() {
		return nil, fmt.Errorf("the owner of %s: %w (%d)", busName, errForeign, user)
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }() // the owner has a copy by then
	err = conn.Object(busName, busPath).CallWithContext(limited, busName+"."+busAttach, dbus.FlagNoAutoStart,
		dbus.UnixFD(theirs.Fd())).Err //nolint:gosec // G115: a descriptor
	if err != nil {
		return nil, errors.Join(ownerError(err), ours.Close())
	}
	return ours, nil
}

// ownerError distinguishes an owner that is gone, or does not listen, from one that hangs.
func ownerError(err error) error {
	if sessionbus.IsAnswer(err, notListening.Name, "org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NoReply") {
		return fmt.Errorf("%w on the session bus: %w", errNoListener, err)
	}
	return fmt.Errorf("could not reach the owner of %s: %w", busName, err)
}

// socketPair returns two connected sockets.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs = os.NewFile(uintptr(pair[1]), "socket")
	if ours, err = connection(os.NewFile(uintptr(pair[0]), "socket")); err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// connection returns that of a socket, whose file it closes.
func connection(file *os.File) (net.Conn, error) {
	defer func() { _ = file.Close() }() // the connection has a duplicate
	return net.FileConn(file)
}
