package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/app"
)

// A settings file tried with the demonstration would seem to be right, or to exist, if it were
// accepted.
func TestTheDemonstrationTakesNoSettings(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		names  string
		remedy string
	}{
		"a file":                     {[]string{"demo", "--config", "/nonexistent.toml"}, "--config:", "leave out demo"},
		"a file for doctor":          {[]string{"doctor", "--demo", "--config", "/nonexistent.toml"}, "--config:", "leave out --demo"},
		"settings for doctor":        {[]string{"doctor", "--demo", "--asid", "123456789012"}, "--asid:", "leave out --demo"},
		"no platform for doctor":     {[]string{"doctor", "--demo", "--platform", "fihr"}, "--platform:", "hscn, fhir"},
		"several of them for doctor": {[]string{"--config", "a.toml", "doctor", "--demo", "--proxy", "none"}, "--config, --proxy:", "leave out --demo"},
	} {
		t.Run(name, func(t *testing.T) {
			var printed strings.Builder
			p := testProgram(t)
			p.Stderr = &printed
			err := execute(t.Context(), p, test.args)
			require.Error(t, err)
			assert.Equal(t, app.StatusUsage, p.Report(err))
			assert.Contains(t, printed.String(), test.names)
			assert.Contains(t, printed.String(), test.remedy)
		})
	}
}
