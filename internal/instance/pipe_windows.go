package instance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pipeBuffer is how many unread bytes a pipe holds: the longest line.
const pipeBuffer = maxLine

// pipe is a net.Listener. One instance of it is always ready for the next client, which otherwise
// could not distinguish a busy server from a missing one.
type pipe struct {
	name       *uint16
	attributes *windows.SecurityAttributes
	// next is the instance that waits for a client, or 0.
	next windows.Handle
	// connected and stop are event handles: a client has connected; no more clients are accepted.
	connected, stop windows.Handle
	// accepting is held by Accept, and closed is set by Close.
	accepting sync.Mutex
	closed    bool
}

// pipeConn is a connection. Its ends have no addresses.
type pipeConn struct{ *os.File }

func (pipeConn) LocalAddr() net.Addr  { return nil }
func (pipeConn) RemoteAddr() net.Addr { return nil }
func (*pipe) Addr() net.Addr          { return nil }

// listen creates the pipe. The caller holds the lock, and a pipe ends with its process: an existing
// one is not this program's.
func listen(lock string) (net.Listener, error) {
	user, err := currentUser()
	if err != nil {
		return nil, err
	}
	name, err := pipeName(lock, user)
	if err != nil {
		return nil, err
	}
	// It belongs to the user, not to all administrators, and grants rights to the user alone.
	descriptor, err := windows.SecurityDescriptorFromString(fmt.Sprintf("O:%[1]sD:P(A;;GA;;;%[1]s)", user))
	if err != nil {
		return nil, err
	}
	made := &pipe{name: name, attributes: &windows.SecurityAttributes{SecurityDescriptor: descriptor}}
	made.attributes.Length = uint32(unsafe.Sizeof(*made.attributes))
	for _, event := range []*windows.Handle{&made.connected, &made.stop} {
		if *event, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
			return nil, errors.Join(err, made.Close())
		}
	}
	if made.next, err = made.create(windows.FILE_FLAG_FIRST_PIPE_INSTANCE); err != nil {
		return nil, errors.Join(fmt.Errorf("could not make the pipe: %w", err), made.Close())
	}
	return made, nil
}

// create makes an instance of the pipe.
func (p *pipe) create(flags uint32) (windows.Handle, error) {
	handle, err := windows.CreateNamedPipe(p.name, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_REJECT_REMOTE_CLIENTS, windows.PIPE_UNLIMITED_INSTANCES,
		pipeBuffer, pipeBuffer, 0, p.attributes)
	if err != nil {
		return 0, err
	}
	return handle, nil
}

// Accept waits for the next client.
func (p *pipe) Accept() (net.Conn, error) {
	p.accepting.Lock()
	defer p.accepting.Unlock()
	switch {
	case p.closed:
		return nil, net.ErrClosed
	case p.next == 0:
		made, err := p.create(0)
		if err != nil {
			return nil, err
		}
		p.next = made
	}
	if err := p.connect(); err != nil {
		return nil, errors.Join(err, p.drop())
	}
	client := os.NewFile(uintptr(p.next), "pipe")
	next, err := p.create(0)
	if err != nil {
		next = 0 // the next call retries, and returns the error
	}
	p.next = next
	return pipeConn{client}, nil
}

// sameUser has nothing to check: the pipe's rights keep others out.
func sameUser(net.Conn) error { return nil }

// connect waits until a client has connected to the next instance.
func (p *pipe) connect() error {
	if err := windows.ResetEvent(p.connected); err != nil {
		return err
	}
	overlapped := &windows.Overlapped{HEvent: p.connected}
	defer runtime.KeepAlive(overlapped) // the system writes to it until the call has ended
	err := windows.ConnectNamedPipe(p.next, overlapped)
	switch {
	case err == nil, errors.Is(err, windows.ERROR_PIPE_CONNECTED):
		return nil
	case !errors.Is(err, windows.ERROR_IO_PENDING):
		return err
	}
	event, err := windows.WaitForMultipleObjects([]windows.Handle{p.connected, p.stop}, false, windows.INFINITE)
	if err != nil || event != windows.WAIT_OBJECT_0 {
		// If a client has come after all, cancelling finds nothing.
		_ = windows.CancelIoEx(p.next, overlapped)
	}
	var none uint32
	return errors.Join(err, windows.GetOverlappedResult(p.next, overlapped, &none, true))
}

