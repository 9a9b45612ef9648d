//go:build !windows && !darwin

package commands

import (
	"fmt"
	"os"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

const (
	busVariable = sessionbus.Variable
	// noBus is an address that no transport knows, so that connecting to it fails at once.
	noBus = "disabled:"
)

// settleSessionBus tells this process where the D-Bus session bus is, or that there is none, before Fyne looks for it. Without
// that, godbus would start dbus-launch, which leaves a daemon behind that nobody ends, and put its address into this process's
// environment. The bus is looked for as package entry of the keyring does, which is asked in a process of its own: that one
// gets the environment that this program was started with, and says itself what is missing.
func settleSessionBus() error {
	address, err := sessionbus.Address()
	if err != nil {
		address = noBus
	}
	if err := os.Setenv(busVariable, address); err != nil {
		return fmt.Errorf("could not set %s: %w", busVariable, err)
	}
	return nil
}
