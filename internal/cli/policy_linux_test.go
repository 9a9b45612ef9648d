package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/brokenpolicy"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// An unusable policy may forbid the user's settings: doctor may not act on them.
func TestABrokenPolicyFailsClosedInDiagnostics(t *testing.T) {
	if os.Geteuid() == 0 {
		defer brokenpolicy.AsNobody(t, t.Name())()
	}
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	program := testProgram(t, append(os.Environ(), session.Env()...)...)
	needless := []string{"reader", "card", "keyring", "settings", "workstation"}
	for name, sources := range brokenpolicy.Sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tempting := brokenpolicy.NewTemptation(t)
			sources.Environ = tempting.Environ
			p := program

			var out strings.Builder
			p.Stdout = &out
			assert.NotZero(t, p.Report(doctor{json: true}.run(t.Context(), p, sources)))
			var report struct {
				Checks []struct{ ID, State, Said string }
			}
			require.NoError(t, json.Unmarshal([]byte(out.String()), &report))
			require.Len(t, report.Checks, 16)
			for _, check := range report.Checks {
				if !slices.Contains(needless, check.ID) {
					assert.Equal(t, "skipped", check.State, check.ID)
					assert.Regexp(t, `^The (policy|settings of this computer) cannot be used\.$`, check.Said, check.ID)
				}
			}
			tempting.Resisted(t)
		})
	}
}

// Commands other than doctor do nothing that a policy could forbid.
func TestABrokenPolicyFailsClosedInCommands(t *testing.T) {
	if os.Geteuid() == 0 {
		defer brokenpolicy.AsNobody(t, t.Name())()
	}
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	program := testProgram(t, append(os.Environ(), session.Env()...)...)
	for name, sources := range brokenpolicy.Sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tempting := brokenpolicy.NewTemptation(t)
			sources.Environ = tempting.Environ
			p := program
			var discarded strings.Builder
			p.Stdout, p.Stderr = &discarded, &discarded
			require.NoError(t, p.EndLeftover(t.Context(), sources), "sign-out")
			require.NoError(t, forgetAll(t.Context(), p, sources), "forget")
			_ = configShow{}.run(sources, &discarded, &discarded)
			bundle := filepath.Join(t.TempDir(), "bundle.zip")
			assert.NotZero(t, p.Report(doctor{bundle: bundle, yes: true}.run(t.Context(), p, sources)))
			assert.FileExists(t, bundle)
			tempting.Resisted(t)
		})
	}
}
