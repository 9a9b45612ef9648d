// Package sessionbus finds the D-Bus session bus and never starts one: godbus would run dbus-launch, which leaves a daemon
// running.
package sessionbus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	socket := filepath.Join(folder, "bus")
	found, err := os.Stat(socket)
	if err != nil || found.Mode().Type() != os.ModeSocket {
		return "", fmt.Errorf("%w at %s", ErrNone, socket)
	}
	return "unix:path=" + dbus.EscapeBusAddressValue(socket), nil
}
