package workstation

import "context"

// WatchContrast reports whether the user has asked their desktop for high contrast, once that is
// known and whenever it changes, until ctx ends; it returns then. As long as nothing was told, they
// have not. tell is called by one goroutine at a time.
//
// The sources are the settings of the desktop portal (org.freedesktop.appearance contrast, and
// GNOME's own org.gnome.desktop.a11y.interface high-contrast, which older desktops have alone), and
// on Windows SystemParametersInfo with SPI_GETHIGHCONTRAST. On macOS the setting is for C and
// Objective-C, and is not told.
func WatchContrast(ctx context.Context, settings Settings, tell func(high bool)) {
	told := false
	watchContrast(ctx, settings.withDefaults(), func(high bool) {
		if high != told {
			told = high
			tell(high)
		}
	})
}