// drop gives the next instance up.
func (p *pipe) drop() error {
	if p.next == 0 {
		return nil
	}
	handle := p.next
	p.next = 0
	return windows.CloseHandle(handle)
}

// Close ends Accept.
func (p *pipe) Close() error {
	_ = windows.SetEvent(p.stop)
	p.accepting.Lock()
	defer p.accepting.Unlock()
	p.closed = true
	err := p.drop()
	for _, event := range []windows.Handle{p.connected, p.stop} {
		if event != 0 {
			err = errors.Join(err, windows.CloseHandle(event))
		}
	}
	return err
}

// dial connects to the holder of the lock, and lets it raise its window: Windows allows that to the
// program just started by the user, which is this one, and to a process that it names.
func dial(ctx context.Context, lock string) (net.Conn, error) {
	user, err := currentUser()
	if err != nil {
		return nil, err
	}
	name, err := pipeName(lock, user)
	if err != nil {
		return nil, err
	}
	handle, err := openPipe(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := ownedBy(handle, user); err != nil {
		return nil, errors.Join(err, windows.CloseHandle(handle))
	}
	letRaise(handle)
	return pipeConn{os.NewFile(uintptr(handle), "pipe")}, nil
}

// openPipe waits for a free instance of the pipe. The server can identify the client, and not act
// as it.
func openPipe(ctx context.Context, name *uint16) (windows.Handle, error) {
	const pause = 10 * time.Millisecond
	for {
		handle, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
			windows.FILE_FLAG_OVERLAPPED|windows.SECURITY_SQOS_PRESENT|windows.SECURITY_IDENTIFICATION, 0)
		switch {
		case err == nil:
			return handle, nil
		case errors.Is(err, windows.ERROR_FILE_NOT_FOUND):
			return 0, fmt.Errorf("%w: %w", errNoListener, err)
		case errors.Is(err, windows.ERROR_ACCESS_DENIED):
			return 0, fmt.Errorf("the pipe: %w: %w", errForeign, err)
		case !errors.Is(err, windows.ERROR_PIPE_BUSY):
			return 0, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, fmt.Errorf("no instance accepted the connection: %w", ctx.Err())
		}
	}
}

// ownedBy checks that a pipe is the user's. Only an administrator can make one for another owner.
func ownedBy(handle windows.Handle, user *windows.SID) error {
	descriptor, err := windows.GetSecurityInfo(handle, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("could not read the pipe's owner: %w", err)
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return fmt.Errorf("could not read the pipe's owner: %w", err)
	}
	if owner == nil || !owner.Equals(user) {
		return fmt.Errorf("the pipe: %w (%s)", errForeign, owner)
	}
	return nil
}

// letRaise lets the server bring its window to the front. If Windows refuses, because the user has
// turned to another window, it flashes in the task bar.
func letRaise(handle windows.Handle) {
	var server uint32
	if windows.GetNamedPipeServerProcessId(handle, &server) != nil {
		return
	}
	_, _, _ = windows.NewLazySystemDLL("user32.dll").NewProc("AllowSetForegroundWindow").Call(uintptr(server))
}

func currentUser() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("could not read the current user: %w", err)
	}
	return user.User.Sid, nil
}

// pipeName returns the pipe of a user, a log-on session and a lock: all pipes of a computer share
// one name space.
func pipeName(lock string, user *windows.SID) (*uint16, error) {
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil {
		return nil, fmt.Errorf("could not read the log-on session: %w", err)
	}
	path, err := filepath.Abs(lock)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(strings.ToLower(path)))
	return windows.UTF16PtrFromString(fmt.Sprintf(`\\.\pipe\ers-login-%s-%d-%x`, user, session, sum[:8]))
}

// isReset reports whether the other end has closed with data unread.
func isReset(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_PIPE_NOT_CONNECTED) ||
		errors.Is(err, windows.ERROR_NO_DATA)
}
