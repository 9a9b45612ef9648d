//go:build !windows && !darwin

package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	busVariable = "DBUS_SESSION_BUS_ADDRESS"
	// noBus is an address that no transport knows, so that connecting to it fails at once.
	noBus = "disabled:"
)

// settleSessionBus tells this process where the D-Bus session bus is, or that there is none, before Fyne looks for it. Without
// that, godbus would start dbus-launch, which leaves a daemon behind that nobody ends, and put its address into this process's
// environment. The bus is looked for as package entry of the keyring does, which is asked in a process of its own: that one
// gets the environment that this program was started with, and says itself what is missing.
func settleSessionBus() error {
	if address := os.Getenv(busVariable); address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	folder := os.Getenv("XDG_RUNTIME_DIR")
	if folder == "" {
		folder = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	address, socket := noBus, filepath.Join(folder, "bus")
	if found, err := os.Stat(socket); err == nil && found.Mode().Type() == os.ModeSocket { //nolint:gosec // the environment says where
		address = "unix:path=" + dbus.EscapeBusAddressValue(socket)
	}
	if err := os.Setenv(busVariable, address); err != nil {
		return fmt.Errorf("could not set %s: %w", busVariable, err)
	}
	return nil
}
