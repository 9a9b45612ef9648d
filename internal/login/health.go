package login

import (
	"errors"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

func agentHealth(absence error) Health {
	var code smartcard.Code
	switch missing, known := missing(absence, CardUnseen); {
	case absence == nil:
		return HealthGood
	case missing == MissingAgent:
		return HealthBad
	case known, errors.As(absence, &code) && code.Group() == smartcard.GroupCardAndDevice:
		// It works, and says what it waits for, or what is wrong with the card.
		return HealthAttention
	default:
		return HealthBad
	}
}

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
	if err == nil || strings.HasPrefix(problem.Of(err).Code, "ERS-") {
		return HealthGood
	}
	return HealthBad
}

func isLocked(err error) bool { return err != nil && problem.Of(err).Code == "KEYRING-LOCKED" }

// shut reports whether a keyring could not be used for a reason that a probe finds, too: it is locked, its prompt was dismissed, or
// it has gone.
func shut(err error) bool {
	return slices.Contains([]string{
		"KEYRING-LOCKED", "KEYRING-DISMISSED", "KEYRING-NO_BUS", "KEYRING-NO_SERVICE", "KEYRING-NO_COLLECTION",
	}, problem.Of(err).Code)
}
