package app

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/workstation"
)

// A closed window must not leave a listener on the desktop behind.
func TestHighContrastIsFollowedNoLongerThanTheWindow(t *testing.T) {
	atDesktop(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, end := range map[string]bool{"the window has closed": false, "the program ends": true} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stop := workstation.FollowContrast(ctx, func(bool) { t.Error("there is no desktop to report it") })
			if end {
				cancel()
			}
			stop()
			require.NotPanics(t, stop, "and it may be stopped twice")
		})
	}
}
