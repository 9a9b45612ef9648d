package entry_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// The states of a keyring are tested where they matter, in packages handoff and keyring.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, fake ...*keyringtest.Fake) {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{Fake: cmp.Or(fake...)})
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

// A work opens one session of the Secret Service, however many entries it reads and writes, and
// closes it. A service keeps those that were left open for as long as the program runs.
func TestAWorkHasOneSessionOfTheService(t *testing.T) {
	within(t)
	monitor, err := dbus.ConnectSessionBus()
	require.NoError(t, err)
	rules := []string{"type='method_call',member='OpenSession'", "type='method_call',interface='org.freedesktop.Secret.Session'"}
	require.NoError(t, monitor.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, rules, uint32(0)).Err)
	calls := make(chan *dbus.Message, 1000)
	monitor.Eavesdrop(calls)
	address, failed := entry.Address{Service: "ers-login-test", Account: "one"}, errors.New("the work has failed")
	for _, want := range []error{nil, failed, nil} {
		require.ErrorIs(t, entry.Do(t.Context(), entry.NeverPrompt, func(ring *entry.Ring) error {
			for range 3 {
				if err := ring.Set(address, secret.New("text")); err != nil {
					return err
				}
			}
			return want
		}), want)
		for _, member := range []string{"OpenSession", "Close"} {
			require.Equal(t, member, called(t, calls))
		}
	}
	require.NoError(t, monitor.Close())
	require.Empty(t, calls)
}

// called returns the member of the next method call that a monitor has seen.
func called(t *testing.T, calls <-chan *dbus.Message) string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case call := <-calls:
			if call.Type == dbus.TypeMethodCall { // and not the signal that a monitor has lost its name
				return fmt.Sprint(call.Headers[dbus.FieldMember].Value())
			}
		case <-limit:
			t.Fatal("no call was seen")
		}
	}
}

// Only Windows has aliases. An entry that is no alias must not be taken for one, and a failure with an
// alias must name it.
func TestAnAliasIsAnotherPlace(t *testing.T) {
	within(t)
	at := entry.Address{Account: "one"}
	alias := entry.Address{Account: "one", Alias: "one@ers-login-test"}
	require.NoError(t, entry.Do(t.Context(), entry.NeverPrompt, func(ring *entry.Ring) error {
		if err := ring.Set(at, secret.New("text")); err != nil {
			return err
		}
		_, err := ring.Get(alias)
		assert.ErrorIs(t, err, entry.ErrNotFound)
		return ring.Delete(at)
	}))
	assert.Equal(t, "one", at.String())
	assert.Equal(t, "one@ers-login-test", alias.String())
}

// Some keyrings unlock without a prompt, and a moment later: that is no dismissed prompt.
func TestAKeyringThatUnlocksWithoutAPrompt(t *testing.T) {
	within(t, &keyringtest.Fake{Locked: true, Unprompted: true})
	address := entry.Address{Service: "ers-login-test", Account: "one"}
	require.NoError(t, entry.Do(t.Context(), entry.MayPrompt, func(ring *entry.Ring) error {
		return ring.Set(address, secret.New("text"))
	}))
}
