//go:build !windows && !darwin

package commands

import "strings"

// hasDisplay tells whether the environment names an X server or a Wayland compositor. Without either Fyne panics.
func hasDisplay(environ []string) bool {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET":
			if value != "" {
				return true
			}
		}
	}
	return false
}
