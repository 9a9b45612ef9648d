package entry

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/zalando/go-keyring"
)

func (*store) set(_ context.Context, to Address, text string) error {
	return keyring.Set(to.Service, to.Account, text)
}

func (*store) get(_ context.Context, from Address) (string, error) {
	return keyring.Get(from.Service, from.Account)
}

func (*store) remove(_ context.Context, from Address) error {
	return keyring.Delete(from.Service, from.Account)
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

func (*store) probe() error { return nil }
