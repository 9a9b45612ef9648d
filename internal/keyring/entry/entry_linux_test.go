package entry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// The states of a keyring are tested where they matter, in packages handoff and keyring.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T) {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{})
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

// What a panic is made of can be a secret, and must not reach the log; that there was one must not be lost.
func TestAPanicIsAnError(t *testing.T) {
	within(t)
	var nothing *entry.Address
	for name, test := range map[string]struct {
		work func(*entry.Ring) error
		want string
	}{
		"of the runtime": {func(*entry.Ring) error { return errors.New(nothing.Service) }, "nil pointer dereference"},
		"with a text":    {func(*entry.Ring) error { panic("S3CRET") }, "panic with a string"},
		"with an error":  {func(*entry.Ring) error { panic(errors.New("S3CRET")) }, "panic with a *errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			err := entry.Do(t.Context(), entry.NeverPrompt, test.work)
			require.ErrorIs(t, err, entry.ErrStopped)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "S3CRET")
		})
	}
	require.NoError(t, entry.Probe(t.Context()), "and the next work can be done")
}

// Work that was left behind may yet clear up: nothing else may write meanwhile, and a process that
// is to end has to wait for it.
func TestWorkIsDoneOneAtATime(t *testing.T) {
	within(t)
	ctx, cancel := context.WithCancel(t.Context())
	begun, release := make(chan struct{}), make(chan struct{})
	address := entry.Address{Service: "ers-login-test", Account: "one"}
	left := make(chan error, 1)
	go func() {
		left <- entry.Do(ctx, entry.NeverPrompt, func(ring *entry.Ring) error {
			close(begun)
			<-release
			assert.ErrorIs(t, ring.Set(address, secret.New("late")), context.Canceled, "nothing is written any more")
			return ring.Delete(address)
		})
	}()
	<-begun
	cancel()
	require.ErrorIs(t, <-left, entry.ErrTimeout)

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, entry.Probe(short), entry.ErrTimeout)
	entry.Settle(short)
	close(release)
	entry.Settle(t.Context())
	require.NoError(t, entry.Do(t.Context(), entry.NeverPrompt, func(ring *entry.Ring) error {
		_, err := ring.Get(address)
		assert.ErrorIs(t, err, entry.ErrNotFound)
		return nil
	}))
}
