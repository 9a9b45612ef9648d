//go:build linux

package desktop

import (
	"bytes"
	"fmt"
)

// Class returns the class of the window with exactly this title, by which desktops find its menu
// entry and icon: the second word of its WM_CLASS (ICCCM). It is an error if there is no such
// window, or it has no class.
func (d *Desktop) Class(title string) (string, error) {
	value, err := d.property(title, "WM_CLASS", 64)
	if err != nil {
		return "", err
	}
	words := bytes.Split(value, []byte{0})
	if len(words) < 2 {
		return "", fmt.Errorf("the window %q has no class", title)
	}
	return string(words[1]), nil
}
