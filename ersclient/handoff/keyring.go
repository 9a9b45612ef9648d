package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// places are where the entries of a platform are.
type places struct {
	// main holds the whole session, alone its secret alone.
	main, alone entry.Address
	// aliases are the names used on Windows by readers that do not follow go-keyring's, and expect
	// UTF-16. Each holds the main entry again.
	aliases []entry.Address
}

func placesOf(main, alone string) places {
	return places{
		entry.Address{Service: Service, Account: main},
		entry.Address{Service: Service, Account: alone},
		[]entry.Address{
			// Python's keyring, and .NET programs.
			{Account: main, Alias: main + "@" + Service},
			// keyring-rs, and with it Node's @napi-rs/keyring.
			{Account: main, Alias: main + "." + Service},
		},
	}
}

var (
	hscnPlaces = placesOf(AccountSession, AccountSessionKey)
	fhirPlaces = placesOf(AccountFHIRSession, AccountAccessToken)
)

// Probe returns nil if the keyring can be used now, or why not. It never prompts and changes
// nothing, except that on Linux it starts an activatable Secret Service. On macOS it always returns
// nil.
func Probe(ctx context.Context) error { return entry.Probe(ctx) }

// Read returns the session of the HSCN platform, or [ErrNotFound] if no user is signed in there. It
// never prompts: publishing unlocks the keyring, so a locked one ([ErrLocked]) has at most an
// expired session. Nor does it start a Secret Service (Linux): one not running is ErrNotFound, too.
func Read(ctx context.Context) (Session, error) {
	text, err := read(ctx, hscnPlaces.main)
	if err != nil {
		return Session{}, err
	}
	return Decode([]byte(text.Reveal()))
}

// ReadFHIR is Read for the FHIR platform.
func ReadFHIR(ctx context.Context) (FHIRSession, error) {
	text, err := read(ctx, fhirPlaces.main)
	if err != nil {
		return FHIRSession{}, err
	}
	return DecodeFHIR([]byte(text.Reveal()))
}

// ReadAny is Read for both platforms, of which one has a session at most. Of two entries, as after
// a crash or with a foreign one, it returns the one that can be used.
func ReadAny(ctx context.Context) (Entry, error) {
	texts, err := lookUp(ctx, fhirPlaces.main, hscnPlaces.main)
	if err != nil {
		return nil, err
	}
	fhir, failed := decoded(texts[0], DecodeFHIR)
	hscn, failedToo := decoded(texts[1], Decode)
	now := time.Now()
	switch {
	case fhir == nil && hscn == nil:
		return nil, together(failed, failedToo)
	case fhir == nil, hscn != nil && fhir.Expired(now) && !hscn.Expired(now):
		return hscn, nil
	}
	return fhir, nil
}

// decoded returns a session, nil without a text of one.
func decoded[S Entry](text *secret.Text, decode func([]byte) (S, error)) (Entry, error) {
	if text == nil {
		return nil, nil
	}
	return either(decode([]byte(text.Reveal())))
}

// ReadKey returns the session key alone, like a shell script. It never prompts. Prefer [Read]: the
// session may change between two reads of two entries.
func ReadKey(ctx context.Context) (SessionKey, error) {
	text, err := readAlone(ctx, hscnPlaces.alone)
	return SessionKey{Text: text}, err
}

// ReadAccessToken is ReadKey for the access token of the FHIR platform. Prefer [ReadFHIR]: a call
// takes organisation and role besides the token.
func ReadAccessToken(ctx context.Context) (AccessToken, error) {
	text, err := readAlone(ctx, fhirPlaces.alone)
	return AccessToken{Text: text}, err
}

