package entry

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/zalando/go-keyring"
)

// LockIsKnown is false: any work may prompt, since the keychain's lock cannot be read without a
// prompt.
const LockIsKnown = false

// errNotWritten: the security tool, controlled through its stdin, does not report a dismissed
// prompt.
var errNotWritten = ErrDismissed

// store is the login keychain, through the security tool.
type store struct{}

func (*store) set(_ context.Context, to Address, text string) error {
	return keyring.Set(to.Service, to.Account, text)
}

// There are no aliases: every reader finds the entry itself.
func setAlias(Alias, string) error { return nil }
func deleteAlias(Alias) error      { return ErrNotFound }

func (*store) get(_ context.Context, from Address) (string, error) {
	return keyring.Get(from.Service, from.Account)
}

func (*store) remove(_ context.Context, from Address) error {
	return keyring.Delete(from.Service, from.Account)
}

// takesBack: no prompt is ours to be taken off the screen.
func (*store) takesBack() bool { return false }

// vanished returns false: an entry is found and read in one call.
func vanished(error) bool { return false }

func open(ctx context.Context, _ Prompting) (*store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return &store{}, nil
}

// The exit codes of the security tool are the low byte of the Security framework's status.
const (
	interactionNotAllowed = 36  // errSecInteractionNotAllowed, -25308: locked, and no prompt can be shown
	noDefaultKeychain     = 37  // errSecNoDefaultKeychain, -25307
	noSuchKeychain        = 50  // errSecNoSuchKeychain, -25294
	authFailed            = 51  // errSecAuthFailed, -25293
	userCanceled          = 128 // errSecUserCanceled, -128
)

func (*store) explain(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	switch exit.ExitCode() {
	case interactionNotAllowed:
		return fmt.Errorf("%w: %w", ErrLocked, err)
	case noDefaultKeychain, noSuchKeychain:
		return fmt.Errorf("%w: %w", ErrNoCollection, err)
	case authFailed, userCanceled:
		return fmt.Errorf("%w: %w", ErrDismissed, err)
	default:
		return err
	}
}

// usable returns true: an unlocked keychain is the usual case, and the lock cannot be read.
func (*store) usable() bool { return true }

func (*store) probe() error { return nil }

func (*store) count(Address) int { return uncounted }

func (*store) gone() <-chan struct{} { return nil }

func (*store) close() {}
