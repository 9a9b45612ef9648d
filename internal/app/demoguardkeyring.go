package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// demoKeyring is a demonstration's keyring, which leaves a real session alone. It checks before
// each change: a keyring locked at the start may be unlocked later.
type demoKeyring struct{ signin.Keyring }

// Read returns an earlier demonstration's session. For a real one the error is [realSession].
func (k demoKeyring) Read(ctx context.Context) (handoff.Entry, error) {
	return ofADemonstration(k.Keyring.Read(ctx))
}

// ReadUnlocking is Read for a keyring that may be locked.
func (k demoKeyring) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	return ofADemonstration(k.Keyring.ReadUnlocking(ctx))
}

// Publish replaces no real session.
func (k demoKeyring) Publish(ctx context.Context, session handoff.Entry) error {
	if _, err := k.ReadUnlocking(ctx); err != nil && !errors.Is(err, handoff.ErrNotFound) {
		return err
	}
	return k.Keyring.Publish(ctx, demonstrated(session))
}

func demonstrated(session handoff.Entry) handoff.Entry {
	switch marked := session.(type) {
	case handoff.Session:
		marked.Kind = handoff.KindDemonstration
		return marked
	case handoff.FHIRSession:
		marked.Kind = handoff.KindDemonstration
		return marked
	default:
		return session
	}
}

// Clear clears no real session.
func (k demoKeyring) Clear(ctx context.Context) error {
	if _, err := k.ReadUnlocking(ctx); err != nil && !errors.Is(err, handoff.ErrNotFound) {
		return err
	}
	return k.Keyring.Clear(ctx)
}

// ofADemonstration checks whether a session read is a demonstration's, by its Kind and not its
// address: a real session's platform may be reached through this computer too. One that cannot be
// read may be a real one of another version.
func ofADemonstration(session handoff.Entry, err error) (handoff.Entry, error) {
	switch {
	case errors.Is(err, keyring.Unreadable):
		return nil, realSession.Because(err)
	case err == nil && session.Details().Kind != handoff.KindDemonstration:
		return nil, realSession.Because(fmt.Errorf("the keyring has a session of %s", session.Details().BaseURL))
	default:
		return session, err
	}
}

var realSession = &problem.Problem{
	Code:  "DEMO-REAL_SESSION",
	Title: "A real e-RS session is open",
	Happened: "The demonstration would replace the real e-RS session on this computer, so it did " +
		"not start.",
	Steps: []string{
		"Close this window, start e-RS Login as usual and sign out there.",
		"If you are not signed in there, starting e-RS Login has already cleared the old session.",
		"Start the demonstration again.",
	},
	Retry: true,
}
