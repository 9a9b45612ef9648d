//go:build !windows && !darwin

package desktop

import (
	"fmt"
	"os"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	busVariable = sessionbus.Variable
	// noBus is an address of no known transport, so that connecting fails at once.
	noBus = "disabled:"
)

// SettleSessionBus sets the address of the D-Bus session bus, or noBus, in this process's
// environment before Fyne looks for it. Without that, godbus would start dbus-launch, which leaves
// a daemon behind and puts its address into the environment. The keyring process gets the original
// environment, and reports itself what is missing.
func SettleSessionBus() error {
	address, err := sessionbus.Address()
	if err != nil {
		address = noBus
	}
	if err := os.Setenv(busVariable, address); err != nil {
		return fmt.Errorf("could not set %s: %w", busVariable, err)
	}
	return nil
}
