package commands

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
)

// The window's answer becomes an exit status.
func TestRefusals(t *testing.T) {
	for code, status := range map[string]int{
		"":                  statusFailed,
		givenUp.Code:        statusFailed,
		windowClosed.Code:   statusFailed,
		"KEYRING-LEFTOVER":  statusKeyring,
		"KEYRING-LOCKED":    statusKeyring,
		"KEYRING-NEW":       statusKeyring,
		"SETTING-SEVERAL":   statusFailed,
		"SOMETHING-\x1bNEW": statusFailed,
	} {
		err := refusal(instance.Answer{Code: code})
		require.Error(t, err)
		assert.Equal(t, status, statusOf(err), code)
		var complaints strings.Builder
		p := testProgram(t)
		p.stderr = &complaints
		assert.Equal(t, status, p.report(err))
		assert.NotContains(t, complaints.String(), "\x1b")
		assert.Contains(t, complaints.String(), strings.ReplaceAll(code, "\x1b", ""))
		assert.Contains(t, complaints.String(), "\n  1. ", "there are steps for the user")
		assert.NotRegexp(t, `(?i)press |reference below`, complaints.String())
	}
	require.NoError(t, refusal(instance.Answer{OK: true}))
}
