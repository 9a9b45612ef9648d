package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/instance"
)

// The window's answer becomes an exit status.
func TestRefusals(t *testing.T) {
	for code, status := range map[string]int{
		"":                    app.StatusFailed,
		app.GivenUp.Code:      app.StatusFailed,
		app.WindowClosed.Code: app.StatusFailed,
		"KEYRING-LEFTOVER":    app.StatusKeyring,
		"KEYRING-LOCKED":      app.StatusKeyring,
		"KEYRING-NEW":         app.StatusKeyring,
		"SETTING-SEVERAL":     app.StatusFailed,
		"SOMETHING-\x1bNEW":   app.StatusFailed,
	} {
		err := refusal(instance.Answer{Code: code})
		require.Error(t, err)
		assert.Equal(t, status, app.StatusOf(err), code)
		var complaints strings.Builder
		p := testProgram(t)
		p.Stderr = &complaints
		assert.Equal(t, status, p.Report(err))
		assert.NotContains(t, complaints.String(), "\x1b")
		assert.Contains(t, complaints.String(), strings.ReplaceAll(code, "\x1b", ""))
		assert.Contains(t, complaints.String(), "\n  1. ", "there are steps for the user")
		assert.NotRegexp(t, `(?i)press |reference below`, complaints.String())
	}
	require.NoError(t, refusal(instance.Answer{OK: true}))
}
