//go:build !windows && !darwin

package desktop

import (
	"fmt"
	"os/exec"
)

// browser returns the command that opens an address: freedesktop.org's, which knows each desktop's.
func browser(address string) ([]string, error) {
	program, err := exec.LookPath("xdg-open")
	if err != nil {
		return nil, fmt.Errorf("no program opens addresses: %w", err)
	}
	return []string{program, address}, nil
}
