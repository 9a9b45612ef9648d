package handoff

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

// Why the keyring could not be used. An error has one of them in its chain, or none if the reason is not known; the context's
// error is in the chain as well if it has ended.
var (
	// ErrNotFound: there is no entry, so nobody is signed in.
	ErrNotFound = entry.ErrNotFound
	// ErrLocked: the keyring is locked, and was not unlocked in time.
	ErrLocked = entry.ErrLocked
	// ErrDismissed: the user has dismissed the keyring's prompt.
	ErrDismissed = entry.ErrDismissed
	// ErrNoBus: there is no D-Bus session bus (Linux).
	ErrNoBus = entry.ErrNoBus
	// ErrNoService: there is no Secret Service on the bus (Linux).
	ErrNoService = entry.ErrNoService
	// ErrNoCollection: the Secret Service has no keyring yet (Linux), or macOS has no keychain.
	ErrNoCollection = entry.ErrNoCollection
	// ErrTimeout: the keyring is not locked, and did not answer before the context ended.
	ErrTimeout = entry.ErrTimeout
	// ErrStopped: the keyring, or the bus, has ended during the call.
	ErrStopped = entry.ErrStopped
	// ErrReadBack: the keyring returned something other than what had been written to it.
	ErrReadBack = entry.ErrReadBack
	// ErrLeftover: an entry is still there after it was deleted.
	ErrLeftover = entry.ErrLeftover
	// ErrNoLogonSession: Windows keeps no credentials for this kind of log-on (its error 1312).
	ErrNoLogonSession = entry.ErrNoLogonSession
	// ErrForbidden: storing credentials is forbidden by a policy (Windows).
	ErrForbidden = entry.ErrForbidden
)

var (
	sessionAddress = entry.Address{Service: Service, Account: AccountSession}
	keyAddress     = entry.Address{Service: Service, Account: AccountSessionKey}
)

// Probe tells whether the keyring could be used now: nil, or why not. It never prompts and changes nothing, except that on
// Linux the Secret Service is started if the bus knows how to. On macOS the answer is always nil.
func Probe(ctx context.Context) error { return entry.Probe(ctx) }

// Read returns the session, [ErrNotFound] if nobody is signed in. It never prompts: whoever has published a session has unlocked
// the keyring for it, so a locked keyring, which is [ErrLocked], has at most a session that is over.
func Read(ctx context.Context) (Session, error) {
	text, err := read(ctx, sessionAddress)
	if err != nil {
		return Session{}, err
	}
	return Decode([]byte(text.Reveal()))
}

// ReadKey returns the session key alone, as a shell script reads it. It never prompts, like [Read], which is to be preferred:
// between two reads of two entries the session may have changed.
func ReadKey(ctx context.Context) (SessionKey, error) {
	text, err := read(ctx, keyAddress)
	if err != nil {
		return SessionKey{}, err
	}
	key := strings.TrimSpace(text.Reveal())
	if err := checkKey(key); err != nil {
		return SessionKey{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return NewSessionKey(key), nil
}

func read(ctx context.Context, from entry.Address) (secret.Text, error) {
	var text secret.Text
	err := entry.Do(ctx, entry.NeverPrompt, func(ring *entry.Ring) error {
		found, err := ring.Get(from)
		text = found
		return err
	})
	if errors.Is(err, ErrNoCollection) {
		// Where there is no keyring there is no entry.
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}

// Write publishes a session, the entry [AccountSession] first, and reads each entry back. It is for e-RS Login: there is one
// writer. A locked keyring asks the user for its password, and the context bounds how long they may take. After a failure
// neither entry is there, unless the error says otherwise or the keyring does not answer; if it answers after the context has
// ended, what was written is taken back then.
func Write(ctx context.Context, session Session) error {
	encoded, err := Encode(session)
	if err != nil {
		return err
	}
	return entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		err := ring.Set(sessionAddress, secret.New(string(encoded)))
		if err == nil {
			err = ring.Set(keyAddress, session.SessionKey.Text)
		}
		if err == nil || !ring.Usable() {
			// Nothing was written to a keyring that is still locked, and asking for its password again would not help.
			return err
		}
		if left := clearAll(ring); left != nil {
			return fmt.Errorf("%w; and what was written stays: %w", err, left)
		}
		return err
	})
}

// Clear deletes both entries, the entry [AccountSessionKey] first, and every other item with the same address. It is for e-RS
// Login. Nothing to delete is no error. A locked keyring asks the user for its password, and the context bounds how long they
// may take.
func Clear(ctx context.Context) error {
	err := entry.Do(ctx, entry.MayPrompt, clearAll)
	if errors.Is(err, ErrNoCollection) {
		return nil
	}
	return err
}

// clearAll tries both entries even if one stays.
func clearAll(ring *entry.Ring) error {
	key, session := ring.Delete(keyAddress), ring.Delete(sessionAddress)
	if key != nil && session != nil {
		return fmt.Errorf("%w; %w", key, session)
	}
	return errors.Join(key, session)
}
