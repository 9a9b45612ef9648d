// Package sessionbus finds the D-Bus session bus, and the system's, and connects to them. It never
// starts one: godbus would run dbus-launch, which leaves a daemon running.
package sessionbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Variable is the environment variable that holds the address of the session bus.
const Variable = "DBUS_SESSION_BUS_ADDRESS"

// ErrNone is the error where there is no session bus.
var ErrNone = errors.New("there is no bus")

// Address returns the address of this process's session bus, as the D-Bus specification says where it is, or [ErrNone].
func Address() (string, error) { return address(os.Getenv) }

// AddressIn is [Address] for a process that has this environment; nil is this process's own, as for package os/exec.
func AddressIn(environ []string) (string, error) {
	if environ == nil {
		return Address()
	}
	return address(func(variable string) (value string) {
		for _, entry := range environ {
			if name, is, _ := strings.Cut(entry, "="); name == variable {
				value = is // the last one counts
			}
		}
		return value
	})
}

func address(variable func(string) string) (string, error) {
	if address := variable(Variable); address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return address, nil
	}
	folder := variable("XDG_RUNTIME_DIR")
	if folder == "" {
		folder = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	return socketAddress(filepath.Join(folder, "bus"))
}

// SystemAddress returns the address of the system bus by the D-Bus specification, "Well-known
// Message Bus Instances", or [ErrNone].
func SystemAddress() (string, error) {
	if address := os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"); address != "" {
		return address, nil
	}
	return socketAddress("/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket")
}

// socketAddress returns the address of the first existing socket.
func socketAddress(paths ...string) (string, error) {
	for _, path := range paths {
		if found, err := os.Stat(path); err == nil && found.Mode().Type() == os.ModeSocket {
			return "unix:path=" + dbus.EscapeBusAddressValue(path), nil
		}
	}
	return "", fmt.Errorf("%w at %s", ErrNone, strings.Join(paths, " or "))
}

// IsAnswer reports whether an error is what the other side has answered, with one of these names if
// there are any.
func IsAnswer(err error, names ...string) bool {
	var answer dbus.Error
	return errors.As(err, &answer) && (len(names) == 0 || slices.Contains(names, answer.Name))
}

// Connect opens a private connection to the bus that address finds: shared ones may be busy, or be
// closed by others. It gives up when ctx ends; a connection lives until it is closed. The error is
// [ErrNone] if no bus answers, or wraps that of ctx if one hangs.
func Connect(ctx context.Context, address func() (string, error), options ...dbus.ConnOption) (*dbus.Conn, error) {
	found, err := address()
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	conn, err := dbus.Connect(found, append(options, dbus.WithContext(life))...)
	switch inTime := stop(); {
	case inTime && err == nil:
		return conn, nil
	case inTime:
		end()
		return nil, fmt.Errorf("%w that answers: %w", ErrNone, err)
	case err == nil:
		_ = conn.Close() // it is of no use any more
	}
	return nil, fmt.Errorf("the bus does not answer: %w", ctx.Err())
}
