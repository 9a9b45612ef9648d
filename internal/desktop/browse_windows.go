package desktop

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// browser returns the command that opens an address. No shell takes part, which would give & a
// meaning.
func browser(address string) ([]string, error) {
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return nil, fmt.Errorf("could not find the folder of Windows: %w", err)
	}
	return []string{filepath.Join(system, "rundll32.exe"), "url.dll,FileProtocolHandler", address}, nil
}
