package commands

import (
	"context"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/login"
)

// answer returns what answers other starts of the program: they want this one's window, or something done in it.
func (e *entrance) answer(raise func()) instance.Handler {
	return func(_ context.Context, request instance.Request) instance.Answer {
		if e.life.Err() != nil || !e.shown.Load() {
			// Whoever asks waits a moment, and finds either a window or none.
			return instance.Answer{Code: instance.Leaving.Code}
		}
		switch request.Action {
		case instance.SignOut:
			e.Send(login.SignOut{})
		case instance.SignIn:
			raise()
			e.Send(login.SignIn{})
		default:
			raise()
		}
		return instance.Answer{OK: true}
	}
}
