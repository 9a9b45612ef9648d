// Package entry reads, writes and deletes single entries of the operating system's keyring, through
// go-keyring, and makes up for what that library lacks. On Linux it uses that library's client of
// the Secret Service, and shows prompts by itself.
//
// go-keyring has no contexts, and may wait for ever. So work on the keyring is done by [Do], in a
// goroutine that is left behind when the context ends. It takes a dismissed prompt for success, and a
// foreign program can leave a second item with the same address behind: so every write is read back,
// and every delete is repeated until nothing is found. One error text of its covers many reasons: so
// on Linux the Secret Service's state is read over a private bus connection, before the work and
// after a failure. Every failure has one of the sentinel errors below in its chain, or none if the
// reason is not known.
//
// go-keyring stores the same thing on all systems under a service and an account: a Secret Service
// item with the attributes service and username, a generic Windows credential with the target
// service:account, a macOS keychain password.
package entry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/internal/secret"
)

// Why an entry could not be read, written or deleted. Package handoff exports most of them, and says
// what they mean.
var (
	ErrNotFound     = errors.New("no such entry in the keyring")
	ErrNoBus        = errors.New("no D-Bus session bus")
	ErrNoService    = errors.New("no secret service on the session bus")
	ErrNoCollection = errors.New("no default keyring")
	ErrLocked       = errors.New("keyring is locked")
	ErrItemLocked   = fmt.Errorf("%w: it asks before the entry is used", ErrLocked)
	// ErrNoWallet is KWallet's ErrNoCollection; ErrNoDatabase is KeePassXC's, if it shows no
	// database.
	ErrNoWallet   = fmt.Errorf("%w: KWallet has no wallet", ErrNoCollection)
	ErrNoDatabase = fmt.Errorf("%w: no KeePassXC database is open", ErrNoCollection)
	// ErrNoKDEService is ErrNoService on KDE's desktop, whose keyring is not set to be one.
	ErrNoKDEService   = fmt.Errorf("%w: KWallet is not it", ErrNoService)
	ErrDismissed      = errors.New("keyring prompt was dismissed")
	ErrTimeout        = errors.New("keyring did not answer in time")
	ErrStopped        = errors.New("keyring stopped during use")
	ErrReadBack       = errors.New("keyring returned something other than was written")
	ErrLeftover       = errors.New("keyring still has the entry after it was deleted")
	ErrNoLogonSession = errors.New("no logon session that can keep credentials")
	ErrForbidden      = errors.New("storing credentials is forbidden")
)

// NoneMade reports whether err means that the user has no keyring yet, and so no entry. KeePassXC,
// which shows no database, may have one all the same.
func NoneMade(err error) bool {
	return errors.Is(err, ErrNoCollection) && !errors.Is(err, ErrNoDatabase)
}

// LockIsKnown reports whether this system's keyring tells its lock, and is unlocked before the work, or
// has none. That of macOS cannot be read without a prompt, so that any work may prompt.
const LockIsKnown = runtime.GOOS != "darwin"

// lookups bounds how often an entry that vanishes while it is read, or is empty, is looked for again.
const lookups = 5

// deletes bounds how often an entry is deleted until it is gone.
const deletes = 8

// takeBackWithin bounds how long a prompt may take to be off the screen.
const takeBackWithin = 2 * time.Second

// Address is where an entry is found.
type Address struct {
	Service, Account string
	// Lasting entries survive the end of the user's log-on session on Windows. On the other systems all do.
	Lasting bool
	// Alias is the full name of a second place of an entry on Windows, for readers that look there and
	// expect UTF-16LE. The other systems have one place, which every reader finds: nothing is written
	// to an alias, and nothing found.
	Alias string
}

// String is the name of the place.
func (a Address) String() string { return cmp.Or(a.Alias, a.Account) }

// missing reports whether this system has no such place.
func (a Address) missing() bool { return a.Alias != "" && runtime.GOOS != "windows" }

// Prompting is how far [Do] may go to make the keyring usable.
type Prompting int

// How far it may go.
const (
	// ReadOnly takes the keyring as it is. On Linux the Secret Service is not started, and one that
	// does not run, but could, is ErrNotFound: without it no session can have been published since
	// the user logged in. It is for readers, some of which poll every second.
	ReadOnly Prompting = iota
	// NeverPrompt starts the Secret Service if needed, and leaves a locked keyring locked.
	NeverPrompt
	// MayPrompt asks the user to unlock the keyring, too.
	MayPrompt
)

type (
	promptingKey struct{}
	promptsKey   struct{}
)

// As returns a context under which [Do] uses this prompting, whatever its argument. It is for the
// writer's process, which reaches Do through package handoff: it starts the Secret Service even to
// read, to find what an earlier run has left, and decides itself when to prompt.
func As(ctx context.Context, prompting Prompting) context.Context {
	return context.WithValue(ctx, promptingKey{}, prompting)
}

// WithPrompts returns a context under which showing is called when a prompt is shown, with ErrLocked or ErrItemLocked, and when it
// is over, with nil. The prompts of Windows and macOS are not seen.
func WithPrompts(ctx context.Context, showing func(error)) context.Context {
	return context.WithValue(ctx, promptsKey{}, showing)
}

// busy is held during work: go-keyring has one connection per process, and work that was left
// behind may yet clear up, which must not hit the entries of later work.
var busy = make(chan struct{}, 1)

