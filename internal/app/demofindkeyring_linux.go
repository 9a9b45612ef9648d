package app

import (
	"context"

	"github.com/ers-login/ers-login/internal/keyring/private"
)

func startPrivateRing(ctx context.Context) (privateRing, error) {
	ring, err := private.Start(ctx)
	if err != nil {
		return nil, err
	}
	return ring, nil
}

// removePrivateRings removes what killed demonstrations have left.
func removePrivateRings() error { return private.RemoveLeftovers() }
