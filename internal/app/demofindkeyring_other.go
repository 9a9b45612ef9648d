//go:build !linux

package app

import (
	"context"
	"errors"
)

func startPrivateRing(context.Context) (privateRing, error) { return nil, errors.ErrUnsupported }

func removePrivateRings() error { return nil }
