package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/signin"
)

// HeldLock holds the lock of the one instance while this process has it. Its methods accept nil,
// for a process that never does.
type HeldLock struct{ atomic.Pointer[instance.Lock] }

// Hold records the lock that this process has now.
func (h *HeldLock) Hold(lock *instance.Lock) {
	if h != nil {
		h.Store(lock)
	}
}

func (h *HeldLock) held() *instance.Lock {
	if h == nil {
		return nil
	}
	return h.Load()
}

// foreign returns [instance.Running] if a session belongs to another living instance.
func (h *HeldLock) foreign(session handoff.Entry) error {
	if owner := session.Details().Owner; h.held().HeldByOther(owner) {
		return instance.Running.Because(fmt.Errorf("the session in the keyring belongs to the holder of %s", owner))
	}
	return nil
}

// ownedKeyring leaves the session of another living instance alone, and marks what it publishes as
// this one's. Two desktops of a user can have two session buses and one keyring.
type ownedKeyring struct {
	signin.Keyring
	lock *HeldLock
}

// Read returns this instance's session, or a dead one's. For a living one's the error is
// [instance.Running].
func (k ownedKeyring) Read(ctx context.Context) (handoff.Entry, error) {
	return k.ours(k.Keyring.Read(ctx))
}

// ReadUnlocking is Read for a keyring that may be locked.
func (k ownedKeyring) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	return k.ours(k.Keyring.ReadUnlocking(ctx))
}

// Publish replaces no session of another living instance.
func (k ownedKeyring) Publish(ctx context.Context, session handoff.Entry) error {
	if _, err := k.Read(ctx); errors.Is(err, instance.Running) {
		return err
	}
	return k.Keyring.Publish(ctx, ownedBy(session, k.lock.held().Mark()))
}

func ownedBy(session handoff.Entry, owner string) handoff.Entry {
	switch owned := session.(type) {
	case handoff.Session:
		owned.Owner = owner
		return owned
	case handoff.FHIRSession:
		owned.Owner = owner
		return owned
	default:
		return session
	}
}

// Clear leaves another living instance's session there: this one has none in the keyring then. It
// unlocks a locked keyring to check, since another instance's session may be in it.
func (k ownedKeyring) Clear(ctx context.Context) error {
	_, err := k.Read(ctx)
	if errors.Is(err, handoff.ErrLocked) && !errors.Is(err, handoff.ErrItemLocked) {
		_, err = k.ReadUnlocking(ctx)
		if errors.Is(err, handoff.ErrLocked) || errors.Is(err, handoff.ErrDismissed) {
			return err
		}
	}
	if errors.Is(err, instance.Running) {
		return nil
	}
	return k.Keyring.Clear(ctx)
}

func (k ownedKeyring) ours(session handoff.Entry, err error) (handoff.Entry, error) {
	if err != nil {
		return nil, err
	}
	if err := k.lock.foreign(session); err != nil {
		return nil, err
	}
	return session, nil
}
