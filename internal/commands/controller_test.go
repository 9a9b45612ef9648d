package commands

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// emptyKeyring is a keyring that is empty and stays so.
type emptyKeyring struct{ login.Keyring }

func (emptyKeyring) Read(context.Context) (handoff.Session, error) {
	return handoff.Session{}, handoff.ErrNotFound
}
func (emptyKeyring) Check(context.Context) error { return nil }
func (emptyKeyring) Clear(context.Context) error { return nil }

// unreachedERS is an e-RS that is not called before there is a card.
type unreachedERS struct{ login.ERS }

func (unreachedERS) Reach(context.Context) error { return nil }

type testEntrance struct {
	*controller
	states chan login.State
	ended  chan error
	cancel context.CancelFunc
}

func newTestController(t *testing.T, prepare func(context.Context) (services, error), changes ...func(*controller)) testEntrance {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	states := make(chan login.State, 100)
	e := &controller{
		publisher: "ers-login test", log: log, guard: func(secret.Text) {}, board: login.NewBoard(), prepare: prepare,
		show: func(state login.State) { states <- state },
	}
	for _, change := range changes {
		change(e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	e.open(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.run() }()
	t.Cleanup(cancel)
	return testEntrance{e, states, ended, cancel}
}

func (e testEntrance) until(t *testing.T, phase login.Phase) login.State {
	t.Helper()
	for {
		select {
		case state := <-e.states:
			if state.Phase == phase {
				return state
			}
		case <-time.After(20 * time.Second):
			require.FailNow(t, "the phase has not come", "%v", phase)
		}
	}
}

var broken = &problem.Problem{Code: "SETTING-ASID", Title: "not usable", Retry: true}

// A wrong setting is shown in the window, and read again when the user tries again: no restart is
// needed.
func TestAWrongSettingIsShownAndReadAgain(t *testing.T) {
	card := simulator.New(simulator.Settings{})
	defer card.Close()
	attempts, closed := 0, false
	e := newTestController(t, func(context.Context) (services, error) {
		attempts++
		if attempts == 1 {
			return services{}, broken
		}
		return services{
			agent: card, nudge: card.Changed(), ers: unreachedERS{}, keyring: emptyKeyring{},
			maxAge: time.Hour, close: func() { closed = true },
		}, nil
	})
	assert.Equal(t, "SETTING-ASID", e.until(t, login.Failed).Problem.Code)
	e.Send(login.SignIn{})
	e.Send(login.TryAgain{})
	e.until(t, login.Waiting)
	e.Send(login.Quit{})
	e.until(t, login.Closed)
	require.NoError(t, <-e.ended)
	assert.Equal(t, 2, attempts)
	assert.True(t, closed, "the services are left open")
}

// Quitting works before anything else does.
func TestLeavingBeforeTheStart(t *testing.T) {
	waits := func(ctx context.Context) (services, error) {
		<-ctx.Done()
		return services{}, ctx.Err()
	}
	fails := func(context.Context) (services, error) { return services{}, broken }
	for name, prepare := range map[string]func(context.Context) (services, error){"while it waits": waits, "after a failure": fails} {
		t.Run(name, func(t *testing.T) {
			e := newTestController(t, prepare)
			e.Send(login.Quit{})
			e.until(t, login.Closed)
			require.Error(t, <-e.ended)
		})
		t.Run(name+", by a signal", func(t *testing.T) {
			e := newTestController(t, prepare)
			e.cancel()
			e.until(t, login.Closed)
			require.Error(t, <-e.ended)
		})
	}
}

// Intents without a receiver must not block the window.
func TestIntentsBeforeTheStartNeverBlock(t *testing.T) {
	e := newTestController(t, func(context.Context) (services, error) { return services{}, errors.New("unknown") })
	for range 50 {
		e.Send(login.SignIn{})
	}
	e.Send(login.Quit{})
	e.until(t, login.Closed)
	require.Error(t, <-e.ended)
}
