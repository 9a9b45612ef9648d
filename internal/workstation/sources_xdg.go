//go:build !windows && !darwin

package workstation

import (
	"context"
	"fmt"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// The sources as the notes of [Watcher.MissingEvents] name them.
const (
	logindNote  = "logind"
	sessionNote = "logind session"
	delayNote   = "logind inhibitor"
	saverNote   = "screen saver"
	managerNote = "session manager"
)

// sources are logind on the system bus and the desktop on the session bus.
func (w *Watcher) sources() []func(context.Context) {
	system := bus{
		name: "system", address: sessionbus.SystemAddress, times: w.times,
		serve: func(ctx context.Context, line *line) error { return (&logind{Watcher: w, line: line}).serve(ctx) },
		lost: func(err error) {
			// What belongs to the service is no longer known either.
			w.unseen.note(sessionNote, nil)
			w.unseen.note(delayNote, nil)
			w.unseen.note(logindNote, fmt.Errorf("locking, switching users, sleep and shutdown: logind does not report them: %w", err))
		},
	}
	session := bus{
		name: "session", address: sessionbus.Address, times: w.times,
		serve: func(ctx context.Context, line *line) error { return (&desktop{Watcher: w, line: line}).serve(ctx) },
		lost: func(err error) {
			w.unseen.note(saverNote, fmt.Errorf("locking: no screen saver reports it: %w", err))
			w.unseen.note(managerNote, fmt.Errorf("sign-out: the session manager does not report it: %w", err))
		},
	}
	system.lost(errConnecting)
	session.lost(errConnecting)
	idle := func(ctx context.Context) { w.watchIdle(ctx, (&display{}).timeWithoutInput) }
	return []func(context.Context){system.attend, session.attend, idle}
}
