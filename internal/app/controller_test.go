package app

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
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// emptyKeyring is a keyring that is empty and stays so.
type emptyKeyring struct{ signin.Keyring }

func (emptyKeyring) Read(context.Context) (handoff.Entry, error) {
	return nil, handoff.ErrNotFound
}
func (emptyKeyring) Check(context.Context) error { return nil }
func (emptyKeyring) Clear(context.Context) error { return nil }

// unreachedERS is an e-RS that is not called before there is a card.
type unreachedERS struct{ hscn.ERS }

func (unreachedERS) Reach(context.Context) error { return nil }

// cardOnly is a platform whose only part that matters is a simulated card.
func cardOnly(card *simulator.Agent, presence func() hscn.Presence) signin.Platform {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return hscn.New(hscn.Settings{ERS: unreachedERS{}, Agent: card, Changed: card.Changed(), Presence: presence, Log: log})
}

type testEntrance struct {
	*Controller
	states chan signin.State
	ended  chan error
	cancel context.CancelFunc
}

func newTestController(t *testing.T, prepare func(context.Context) (Services, error), changes ...func(*Controller)) testEntrance {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	states := make(chan signin.State, 100)
	e := &Controller{
		Publisher: "ers-login test", Log: log, Guard: func(secret.Text) {}, Board: signin.NewBoard(), Prepare: prepare,
		Show: func(state signin.State) { states <- state },
	}
	for _, change := range changes {
		change(e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	life := e.Open(ctx)
	ended := make(chan error, 1)
	go func() { ended <- e.Run(life) }()
	t.Cleanup(cancel)
	return testEntrance{e, states, ended, cancel}
}

func (e testEntrance) until(t *testing.T, phase signin.Phase) signin.State {
	t.Helper()
	for {
		if state := e.next(t); state.Phase == phase {
			return state
		}
	}
}

// next returns the next state.
func (e testEntrance) next(t *testing.T) signin.State {
	t.Helper()
	select {
	case state := <-e.states:
		return state
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no further state has come")
	}
	return signin.State{}
}

// A service desk asks for platform, address and ASID.
func TestEnvironmentOf(t *testing.T) {
	load := func(variables ...string) config.Config {
		settings, err := config.Load(config.Sources{Environ: variables})
		require.NoError(t, err)
		return settings
	}
	const base, asid = "ERS_LOGIN_BASE_URL=https://api.dev1.ers.ncrs.nhs.uk/ers-api", "ERS_LOGIN_ASID=200000000042"
	assert.Equal(t, signin.Environment{Name: "dev1", Host: "api.dev1.ers.ncrs.nhs.uk", Platform: "hscn", ASID: "200000000042"},
		environmentOf(load(base, asid)))
	assert.Equal(t, signin.Environment{Name: "dev", Host: "dev.api.service.nhs.uk", Platform: "fhir"},
		environmentOf(load("ERS_LOGIN_PLATFORM=fhir", "ERS_LOGIN_FHIR_BASE_URL=https://dev.api.service.nhs.uk/referrals/FHIR/R4", asid)), "it is of HSCN")
	assert.Equal(t, signin.Environment{Host: "127.0.0.1", Platform: "hscn", ASID: "200000000042"},
		demoEnvironment(config.PlatformHSCN, "https://127.0.0.1:4711/ers-api", "200000000042"))
}

var broken = &problem.Problem{Code: "SETTING-ASID", Title: "not usable", Retry: true}

// A wrong setting is shown in the window, and read again when the user tries again: no restart is
// needed.
func TestAWrongSettingIsShownAndReadAgain(t *testing.T) {
	card := simulator.New(0)
	defer card.Close()
	attempts, closed := 0, false
	first, dev1, live := signin.Environment{Name: "dev3", Host: "dev3.example"}, signin.Environment{Name: "dev1", Host: "dev1.example"},
		signin.Environment{Host: "live.example"}
	e := newTestController(t, func(context.Context) (Services, error) {
		attempts++
		switch attempts {
		case 1:
			return Services{}, broken // before the settings were read
		case 2:
			return Services{environment: dev1}, broken
		}
		return Services{
			environment: live, platform: cardOnly(card, nil), keyring: emptyKeyring{},
			maxAge: time.Hour, close: func() { closed = true },
		}, nil
	}, func(e *Controller) { e.environment = first })
	failed := e.until(t, signin.Failed)
	assert.Equal(t, "SETTING-ASID", failed.Problem.Code)
	assert.Equal(t, first, failed.Environment, "that of the window's looks")
	e.Shown.Store(true)
	answer := e.RequestHandler(t.Context(), func() { t.Error("a question raises the window") })(t.Context(), instance.Request{Action: instance.LastProblem})
	require.NotNil(t, answer.Shown, "for the diagnostics of another process")
	assert.Equal(t, "SETTING-ASID", answer.Shown.Code)
	assert.Equal(t, "not usable", answer.Shown.Title)
	assert.WithinDuration(t, time.Now(), answer.Shown.At, time.Minute)
	e.Send(signin.SignIn{})
	e.Send(signin.TryAgain{})
	assert.Equal(t, dev1, e.until(t, signin.Failed).Environment)
	e.Send(signin.TryAgain{})
	assert.Equal(t, live, e.until(t, signin.Waiting).Environment)
	e.Send(signin.Quit{})
	assert.Equal(t, live, e.until(t, signin.Closed).Environment)
	require.NoError(t, <-e.ended)
	assert.Equal(t, 3, attempts)
	assert.True(t, closed, "the services are left open")
}

// Quitting works before anything else does.
func TestLeavingBeforeTheStart(t *testing.T) {
	waits := func(ctx context.Context) (Services, error) {
		<-ctx.Done()
		return Services{}, ctx.Err()
	}
	fails := func(context.Context) (Services, error) { return Services{}, broken }
	for name, prepare := range map[string]func(context.Context) (Services, error){"while it waits": waits, "after a failure": fails} {
		t.Run(name, func(t *testing.T) {
			e := newTestController(t, prepare)
			e.Send(signin.Quit{})
			e.until(t, signin.Closed)
			require.Error(t, <-e.ended)
		})
		t.Run(name+", by a signal", func(t *testing.T) {
			e := newTestController(t, prepare)
			e.cancel()
			e.until(t, signin.Closed)
			require.Error(t, <-e.ended)
		})
	}
}

// Intents without a receiver must not block the window.
func TestIntentsBeforeTheStartNeverBlock(t *testing.T) {
	e := newTestController(t, func(context.Context) (Services, error) { return Services{}, errors.New("unknown") })
	for range 50 {
		e.Send(signin.SignIn{})
	}
	e.Send(signin.Quit{})
	e.until(t, signin.Closed)
	require.Error(t, <-e.ended)
}

// The demonstration goes from one platform to the other in the same window: signed out, and without
// closing it. Closing the window meanwhile closes it.
func TestRestart(t *testing.T) {
	for name, test := range map[string]struct {
		fails bool
		quits bool
	}{
		"with a flow":          {},
		"after a failed start": {fails: true},
		"quitting meanwhile":   {quits: true},
	} {
		t.Run(name, func(t *testing.T) {
			card := simulator.New(0)
			defer card.Close()
			attempts, closed := 0, 0
			var e testEntrance
			quit := make(chan struct{})
			e = newTestController(t, func(context.Context) (Services, error) {
				attempts++
				if test.fails && attempts == 1 {
					return Services{}, broken
				}
				return Services{
					platform: cardOnly(card, nil), keyring: emptyKeyring{}, maxAge: time.Hour, close: func() {
						closed++
						if test.quits {
							<-quit
						}
					},
				}, nil
			})
			if test.fails {
				e.until(t, signin.Failed)
			} else {
				e.until(t, signin.Waiting)
			}
			e.Board.Set("test", broken)
			if !test.fails {
				for len(e.next(t).Notices) == 0 {
					continue
				}
			}
			e.Restart()
			if test.quits {
				e.until(t, signin.Starting)
				e.Send(signin.Quit{})
				close(quit)
				e.until(t, signin.Closed)
				require.NoError(t, <-e.ended)
				assert.Equal(t, 1, attempts)
				return
			}
			for began := false; ; {
				state := e.next(t)
				require.NotEqual(t, signin.Closed, state.Phase, "the window would close")
				began = began || state.Phase == signin.Starting
				if began && state.Phase == signin.Waiting && len(state.Notices) > 0 {
					break
				}
			}
			assert.Equal(t, 2, attempts)
			e.Send(signin.Quit{})
			e.until(t, signin.Closed)
			require.NoError(t, <-e.ended)
			assert.Equal(t, attempts, closed+map[bool]int{true: 1}[test.fails])
		})
	}
}

// A check of another process finds the port taken that this window's browser comes back to.
func TestAWindowSaysThatItAwaitsItsBrowser(t *testing.T) {
	c := &Controller{Log: testLog(t), Show: func(signin.State) {}}
	c.Shown.Store(true)
	for _, awaits := range []bool{false, true, false} {
		state := signin.State{Phase: signin.Prompting}
		if awaits {
			state.Browser = &signin.Browser{}
		}
		c.publish(state)
		answer := c.RequestHandler(t.Context(), func() {})(t.Context(), instance.Request{Action: instance.LastProblem})
		assert.Equal(t, awaits, answer.AwaitsBrowser)
	}
}

// A service desk would look for the fault of a demonstration in the computer.
func TestADemonstrationHasNoLastProblem(t *testing.T) {
	for _, demonstration := range []bool{false, true} {
		c := &Controller{Log: testLog(t), Show: func(signin.State) {}, demonstration: demonstration}
		c.Shown.Store(true)
		c.publish(signin.State{Phase: signin.Failed, Problem: &problem.Problem{Code: "ERS-A001-403", Title: "refused"}})
		answer := c.RequestHandler(t.Context(), func() {})(t.Context(), instance.Request{Action: instance.LastProblem})
		require.True(t, answer.OK)
		require.Equal(t, demonstration, answer.Shown == nil)
	}
}
