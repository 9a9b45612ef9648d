package signin

import (
	"errors"
	"slices"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
)

func keyringHealth(err error) Health {
	switch {
	case err == nil:
		return HealthGood
	case isLocked(err):
		return HealthAttention
	default:
		return HealthBad
	}
}

// ersHealth takes every answer of e-RS for a sign of life, a refusal included.
func ersHealth(err error) Health {
	if err == nil || errors.Is(err, ersclient.ErrAnswered) {
		return HealthGood
	}
	return HealthBad
}

// isLocked reports whether the keyring, or an entry in it, has to be unlocked first.
func isLocked(err error) bool {
	return errors.Is(err, handoff.ErrLocked) || errors.Is(err, handoff.ErrItemLocked)
}

// shut reports whether a keyring could not be used for a reason that a probe finds, too: it is
// locked, its prompt was dismissed, or it has gone.
func shut(err error) bool {
	return isLocked(err) || slices.ContainsFunc(
		[]error{handoff.ErrDismissed, handoff.ErrNoBus, handoff.ErrNoService, handoff.ErrNoCollection},
		func(reason error) bool { return errors.Is(err, reason) })
}