func readAlone(ctx context.Context, from entry.Address) (secret.Text, error) {
	text, err := read(ctx, from)
	if err != nil {
		return secret.Text{}, err
	}
	alone := strings.TrimSpace(text.Reveal())
	if err := checkSecret(from.Account, alone); err != nil {
		return secret.Text{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return secret.New(alone), nil
}

func read(ctx context.Context, from entry.Address) (secret.Text, error) {
	texts, err := lookUp(ctx, from)
	if err != nil {
		return secret.Text{}, err
	}
	return *texts[0], nil
}

// lookUp returns the text at each address, nil where there is none. Without any the error is
// ErrNotFound.
func lookUp(ctx context.Context, addresses ...entry.Address) ([]*secret.Text, error) {
	texts := make([]*secret.Text, len(addresses))
	err := entry.Do(ctx, entry.ReadOnly, func(ring *entry.Ring) error {
		found := ErrNotFound
		for i, from := range addresses {
			text, err := ring.Get(from)
			switch {
			case err == nil:
				texts[i], found = &text, nil
			case !errors.Is(err, ErrNotFound):
				return err
			}
		}
		return found
	})
	if entry.NoneMade(err) {
		// Without a keyring there is no entry.
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, err
	}
	return texts, nil
}

// WriteOption is an option of [Write].
type WriteOption func(*writing)

type writing struct{ aliases bool }

// WithAliases also writes the main entry under two more names on Windows, in UTF-16LE, for readers
// that do not find or cannot decode the entry itself. On other systems it does nothing.
func WithAliases() WriteOption { return func(w *writing) { w.aliases = true } }

// Write publishes a session, its main entry first, and reads each entry back. The entries of an
// earlier session of the same platform are replaced in place, so that readers find the one or the
// other at every moment; those of the other platform are deleted before. Only e-RS Login writes. A
// locked keyring prompts for its password within the context. After a failure no entry is left,
// unless the error reports otherwise or the keyring does not answer; if it answers after the
// context has ended, the entries are removed then.
func Write(ctx context.Context, session Entry, options ...WriteOption) error {
	encoded, err := Encode(session)
	if err != nil {
		return err
	}
	var chosen writing
	for _, option := range options {
		option(&chosen)
	}
	published := session.parts()
	return entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		err := chosen.write(ring, published.at, secret.New(string(encoded)), *published.secret)
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

func (w writing) write(ring *entry.Ring, to *places, main, alone secret.Text) error {
	for _, other := range []*places{&hscnPlaces, &fhirPlaces} {
		if other == to {
			continue
		}
		if err := other.clear(ring); err != nil {
			return err
		}
	}
	if err := ring.Set(to.main, main); err != nil {
		return err
	}
	if err := ring.Set(to.alone, alone); err != nil {
		return err
	}
	if !w.aliases {
		// Those of an earlier session.
		return to.clearAliases(ring)
	}
	for _, alias := range to.aliases {
		if err := ring.Set(alias, main); err != nil {
			return err
		}
	}
	return nil
}

// Clear deletes all entries of both platforms, those of a platform in the reverse order of [Write],
// the aliases of any program included, and every other item with the same address. Only e-RS Login
// clears. Nothing to delete is no error. A locked keyring prompts for its password within the
// context.
func Clear(ctx context.Context) error {
	err := entry.Do(ctx, entry.MayPrompt, clearAll)
	if entry.NoneMade(err) {
		return nil
	}
	return err
}

func clearAll(ring *entry.Ring) error {
	return together(fhirPlaces.clear(ring), hscnPlaces.clear(ring))
}

// clear deletes every entry of a platform, in the reverse order of [Write], and continues after a
// failure: readers of an entry left behind go on after the sign-out, so one that stays must not
// keep the others. The main entry goes last, so that a program killed in between leaves no secret
// without its end.
func (p *places) clear(ring *entry.Ring) error {
	return together(p.clearAliases(ring), ring.Delete(p.alone), ring.Delete(p.main))
}

func (p *places) clearAliases(ring *entry.Ring) error {
	var failed []error
	for _, alias := range slices.Backward(p.aliases) {
		failed = append(failed, ring.Delete(alias))
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
