package app

import (
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/brokenpolicy"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// An unusable policy may forbid the user's settings: neither a sign-in nor the window's diagnostics
// may act on them.
func TestABrokenPolicyFailsClosedInTheWindow(t *testing.T) {
	if os.Geteuid() == 0 {
		defer brokenpolicy.AsNobody(t, t.Name())()
	}
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
	program := testProgram(t, append(os.Environ(), session.Env()...)...)
	services := func(t *testing.T, sources config.Sources) RealServices {
		t.Helper()
		return RealServices{
			Program: program, Log: testLog(t), Board: signin.NewBoard(), Sources: sources,
			CardSide: &atomic.Pointer[CardSide]{}, leftover: &leftover{},
		}
	}
	look := func(t *testing.T, of RealServices) {
		t.Helper()
		page := &windowDiagnostics{platform: ticketPlatform, open: of.openChecks}
		page.Run(t.Context(), diagnose.Incident{}, func(int, diagnose.Finding) {})
	}
	for name, sources := range brokenpolicy.Sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tempting := brokenpolicy.NewTemptation(t)
			sources.Environ = tempting.Environ
			of := services(t, sources)
			_, err := of.prepareOrClear(t.Context())
			require.Error(t, err, "a sign-in")
			require.Error(t, of.unusable())
			tempting.Resisted(t)

			// A window opened before the policy broke still has the user's program.
			loaded, err := config.Load(config.Sources{Environ: tempting.Environ})
			require.NoError(t, err)
			side, err := of.openCardSide(loaded)
			require.NoError(t, err)
			of.CardSide.Store(&side)
			look(t, of)
			require.NoError(t, side.Close())
			tempting.Resisted(t)
		})
	}
	t.Run("the bait is good", func(t *testing.T) {
		tempting := brokenpolicy.NewTemptation(t)
		look(t, services(t, config.Sources{Environ: tempting.Environ}))
		tempting.Works(t)
	})
}
