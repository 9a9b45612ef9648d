//go:build linux

package stage

import "slices"

// In the settings, the focus begins at the selected language: "Same as this computer", the first.
const languages, appearances, textSizes = 3, 4, 5

// ToAutostart are the keys that open the settings and go to On for the start at log-in: languages,
// appearances and text sizes come before it, and Off after it.
func ToAutostart() []string {
	return append([]string{"F2"}, slices.Repeat([]string{"Tab"}, languages+appearances+textSizes)...)
}

// ToHighContrast are the keys that open the settings and select high contrast, the last appearance.
func ToHighContrast() []string {
	return append(append([]string{"F2"}, slices.Repeat([]string{"Tab"}, languages+appearances-1)...), "space")
}

// ToSignOutAndClose are the keys that answer the question of a window that was closed while signed
// in. The focus is on the button after that.
func ToSignOutAndClose() []string { return []string{"shift+Tab", "Return"} }
