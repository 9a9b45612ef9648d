package desktop

import (
	"context"

	"github.com/ers-login/ers-login/internal/workstation"
)

// FollowContrast calls changed with whether the system is set to high contrast, now and on changes,
// until it is stopped. The window has no access to D-Bus or Windows itself.
func FollowContrast(ctx context.Context, changed func(high bool)) (stop func()) {
	watched, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		workstation.WatchContrast(watched, workstation.Settings{}, changed)
	}()
	return func() {
		end()
		<-ended
	}
}
