package app

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

func sessionAt(address string) handoff.Session {
	return handoff.Session{
		Generation: 1, SessionKey: handoff.NewSessionKey("a-made-up-session"), BaseURL: address, ASID: "123456789012",
		IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
}

func ringOn(t *testing.T, session *keyringtest.Session) *keyring.Client {
	t.Helper()
	defaults, err := config.Load(config.Sources{})
	require.NoError(t, err)
	ring := testProgram(t, append(os.Environ(), session.Env()...)...).OpenKeyring(defaults, testLog(t))
	t.Cleanup(func() { assert.NoError(t, ring.Close()) })
	return ring
}

// Trying the demonstration on a workstation in use must not sign the clinician out.
func TestTheDemonstrationLeavesARealSessionAlone(t *testing.T) {
	for name, test := range map[string]struct {
		baseURL, kind string
		real          bool
	}{
		"no user is signed in":               {"", "", false},
		"an earlier demonstration":           {"https://127.0.0.1:8443/ers-api", handoff.KindDemonstration, false},
		"an earlier one by name":             {"https://localhost:8443/ers-api", handoff.KindDemonstration, false},
		"a real session":                     {"https://api.dev1.ers.ncrs.nhs.uk/ers-api", "", true},
		"a real one through this computer":   {"https://127.0.0.1:8443/ers-api", "", true},
		"a real one by this computer's name": {"https://localhost:8443/ers-api", "", true},
		"one of a later program":             {"https://localhost:8443/ers-api", "training", true},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}})
			other := ringOn(t, session)
			if test.baseURL != "" {
				left := sessionAt(test.baseURL)
				left.Kind = test.kind
				require.NoError(t, other.Publish(t.Context(), left))
			}
			ers := erstest.NewServer()
			defer ers.Close()
			card := simulator.New(0)
			defer card.Close()
			p := testProgram(t, append(os.Environ(), session.Env()...)...)
			demo := NewDemonstration(p, testLog(t), signin.NewBoard(), ers, card, simulator.Persona{})
			found, err := demo.Prepare(t.Context())
			if test.real {
				require.ErrorIs(t, err, realSession)
				left, err := other.Read(t.Context())
				require.NoError(t, err)
				assert.Equal(t, test.baseURL, left.Details().BaseURL)
				return
			}
			require.NoError(t, err)
			defer found.close()
			require.NoError(t, found.keyring.Publish(t.Context(), sessionAt(ers.URL)))
			published, err := other.Read(t.Context())
			require.NoError(t, err)
			assert.Equal(t, handoff.KindDemonstration, published.Details().Kind)
			require.NoError(t, found.keyring.Clear(t.Context()))
		})
	}
}

// A keyring that was locked when the demonstration started shows its contents only later.
func TestTheDemonstrationLooksAgain(t *testing.T) {
	const address = "https://api.dev1.ers.ncrs.nhs.uk/ers-api"
	ring := ringOn(t, keyringtest.ForTest(t, keyringtest.Options{Fake: &keyringtest.Fake{}}))
	demo := demoKeyring{ring}
	require.NoError(t, ring.Publish(t.Context(), sessionAt(address)))
	require.ErrorIs(t, demo.Publish(t.Context(), sessionAt("https://127.0.0.1/ers-api")), realSession)
	require.ErrorIs(t, demo.Clear(t.Context()), realSession)
	_, err := demo.ReadUnlocking(t.Context())
	require.ErrorIs(t, err, realSession)
	left, err := ring.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, address, left.Details().BaseURL)
}
