package workstation

import "context"

// FollowContrast calls changed with whether the desktop is set to high contrast, once that is known
// and on each change, until ctx ends or it is stopped. Without a call the contrast is normal. Calls
// do not overlap.
//
// The sources are the settings of the desktop portal (org.freedesktop.appearance contrast, and
// org.gnome.desktop.a11y.interface high-contrast of older GNOME desktops), and on Windows
// SystemParametersInfo with SPI_GETHIGHCONTRAST. On macOS the setting needs C and Objective-C, and
// is not watched.
func FollowContrast(ctx context.Context, changed func(high bool)) (stop func()) {
	return followContrast(ctx, usual, changed)
}

func followContrast(ctx context.Context, times times, changed func(high bool)) (stop func()) {
	watched, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		reported := false
		watchContrast(watched, times, func(high bool) {
			if high != reported {
				reported = high
				changed(high)
			}
		})
	}()
	return func() {
		end()
		<-ended
	}
}
