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

// ersHealth takes every answer of e-RS for a sign of life, a refusal included. One that says that
// e-RS does not work is no good sign.
func ersHealth(err error) Health {
	switch {
	case errors.Is(err, ersclient.ErrUnavailable):
		return HealthAttention
	case err == nil, errors.Is(err, ersclient.ErrAnswered):
		return HealthGood
	default:
		return HealthBad
	}
}

// isLocked reports whether the keyring, or an entry in it, has to be unlocked first.
func isLocked(err error) bool {
	return errors.Is(err, handoff.ErrLocked) || errors.Is(err, handoff.ErrItemLocked)
}

// shut reports whether a keyring could not be used for a reason that a probe finds, too: it is
// locked, its prompt was dismissed, or it has gone.
func shut(err error) bool {
	return isLocked(err) || errors.Is(err, handoff.ErrDismissed) || noKeyring(err)
}

// noKeyring reports whether there is no keyring that could be used.
func noKeyring(err error) bool {
	return isOneOf(err, handoff.ErrNoBus, handoff.ErrNoService, handoff.ErrNoCollection)
}

// aboutKeyring reports whether an error is the keyring's, and no missing entry.
func aboutKeyring(err error) bool {
	return shut(err) || isOneOf(err, handoff.ErrTimeout, handoff.ErrStopped, handoff.ErrReadBack, handoff.ErrLeftover,
		handoff.ErrNoLogonSession, handoff.ErrForbidden)
}

func isOneOf(err error, reasons ...error) bool {
	return slices.ContainsFunc(reasons, func(reason error) bool { return errors.Is(err, reason) })
}
