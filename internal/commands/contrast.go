package commands

import (
	"context"

	"github.com/ers-login/ers-login/internal/workstation"
)

// followContrast tells a window whether the user has asked their system for high contrast, until it is stopped. The window may not ask by
// itself: it has no buses and no Windows to ask.
func followContrast(ctx context.Context, tell func(high bool)) (stop func()) {
	watched, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		workstation.WatchContrast(watched, workstation.Settings{}, tell)
	}()
	return func() {
		end()
		<-ended
	}
}
