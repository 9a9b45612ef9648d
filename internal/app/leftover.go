package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/signin"
)

// leftover is an earlier run's session that was cleared from the keyring before there was a flow.
// The flow, once there is one, reads it as if it were still there, and closes it at e-RS.
type leftover = atomic.Pointer[handoff.Entry]

// clearLeftoverWithin bounds the check of the keyring after a failed start.
const clearLeftoverWithin = 8 * time.Second

// prepareOrClear is a prepare that clears the keyring if it fails. A flow begins with that, but
// without usable settings or a certificate there is no flow, and other applications would go on
// with the session of an earlier run that was killed.
func (r RealServices) prepareOrClear(ctx context.Context) (Services, error) {
	found, err := r.prepare(ctx)
	if err != nil && ctx.Err() == nil {
		r.clearBeforeFlow(ctx)
	}
	return found, err
}

// clearBeforeFlow clears what an earlier run has left in the keyring, and keeps its session for a
// later flow, which closes it at e-RS.
func (r RealServices) clearBeforeFlow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, clearLeftoverWithin)
	defer cancel()
	// Errors of the settings were reported; the usable ones suffice for this.
	settings, _ := config.Load(r.Sources)
	ring := r.Program.OpenKeyring(settings, r.Log)
	defer closeRing(ring, r.Log)
	session, found, err := r.Program.removeLeftover(ctx, ring, r.Log)
	if session != nil {
		r.leftover.Store(&session)
	}
	switch {
	case err != nil:
		r.Log.WithError(err).Warn("start: what an earlier run has left in the keyring could not be cleared")
	case found:
		r.Log.Warn("the session of an earlier run was cleared from the keyring, although the start has failed")
	}
}

// removeLeftover removes what an earlier run has left in the keyring. Found reports whether there
// was a session, which is nil if it could not be read. The session of a living instance stays, and
// the error is OwnedElsewhere.
func (h Host) removeLeftover(ctx context.Context, ring *keyring.Client, log *logging.Log) (session handoff.Entry, found bool, err error) {
	session, err = ring.Read(ctx)
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		// Without its main entry, any other entry is left of an end that was cut short.
		return nil, false, ring.Clear(ctx)
	case errors.Is(err, keyring.Unreadable):
		return nil, true, ring.Clear(ctx)
	case err != nil:
		return nil, false, err
	}
	log.Guard(signin.SecretOf(session))
	if err := h.Lock.foreign(session); err != nil {
		return nil, true, OwnedElsewhere{err, session.Details().Owner}
	}
	return session, true, ring.Clear(ctx)
}

// OwnedElsewhere is the error of a clearing whose session belongs to a living instance, which only the
// path of its lock identifies.
type OwnedElsewhere struct {
	error
	Path string
}

func (e OwnedElsewhere) Unwrap() error { return e.error }

// clearedSessionKeyring is a keyring that returns a session already cleared.
type clearedSessionKeyring struct {
	signin.Keyring
	left *leftover
}

// Read returns the cleared session once, and then the keyring's.
func (k clearedSessionKeyring) Read(ctx context.Context) (handoff.Entry, error) {
	if k.left != nil {
		if session := k.left.Swap(nil); session != nil {
			return *session, nil
		}
	}
	return k.Keyring.Read(ctx)
}

// EndLeftover removes what a killed run has left in the keyring, and closes its session at e-RS.
func (h Host) EndLeftover(ctx context.Context, sources config.Sources) error {
	log := h.OpenLog("")
	defer CloseLog(log)
	settings, settingsErr := config.LoadReal(sources)
	ring := h.OpenKeyring(settings, log)
	defer closeRing(ring, log)
	left, found, err := h.removeLeftover(ctx, ring, log)
	switch {
	case err != nil:
		return err
	case !found:
		return h.Say("No user was signed in.")
	}
	const over = "No window was open. The session of an earlier run was ended."
	if _, ofFHIR := left.(handoff.FHIRSession); ofFHIR {
		// There is no call that ends it.
		return h.Say(over)
	}
	session, _ := left.(handoff.Session) // zero if it could not be read
	if settingsErr == nil && session.BaseURL == settings.BaseURL && session.ASID == settings.ASID {
		r := RealServices{Program: h, Log: log, Board: signin.NewBoard(), Sources: sources}
		if settingsErr = r.closeLeftover(ctx, settings, ring, session); settingsErr == nil {
			return h.Say(over)
		}
	}
	if settingsErr != nil {
		log.WithError(settingsErr).Debug("the session could not be closed at e-RS")
	}
	return h.Say("No window was open. The session of an earlier run was removed from the keyring. It could not be closed at e-RS, " +
		"where it ends when its time is up.")
}

// closeLeftover closes the session of a killed run at e-RS (A003), with a record in the audit log.
func (r RealServices) closeLeftover(ctx context.Context, settings config.Config, ring *keyring.Client, left handoff.Session) error {
	client, err := r.newReloadingClient(ctx, settings, ring)
	if err != nil {
		return err
	}
	defer client.Close()
	log := r.openAuditLog(settings, certificate.CommonName(client.using.certificate))
	records := audit.NewERS(client, log, settings.AuditRequired)
	setOwner(records, left)
	return errors.Join(records.DeleteSession(ctx, left.SessionKey), closeAudit(log))
}
