package app

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/desktop"
)

// StartWindow starts the window as a detached process: it outlives this one and its parents, and
// has none of its files and no terminal. The channel receives its result.
func (h Host) StartWindow(arguments []string) (<-chan error, error) {
	if !desktop.HasDisplay(h.Environ) {
		return nil, noDisplay
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	for _, attributes := range desktop.Detached() {
		// Without a context: the window stays when the requesting program is gone.
		window := exec.Command(self, arguments...) //nolint:gosec,noctx // G204: this program itself
		window.Env = windowEnviron(h.Environ)
		window.SysProcAttr = attributes
		if err = window.Start(); err == nil {
			ended := make(chan error, 1)
			go func() { ended <- window.Wait() }()
			return ended, nil
		}
	}
	return nil, NotOpened.Because(err)
}

// windowEnviron is the environment of a window opened for another program. The desktop's token for
// raising a window goes with the request, and is used once.
func windowEnviron(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(activationVariables, name)
	})
}