// Do works on the keyring, one work at a time in this process. A locked keyring is unlocked first,
// with a prompt, or is ErrLocked if prompting is less than [MayPrompt]. When ctx ends Do returns,
// and its goroutine stays until the keyring answers; until then, nothing else in this process can
// use the keyring. Run Do in a separate process to avoid that.
func Do(ctx context.Context, prompting Prompting, work func(*Ring) error) error {
	select {
	case busy <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: other work is under way: %w", ErrTimeout, ctx.Err())
	}
	if set, isSet := ctx.Value(promptingKey{}).(Prompting); isSet {
		prompting = set
	}
	found, err := open(ctx, prompting)
	if err != nil {
		<-busy
		return err
	}
	ring := &Ring{ctx: ctx, store: found}
	done := make(chan error, 1)
	go func() {
		defer func() { <-busy }()
		defer found.close()
		err := ring.guarded(work)
		if err != nil {
			err = found.explain(err)
		}
		done <- err
	}()
	var left error
	select {
	case err := <-done:
		return err
	case <-found.gone():
		// go-keyring may not notice.
		left = ErrStopped
	case <-ctx.Done():
		if found.takesBack() {
			// It ends as soon as its prompt is off the screen.
			select {
			case err := <-done:
				return err
			case <-time.After(takeBackWithin):
			}
		}
		left = fmt.Errorf("%w: %w", ErrTimeout, ctx.Err())
	}
	select {
	case err := <-done:
		// It came to its end at the same moment, and ends the connection after that.
		return err
	default:
		return left
	}
}

// Settle waits until work that was left behind is done, or until ctx ends. Call it before the
// process ends, so that a write under way is taken back and the keyring's service is not left in
// the middle of a call.
func Settle(ctx context.Context) {
	select {
	case busy <- struct{}{}:
		<-busy
	case <-ctx.Done():
	}
}

// Probe reports whether the keyring could be used now: nil, or one of ErrLocked, ErrNoBus,
// ErrNoService, ErrNoCollection, ErrNoLogonSession, ErrForbidden, ErrTimeout. It never prompts. On
// macOS there is no way to ask, and the answer is nil.
func Probe(ctx context.Context) error {
	return Do(ctx, NeverPrompt, func(ring *Ring) error { return ring.store.probe() })
}

// Ring is the keyring during one piece of work. Its methods block for as long as the keyring does.
type Ring struct {
	ctx   context.Context
	store *store
}

// guarded turns a panic of go-keyring into an error: it has one when the bus dies during a prompt.
func (r *Ring) guarded(work func(*Ring) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			// The value of a panic that is not the runtime's could be anything.
			var made runtime.Error
			if failed, isError := value.(error); isError && errors.As(failed, &made) {
				err = fmt.Errorf("%w: panic: %w", ErrStopped, made)
				return
			}
			err = fmt.Errorf("%w: panic with a %T", ErrStopped, value)
		}
	}()
	return work(r)
}

// Get reads an entry. On Linux it is found first and read next; if it was replaced or deleted in
// between, Get looks again, so that the result is one or the other. So it does if the entry is
// empty, which none of ours is: KWallet 5.103 sometimes says so while an entry is being replaced.
func (r *Ring) Get(from Address) (secret.Text, error) {
	if from.missing() {
		return secret.Text{}, ErrNotFound
	}
	text, err := r.store.get(r.ctx, from)
	for again := 0; again < lookups && (vanished(err) || err == nil && text == "") && r.ctx.Err() == nil; again++ {
		text, err = r.store.get(r.ctx, from)
	}
	if errors.Is(err, keyring.ErrNotFound) {
		return secret.Text{}, ErrNotFound
	}
	if err != nil {
		return secret.Text{}, fmt.Errorf("read %s: %w", from, err)
	}
	return secret.New(text), nil
}

// Set writes an entry and reads it back. It writes nothing once the context has ended.
func (r *Ring) Set(to Address, text secret.Text) error {
	if to.missing() {
		return nil
	}
	for range 2 {
		if err := r.late(); err != nil {
			return err
		}
		if err := r.store.set(r.ctx, to, text.Reveal()); err != nil {
			return fmt.Errorf("write %s: %w", to, err)
		}
		// It may have been written long after the caller has gone. This takes it back.
		if err := r.late(); err != nil {
			return err
		}
		read, err := r.Get(to)
		if errors.Is(err, ErrNotFound) {
			err = ErrDismissed // which is no error to the keyring
			if runtime.GOOS == "windows" {
				err = ErrReadBack // there are no prompts: it was lost
			}
			return fmt.Errorf("write %s: %w", to, err)
		}
		if err != nil {
			return err
		}
		if read.Equal(text) {
			return r.late() // reading it back may have taken as long
		}
		// A foreign item with the same address was found first. Without it, there is only ours.
		if err := r.Delete(to); err != nil {
			return fmt.Errorf("%w: %w", ErrReadBack, err)
		}
	}
	return fmt.Errorf("write %s: %w", to, ErrReadBack)
}

// late is ErrTimeout once the context has ended.
func (r *Ring) late() error {
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return nil
}

// Delete deletes an entry, and every other item with the same address, until none is found. Nothing
// to delete is no error.
func (r *Ring) Delete(from Address) error {
	if from.missing() {
		return nil
	}
	left := r.store.count(from)
	if left == 0 {
		return nil
	}
	for range deletes {
		err := r.store.remove(r.ctx, from)
		if vanished(err) {
			continue
		}
		if errors.Is(err, keyring.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("delete %s: %w", from, err)
		}
		before := left
		left = r.store.count(from)
		// A service that asks the user about each delete must not be made to ask eight times.
		if before != uncounted && left >= before {
			return fmt.Errorf("delete %s: %w", from, ErrLeftover)
		}
	}
	_, err := r.Get(from)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("delete %s: %w", from, ErrLeftover)
}

// Usable reports whether the keyring can be worked on without a prompt, for clearing up after a
// failure.
func (r *Ring) Usable() bool { return r.store.usable() }

// uncounted is the count of items where they cannot be counted.
const uncounted = -1
