//go:build windows || darwin

package entry

import (
	"context"
	"errors"
)

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
