package login

import (
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

func agentHealth(absence error) Health {
	switch missing, known := missing(absence); {
	case absence == nil:
		return HealthGood
	case !known || missing == MissingAgent:
		return HealthBad
	default:
		return HealthAttention
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
