package commands

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// startWindow starts the window as a process that belongs to nobody: it outlives this one and whatever has started it, has none of
// its files, and no terminal. The channel gets how it has ended.
func (p program) startWindow(arguments []string) (<-chan error, error) {
	if !hasDisplay(p.environ) {
		return nil, noDisplay
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return startDetached(self, arguments, windowEnviron(p.environ))
}

// startDetached starts a program with nothing of this process but an environment.
func startDetached(path string, arguments, environ []string) (<-chan error, error) {
	var err error
	for _, attributes := range detached() {
		// Not with a context: the window stays when whoever asked for it is gone.
		window := exec.Command(path, arguments...) //nolint:gosec,noctx // G204: this program itself
		window.Env = environ
		window.SysProcAttr = attributes
		if err = window.Start(); err == nil {
			ended := make(chan error, 1)
			go func() { ended <- window.Wait() }()
			return ended, nil
		}
	}
	return nil, notOpened.Because(err)
}

// windowEnviron is the environment of a window that is opened because another program wants it. The token with which the desktop lets
// a window come to the front goes with the request, and is used once.
func windowEnviron(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(activationVariables, name)
	})
}
