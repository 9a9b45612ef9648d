package commands

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/signin"
)

// leftover is an earlier run's session that was cleared from the keyring before there was a flow.
// The flow, once there is one, reads it as if it were still there, and closes it at e-RS.
type leftover struct {
	mu      sync.Mutex
	session handoff.Session
	there   bool
}

// sweepWithin bounds the check of the keyring after a failed start.
const sweepWithin = 8 * time.Second

// sweepingUp is a prepare that clears the keyring if it fails. A flow begins with that, but without
// usable settings or a certificate there is no flow, and other applications would go on with the
// session of an earlier run that was killed.
func (r realServices) sweepingUp(ctx context.Context) (services, error) {
	found, err := r.prepare(ctx)
	if err != nil && ctx.Err() == nil {
		r.sweep(ctx)
	}
	return found, err
}

func (r realServices) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepWithin)
	defer cancel()
	// Errors of the settings were reported; the usable ones suffice for this.
	settings, _ := config.Load(r.sources)
	ring, err := r.program.openKeyring(settings, r.log)
	if err != nil {
		r.log.WithError(err).Warn("start: keyring")
		return
	}
	defer func() {
		if err := ring.Close(); err != nil {
			r.log.WithError(err).Warn("the keyring worker did not end")
		}
	}()
	session, err := ring.Read(ctx)
	if errors.Is(err, handoff.ErrNotFound) {
		// Without its main entry, any other entry is left of an end that was cut short.
		if err := ring.Clear(ctx); err != nil {
			r.log.WithError(err).Warn("start: keyring")
		}
		return
	}
	r.log.Guard(session.SessionKey.Text)
	if err == nil {
		if err := r.program.lock.foreign(session); err != nil {
			r.log.WithError(err).Warn("start: keyring")
			return
		}
	}
	if err == nil || errors.Is(err, handoff.ErrMalformed) || errors.Is(err, handoff.ErrVersion) {
		if err == nil {
			r.left.keep(session)
		}
		err = ring.Clear(ctx)
	}
	if err != nil {
		r.log.WithError(err).Warn("start: what an earlier run has left in the keyring could not be cleared")
		return
	}
	r.log.Warn("the session of an earlier run was cleared from the keyring, although the start has failed")
}

func (l *leftover) keep(session handoff.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.there = session, true
}

// take returns the session once.
func (l *leftover) take() (handoff.Session, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	there := l.there
	l.there = false
	return l.session, there
}

// remembering is a keyring that returns a session already cleared.
type remembering struct {
	signin.Keyring
	left *leftover
}

// Read returns the cleared session once, and then the keyring's.
func (k remembering) Read(ctx context.Context) (handoff.Session, error) {
	if k.left != nil {
		if session, there := k.left.take(); there {
			return session, nil
		}
	}
	return k.Keyring.Read(ctx)
}
