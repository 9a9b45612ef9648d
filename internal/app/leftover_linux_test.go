package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bare "github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// A killed program leaves its session in the keyring, and the next start clears it, even one that
// cannot sign in: other applications would go on with it for as long as it takes to repair the
// settings.
func TestAFailedStartClearsTheKeyring(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	other := ringOn(t, session)
	require.NoError(t, other.Publish(t.Context(), sessionAt("https://ers.example/ers-api")))
	settings := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(settings, []byte("asid = \"none\"\n"), 0o600))
	r := RealServices{
		Program: testProgram(t, append(os.Environ(), session.Env()...)...), Log: testLog(t), Board: signin.NewBoard(),
		Sources: config.Sources{File: settings}, leftover: &leftover{},
	}
	_, err := r.prepareOrClear(t.Context())
	require.Error(t, err)
	assert.Contains(t, problem.Of(err).Code, "SETTING-")
	_, err = other.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)

	// Once the settings are repaired, the flow finds it once, and closes it at e-RS.
	flows := clearedSessionKeyring{other, r.leftover}
	found, err := flows.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "https://ers.example/ers-api", found.Details().BaseURL)
	_, err = flows.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
}

// The same with a session of the FHIR platform: its token would be found for ten minutes.
func TestAFailedStartClearsAToken(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	other := ringOn(t, session)
	require.NoError(t, other.Publish(t.Context(), tokenAt("https://ers.example/FHIR")))
	r := RealServices{
		Program: testProgram(t, append(os.Environ(), session.Env()...)...), Log: testLog(t), Board: signin.NewBoard(), leftover: &leftover{},
	}
	r.clearBeforeFlow(t.Context())
	_, err := other.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
	found, err := clearedSessionKeyring{other, r.leftover}.Read(t.Context())
	require.NoError(t, err)
	assert.Equal(t, handoff.FHIR, found.Details().Platform)
}

// An instance or a demonstration that does not mark its session has it cleared by another.
func TestSessionsOfBothPlatformsAreMarked(t *testing.T) {
	for _, session := range []handoff.Entry{sessionAt("https://ers.example/ers-api"), tokenAt("https://ers.example/FHIR")} {
		marked := demonstrated(ownedBy(session, "/run/lock")).Details()
		want := session.Details()
		want.Owner, want.Kind = "/run/lock", handoff.KindDemonstration
		assert.Equal(t, want, marked)
		_, err := ofADemonstration(session, nil)
		require.ErrorIs(t, err, realSession)
		_, err = ofADemonstration(demonstrated(session), nil)
		require.NoError(t, err)
	}
}

func tokenAt(address string) handoff.FHIRSession {
	now := time.Now()
	return handoff.FHIRSession{
		Generation: 1, AccessToken: handoff.NewAccessToken("a-made-up-token"), BaseURL: address, OrgIdentifier: "R01",
		IssuedAt: now, TokenExpiresAt: now.Add(10 * time.Minute), ExpiresAt: now.Add(12 * time.Hour),
	}
}

// A key without its session is left of an end that was cut short. Scripts that read it alone would
// go on as the former user.
func TestAKeyWithoutItsSessionIsCleared(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	other := ringOn(t, session)
	orphan := func() {
		require.NoError(t, other.Publish(t.Context(), sessionAt("https://ers.example/ers-api")))
		require.NoError(t, bare.Delete(handoff.Service, handoff.AccountSession))
		_, err := bare.Get(handoff.Service, handoff.AccountSessionKey)
		require.NoError(t, err)
	}
	gone := func(t *testing.T) {
		_, err := bare.Get(handoff.Service, handoff.AccountSessionKey)
		require.ErrorIs(t, err, bare.ErrNotFound)
	}
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	t.Run("by a start that fails", func(t *testing.T) {
		orphan()
		RealServices{Program: p, Log: testLog(t), Board: signin.NewBoard(), leftover: &leftover{}}.clearBeforeFlow(t.Context())
		gone(t)
	})
	t.Run("by signing out", func(t *testing.T) {
		orphan()
		require.NoError(t, p.EndLeftover(t.Context(), config.Sources{}))
		gone(t)
	})
	t.Run("and not by a look", func(t *testing.T) {
		orphan()
		_, err := other.Read(t.Context())
		require.ErrorIs(t, err, handoff.ErrNotFound)
		_, err = bare.Get(handoff.Service, handoff.AccountSessionKey)
		require.NoError(t, err, "a reader such as doctor may read while another process is about to write")
	})
}

// Two desktops of a user can have two buses and one keyring, stored in the same files. The entry
// names its owner.
func TestALivingOwnersSessionIsLeftAlone(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	owner, err := instance.Take(filepath.Join(t.TempDir(), "ers-login.lock"))
	require.NoError(t, err)
	left := sessionAt("https://ers.example/ers-api")
	left.Owner = owner.Mark()
	require.NotEmpty(t, left.Owner)
	ring := ringOn(t, session)
	require.NoError(t, ring.Publish(t.Context(), left))
	p := testProgram(t, os.Environ()...)
	p.Lock = &HeldLock{}
	own, err := instance.Take(filepath.Join(t.TempDir(), "ers-login.lock"))
	require.NoError(t, err)
	defer func() { require.NoError(t, own.Release()) }()
	p.Lock.Hold(own)
	other := ownedKeyring{ring, p.Lock}

	_, err = other.Read(t.Context())
	require.ErrorIs(t, err, instance.Running)
	_, err = other.ReadUnlocking(t.Context())
	require.ErrorIs(t, err, instance.Running)
	require.ErrorIs(t, other.Publish(t.Context(), sessionAt("https://other.example/ers-api")), instance.Running)
	// The flow clears what it may have published, and finds none of its own.
	require.NoError(t, other.Clear(t.Context()))
	RealServices{Program: p, Log: testLog(t), Board: signin.NewBoard(), leftover: &leftover{}}.clearBeforeFlow(t.Context())
	found, err := ring.Read(t.Context())
	require.NoError(t, err, "another instance clears it")
	assert.Equal(t, left.BaseURL, found.Details().BaseURL)

	// Any process may clear a dead owner's session.
	require.NoError(t, owner.Release())
	_, err = other.Read(t.Context())
	require.NoError(t, err)
	require.NoError(t, other.Clear(t.Context()))
	_, err = ring.Read(t.Context())
	require.ErrorIs(t, err, handoff.ErrNotFound)
}
