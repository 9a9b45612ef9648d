package commands

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// A window that has closed must leave nothing behind that still listens to the desktop.
func TestHighContrastIsFollowedNoLongerThanTheWindow(t *testing.T) {
	desktop(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, end := range map[string]bool{"the window has closed": false, "the program ends": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stop := followContrast(ctx, func(bool) { t.Error("there is no desktop that could tell") })
			if end {
				cancel()
			}
			stop()
			require.NotPanics(t, stop, "and it may be stopped twice")
		})
	}
}
