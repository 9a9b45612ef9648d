package handoff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

// Why the keyring could not be used. An error has one of them in its chain, or none if the reason
// is unknown, and the context's error if it has ended.
var (
	// ErrNotFound: there is no entry, so no user is signed in.
	ErrNotFound = entry.ErrNotFound
	// ErrLocked: the keyring is locked, and was not unlocked in time.
	ErrLocked = entry.ErrLocked
	// ErrItemLocked: the keyring is unlocked, but wants to ask before an entry is used, as
	// KeePassXC does by default, and may not ask or was not answered. It is an ErrLocked.
	ErrItemLocked = entry.ErrItemLocked
	// ErrDismissed: the user has dismissed the keyring's prompt.
	ErrDismissed = entry.ErrDismissed
	// ErrNoBus: there is no D-Bus session bus (Linux).
	ErrNoBus = entry.ErrNoBus
	// ErrNoService: there is no Secret Service on the bus, and none that could be started (Linux).
	ErrNoService = entry.ErrNoService
	// ErrNoCollection: the Secret Service has no keyring yet, KeePassXC has no open database
	// (Linux), or macOS has no keychain. [Read] returns ErrNotFound for a keyring that was never
	// made.
	ErrNoCollection = entry.ErrNoCollection
	// ErrTimeout: the keyring is not locked, and did not answer before the context ended.
	ErrTimeout = entry.ErrTimeout
	// ErrStopped: the keyring or the bus ended during the call.
	ErrStopped = entry.ErrStopped
	// ErrReadBack: the keyring returned something other than was written.
	ErrReadBack = entry.ErrReadBack
	// ErrLeftover: an entry still exists after it was deleted.
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

// aliases are the names used on Windows by readers that do not follow go-keyring's, and expect
// UTF-16. Each holds the entry [AccountSession] again.
var aliases = []entry.Alias{
	// Python's keyring, and .NET programs.
	{Target: AccountSession + "@" + Service, User: AccountSession},
	// keyring-rs, and with it Node's @napi-rs/keyring.
	{Target: AccountSession + "." + Service, User: AccountSession},
}

// Probe returns nil if the keyring can be used now, or why not. It never prompts and changes
// nothing, except that on Linux it starts an activatable Secret Service. On macOS it always returns
// nil.
func Probe(ctx context.Context) error { return entry.Probe(ctx) }

// Read returns the session, or [ErrNotFound] if no user is signed in. It never prompts: publishing
// unlocks the keyring, so a locked one ([ErrLocked]) has at most an expired session. Nor does it
// start a Secret Service (Linux): one not running is ErrNotFound, too.
func Read(ctx context.Context) (Session, error) {
	text, err := read(ctx, sessionAddress)
	if err != nil {
		return Session{}, err
	}
	return Decode([]byte(text.Reveal()))
}

// ReadKey returns the session key alone, like a shell script. It never prompts. Prefer [Read]: the
// session may change between two reads of two entries.
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
	err := entry.Do(ctx, entry.ReadOnly, func(ring *entry.Ring) error {
		found, err := ring.Get(from)
		text = found
		return err
	})
	if entry.NoneMade(err) {
		// Without a keyring there is no entry.
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}

// WriteOption is an option of [Write].
type WriteOption func(*writing)

type writing struct{ aliases bool }

// WithAliases also writes the entry [AccountSession] under two more names on Windows, in UTF-16LE,
// for readers that do not find or cannot decode the entry itself. On other systems it does nothing.
func WithAliases() WriteOption { return func(w *writing) { w.aliases = true } }

// Write publishes a session, the entry [AccountSession] first, and reads each entry back. Only e-RS
// Login writes. A locked keyring prompts for its password within the context. After a failure no
// entry is left, unless the error reports otherwise or the keyring does not answer; if it answers
// after the context has ended, the entries are removed then.
func Write(ctx context.Context, session Session, options ...WriteOption) error {
	encoded, err := Encode(session)
	if err != nil {
		return err
	}
	var chosen writing
	for _, option := range options {
		option(&chosen)
	}
	return entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		text := secret.New(string(encoded))
		err := ring.Set(sessionAddress, text)
		if err == nil {
			err = ring.Set(keyAddress, session.SessionKey.Text)
		}
		if err == nil {
			err = chosen.writeAliases(ring, text)
		}
		if err == nil || !ring.Usable() {
			// Nothing was written to a keyring that is still locked; deleting would prompt again.
			return err
		}
		if left := clearAll(ring); left != nil {
			return fmt.Errorf("%w; and what was written stays: %w", err, left)
		}
		return err
	})
}

// writeAliases writes the aliases or, without them, removes those of an earlier session.
func (w writing) writeAliases(ring *entry.Ring, text secret.Text) error {
	if !w.aliases {
		return clearAliases(ring)
	}
	for _, alias := range aliases {
		if err := ring.SetAlias(alias, text); err != nil {
			return err
		}
	}
	return nil
}

// Clear deletes all entries in the reverse order of [Write], the aliases of any program included,
// and every other item with the same address. Only e-RS Login clears. Nothing to delete is no
// error. A locked keyring prompts for its password within the context.
func Clear(ctx context.Context) error {
	err := entry.Do(ctx, entry.MayPrompt, clearAll)
	if entry.NoneMade(err) {
		return nil
	}
	return err
}

// clearAll deletes every entry, in the reverse order of [Write], and continues after a failure:
// readers of an entry left behind go on after the sign-out, so one that stays must not keep the
// others. The caller has read the session, closes it at e-RS in any case, and tries again.
// AccountSession goes last, so that a program killed in between leaves no key without its end.
func clearAll(ring *entry.Ring) error {
	return together(clearAliases(ring), ring.Delete(keyAddress), ring.Delete(sessionAddress))
}

func clearAliases(ring *entry.Ring) error {
	var failed []error
	for _, alias := range slices.Backward(aliases) {
		failed = append(failed, ring.DeleteAlias(alias))
	}
	return together(failed...)
}

// together is errors.Join on one line.
func together(errs ...error) error {
	var all error
	for _, err := range errs {
		switch {
		case err == nil:
		case all == nil:
			all = err
		default:
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}
