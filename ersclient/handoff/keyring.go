package handoff

import (
	"context"
	"fmt"
	"slices"
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
	// ErrItemLocked: the keyring is unlocked and asks before an entry may be used, as KeePassXC does unless it is set otherwise, and
	// may not ask or was not answered. It is an ErrLocked.
	ErrItemLocked = entry.ErrItemLocked
	// ErrDismissed: the user has dismissed the keyring's prompt.
	ErrDismissed = entry.ErrDismissed
	// ErrNoBus: there is no D-Bus session bus (Linux).
	ErrNoBus = entry.ErrNoBus
	// ErrNoService: there is no Secret Service on the bus, and none that could be started (Linux).
	ErrNoService = entry.ErrNoService
	// ErrNoCollection: the Secret Service has no keyring yet, or KeePassXC shows no database (Linux), or macOS has no keychain. For
	// [Read] a keyring that was never made is ErrNotFound.
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

// aliases are where readers on Windows look that do not go by go-keyring's names, and want UTF-16: the entry [AccountSession] again,
// so that it does not matter which of them a reader reads.
var aliases = []entry.Alias{
	// Python's keyring, and .NET programs.
	{Target: AccountSession + "@" + Service, User: AccountSession},
	// keyring-rs, and with it Node's @napi-rs/keyring.
	{Target: AccountSession + "." + Service, User: AccountSession},
}

// Probe tells whether the keyring could be used now: nil, or why not. It never prompts and changes nothing, except that on
// Linux the Secret Service is started if the bus knows how to. On macOS the answer is always nil.
func Probe(ctx context.Context) error { return entry.Probe(ctx) }

// Read returns the session, [ErrNotFound] if nobody is signed in. It never prompts: whoever has published a session has unlocked
// the keyring for it, so a locked keyring, which is [ErrLocked], has at most a session that is over. Nor does it start anything: a
// Secret Service (Linux) that could be started, and has not been, is ErrNotFound, too.
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
	err := entry.Do(ctx, entry.OnlyLook, func(ring *entry.Ring) error {
		found, err := ring.Get(from)
		text = found
		return err
	})
	if entry.NoneMade(err) {
		// Where there is no keyring there is no entry.
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}

// WriteOption is a choice that whoever writes has.
type WriteOption func(*writing)

type writing struct{ aliases bool }

// WithAliases writes the entry [AccountSession] on Windows under two more names, in UTF-16LE, for readers that do not find or
// cannot decode the entry itself. On the other systems it changes nothing.
func WithAliases() WriteOption { return func(w *writing) { w.aliases = true } }

// Write publishes a session, the entry [AccountSession] first, and reads each entry back. It is for e-RS Login: there is one
// writer. A locked keyring asks the user for its password, and the context bounds how long they may take. After a failure
// no entry is there, unless the error says otherwise or the keyring does not answer; if it answers after the context has
// ended, what was written is taken back then.
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
			// Nothing was written to a keyring that is still locked, and asking for its password again would not help.
			return err
		}
		if left := clearAll(ring); left != nil {
			return fmt.Errorf("%w; and what was written stays: %w", err, left)
		}
		return err
	})
}

// writeAliases writes the aliases, or removes those that an earlier choice has left behind: they would be another session's.
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

// Clear deletes all entries in the reverse order of [Write], the entry [AccountSession] last, and every other item with the same
// address; the aliases too, whoever has chosen them. It is for e-RS Login. Nothing to delete is no error. A locked keyring asks the
// user for its password, and the context bounds how long they may take.
func Clear(ctx context.Context) error {
	err := entry.Do(ctx, entry.MayPrompt, clearAll)
	if entry.NoneMade(err) {
		return nil
	}
	return err
}

// clearAll tries every entry, in the reverse order of [Write], and goes on if one stays.
//
// One could think that the entry [AccountSession] must stay while another does, since it tells the next start of the program what is to
// be closed at e-RS. It is the other way round. A session must not outlive its reason: who reads it goes on as somebody who has
// signed out, and every entry that is gone stops some of them; the entry that most of them read must not stay because an alias did.
// What it knows is not lost with it: whoever clears has read it before, closes that session at e-RS whatever becomes of the
// keyring, so that a key which stayed opens nothing, and tries again. And a key without its session is looked for, and cleared, by
// every start. The order is for a program that is killed in between, which must not leave a key that nothing tells the end of.
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
