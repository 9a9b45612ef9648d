//go:build !windows && !darwin

package commands

import (
	"slices"
	"strings"
)

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

// displaysOf returns the displays that an environment names, with a space between two.
func displaysOf(environ []string) string {
	var found []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case value == "" || strings.Contains(value, " "):
		case name == "WAYLAND_DISPLAY":
			found = append(found, value)
		case name == "DISPLAY":
			// The screen is no other display, and neither is a way to it.
			display, _, _ := strings.Cut(strings.TrimPrefix(value, "unix"), ".")
			if strings.Contains(display, ":") {
				value = display
			}
			found = append(found, value)
		}
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}
