//go:build windows || darwin

package entry

import (
	"context"
	"errors"
)

// Bell would ring when an entry may have changed. Neither the Credential Manager nor the security tool tells of that.
type Bell struct{}

// Listen has nothing to listen to.
func Listen(context.Context) (*Bell, error) { return nil, errors.ErrUnsupported }

// Rung never receives.
func (*Bell) Rung() <-chan struct{} { return nil }

// Lost is never closed.
func (*Bell) Lost() <-chan struct{} { return nil }

// Close does nothing.
func (*Bell) Close() {}
