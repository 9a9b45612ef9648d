//go:build windows || darwin

package entry

import (
	"context"
	"errors"
	"fmt"
)

// store is the Credential Manager, or the login keychain through the security tool: neither needs
// a connection.
type store struct{}

func open(ctx context.Context, _ Prompting) (*store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return &store{}, nil
}

// takesBack: no prompt is ours to be taken off the screen.
func (*store) takesBack() bool { return false }

// vanished returns false: an entry is found and read in one call.
func vanished(error) bool { return false }

// usable returns true: the Credential Manager has no lock. That of a keychain cannot be read, and
// it is usually unlocked.
func (*store) usable() bool { return true }

// count returns uncounted: there is one entry to an address at most, and go-keyring's answer shows
// whether it was there.
func (*store) count(Address) int { return uncounted }

func (*store) gone() <-chan struct{} { return nil }

func (*store) close() {}

// Bell never rings: neither the Credential Manager nor the security tool signals changes.
type Bell struct{}

// Listen has nothing to listen to.
func Listen(context.Context) (*Bell, error) { return nil, errors.ErrUnsupported }

// Rung never receives.
func (*Bell) Rung() <-chan struct{} { return nil }

// Lost is never closed.
func (*Bell) Lost() <-chan struct{} { return nil }

// Close does nothing.
func (*Bell) Close() {}
