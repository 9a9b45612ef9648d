package workstation

import "context"

// WatchContrast calls notify with whether the desktop is set to high contrast, once that is known
// and on each change, until ctx ends; it returns then. Without a call the contrast is normal. Calls
// do not overlap.
//
// The sources are the settings of the desktop portal (org.freedesktop.appearance contrast, and
// org.gnome.desktop.a11y.interface high-contrast of older GNOME desktops), and on Windows
// SystemParametersInfo with SPI_GETHIGHCONTRAST. On macOS the setting needs C and Objective-C, and
// is not watched.
func WatchContrast(ctx context.Context, settings Settings, notify func(high bool)) {
	reported := false
	watchContrast(ctx, settings.withDefaults(), func(high bool) {
		if high != reported {
			reported = high
			notify(high)
		}
	})
}
