package simulator_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// desk is a simulated agent in a synctest bubble, where the think time passes once every goroutine
// waits.
type desk struct {
	*simulator.Agent
	t *testing.T
}

// atDesk runs a test with its own desk.
func atDesk(t *testing.T, test func(t *testing.T, d desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		agent := simulator.New(thinkTime)
		t.Cleanup(agent.Close)
		test(t, desk{agent, t})
	})
}

const thinkTime = 3 * time.Second

// insert inserts a persona's card, up to the open passcode window.
func (d desk) insert(key string) {
	d.t.Helper()
	persona, ok := simulator.PersonaByKey(key)
	require.True(d.t, ok)
	d.InsertCard(persona)
	synctest.Wait()
}

// think lets the user enter the passcode.
func (d desk) think() {
	time.Sleep(thinkTime)
	synctest.Wait()
}

// signedIn signs a persona in and returns the ticket.
func (d desk) signedIn(key string) ersclient.Ticket {
	d.t.Helper()
	d.insert(key)
	d.think()
	return d.ticket()
}

func (d desk) ticket() ersclient.Ticket {
	d.t.Helper()
	ticket, err := d.TicketNoAuth(d.t.Context())
	require.NoError(d.t, err)
	require.False(d.t, ticket.IsZero())
	return ticket
}

func (d desk) noTicket(code smartcard.Code) {
	d.t.Helper()
	_, err := d.TicketNoAuth(d.t.Context())
	require.ErrorIs(d.t, err, code)
}

// call is a call of the Ticket API that is under way.
type call struct {
	d      desk
	ticket ersclient.Ticket
	err    error
	done   chan struct{}
}

type method func(context.Context) (ersclient.Ticket, error)

func (d desk) start(ctx context.Context, method method) *call {
	c := &call{d: d, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.ticket, c.err = method(ctx)
	}()
	synctest.Wait()
	return c
}

func (c *call) waits() {
	c.d.t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
		require.Fail(c.d.t, "the call did not wait", "%v", c.err)
	default:
	}
}

func (c *call) result() (ersclient.Ticket, error) {
	c.d.t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
	default:
		require.Fail(c.d.t, "the call still waits")
	}
	return c.ticket, c.err
}

// If this fails, the demonstration does not do what the Identity Agent does: card, passcode, ticket, no ticket.
func TestCardPasscodeTicket(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		assert.Equal(t, simulator.State{}, d.State())
		d.noTicket(smartcard.TicketNotAvailable)

		d.insert("gp")
		assert.Equal(t, simulator.State{Card: "gp", Prompting: true}, d.State())
		d.noTicket(smartcard.TicketNotAvailable)

		d.think()
		assert.Equal(t, simulator.State{Card: "gp", SignedIn: "gp"}, d.State())
		ticket := d.ticket()
		assert.True(t, ticket.Equal(d.ticket()), "the same ticket until something happens")

		d.RemoveCard()
		assert.Equal(t, simulator.State{}, d.State())
		d.noTicket(smartcard.TicketNotAvailable)

		assert.False(t, ticket.Equal(d.signedIn("gp")), "the next session has another ticket")
	})
}

func TestTicketWaitsForCardAndPasscode(t *testing.T) {
	methods := map[string]func(d desk) method{
		"getTicket":    func(d desk) method { return d.Ticket },
		"getNewTicket": func(d desk) method { return d.NewTicket },
	}
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d desk) {
				asked := d.start(t.Context(), method(d))
				time.Sleep(time.Hour)
				asked.waits()
				d.insert("gp")
				asked.waits()
				d.think()
				ticket, err := asked.result()
				require.NoError(t, err)
				assert.True(t, ticket.Equal(d.ticket()))
			})
		})
	}
}

// A user who asks twice, as by an impatient second click, must not have to enter the passcode
// twice.
func TestSeveralCallsShareOnePrompt(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		issued := 0
		d.OnTicket(func(simulator.Persona, ersclient.Ticket) { issued++ })
		first, second := d.start(t.Context(), d.Ticket), d.start(t.Context(), d.NewTicket)
		d.insert("gp")
		d.think()
		one, err := first.result()
		require.NoError(t, err)
		two, err := second.result()
		require.NoError(t, err)
		assert.True(t, one.Equal(two))
		assert.Equal(t, 1, issued)
	})
}

func TestTicketOfASignedInUserDoesNotPrompt(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		ticket := d.signedIn("gp")
		again, err := d.Ticket(t.Context())
		require.NoError(t, err)
		assert.True(t, ticket.Equal(again))
	})
}

func TestNewTicketForcesAFreshSignIn(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		old := d.signedIn("gp")
		asked := d.start(t.Context(), d.NewTicket)
		assert.True(t, d.State().Prompting)
		assert.True(t, old.Equal(d.ticket()), "the old ticket stays meanwhile")
		d.think()
		ticket, err := asked.result()
		require.NoError(t, err)
		assert.False(t, old.Equal(ticket))
		assert.True(t, ticket.Equal(d.ticket()))
	})
}

// If this fails, Cancel does nothing while the agent waits for a card, and the window hangs with it.
func TestACallEndsWithItsContext(t *testing.T) {
	cases := map[string]func(d desk){
		"while it waits for a card":         func(desk) {},
		"while it waits for the passcode":   func(d desk) { d.insert("gp") },
		"while it waits after a wrong card": func(d desk) { d.signedIn("gp"); d.RemoveCard() },
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d desk) {
				prepare(d)
				ctx, cancel := context.WithCancel(t.Context())
				asked := d.start(ctx, d.Ticket)
				asked.waits()
				cancel()
				_, err := asked.result()
				assert.ErrorIs(t, err, context.Canceled)
			})
		})
	}
	t.Run("before it began", func(t *testing.T) {
		atDesk(t, func(t *testing.T, d desk) {
			d.signedIn("gp")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := d.Ticket(ctx)
			assert.ErrorIs(t, err, context.Canceled)
			_, err = d.TicketNoAuth(ctx)
			assert.ErrorIs(t, err, context.Canceled)
			_, err = d.NewTicket(ctx)
			assert.ErrorIs(t, err, context.Canceled)
			d.ticket()
		})
	})
}

func TestAPromptOutlivesTheCallThatOpenedIt(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := d.start(ctx, d.Ticket)
		d.insert("gp")
		cancel()
		_, err := asked.result()
		require.ErrorIs(t, err, context.Canceled)
		d.think()
		d.ticket()
	})
}

// If this fails, the demonstration shows nothing of a card that the Identity Agent, which prompts
// unasked, has refused.
func TestARefusalIsSeenWithoutACall(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		d.insert("blocked")
		assert.Equal(t, simulator.State{Card: "blocked", Prompting: true}, d.State())
		<-d.Changed()
		d.think()
		<-d.Changed()
		assert.Equal(t, simulator.State{Card: "blocked", Refused: smartcard.PINBlocked}, d.State())
		d.noTicket(smartcard.TicketNotAvailable)

		asked := d.start(t.Context(), d.Ticket)
		assert.Equal(t, simulator.State{Card: "blocked", Prompting: true}, d.State(), "asked once more")
		d.think()
		_, err := asked.result()
		require.ErrorIs(t, err, smartcard.PINBlocked)
		assert.Equal(t, smartcard.PINBlocked, d.State().Refused)

		d.RemoveCard()
		assert.Equal(t, simulator.State{}, d.State(), "it goes with the card")

		d.insert("gp")
		d.CancelPasscode()
		assert.Equal(t, simulator.State{Card: "gp", Refused: smartcard.UserAbort}, d.State())
		d.RemoveCard()
		assert.Equal(t, simulator.State{}, d.State())
		d.signedIn("gp")
		assert.Equal(t, smartcard.Success, d.State().Refused)
	})
}

func TestABlockedCard(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		asked := d.start(t.Context(), d.Ticket)
		d.insert("blocked")
		d.think()
		_, err := asked.result()
		require.ErrorIs(t, err, smartcard.PINBlocked)
		d.noTicket(smartcard.TicketNotAvailable)

		asked = d.start(t.Context(), d.Ticket)
		d.think()
		_, err = asked.result()
		require.ErrorIs(t, err, smartcard.PINBlocked, "it stays blocked")

		d.signedIn("gp")
	})
}

func TestTheUserClosesThePasscodeWindow(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		asked := d.start(t.Context(), d.Ticket)
		d.insert("gp")
		d.CancelPasscode()
		_, err := asked.result()
		require.ErrorIs(t, err, smartcard.UserAbort)
		time.Sleep(time.Hour)
		d.noTicket(smartcard.TicketNotAvailable)
		d.CancelPasscode() // there is no window: nothing happens

		asked = d.start(t.Context(), d.Ticket)
		d.think()
		_, err = asked.result()
		require.NoError(t, err, "asked again, the same card signs in")
	})
}

func TestTheCardIsRemovedDuringThePrompt(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		asked := d.start(t.Context(), d.Ticket)
		d.insert("gp")
		d.RemoveCard()
		time.Sleep(time.Hour)
		asked.waits()
		d.insert("consultant")
		d.think()
		_, err := asked.result()
		require.NoError(t, err)
		assert.Equal(t, "consultant", d.State().SignedIn)
	})
}

// If this fails, the stand-in refuses a ticket that it has not heard of yet.
func TestOnTicketComesFirst(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		var known ersclient.Ticket
		var owner simulator.Persona
		d.OnTicket(func(persona simulator.Persona, ticket ersclient.Ticket) {
			known, owner = ticket, persona
			d.noTicket(smartcard.TicketNotAvailable) // not visible yet, and the agent can be asked from here
		})
		ticket := d.signedIn("expired")
		assert.True(t, ticket.Equal(known))
		assert.Equal(t, "expired", owner.Key)
		assert.True(t, owner.TicketExpired)
	})
}

func TestTheCardIsRemovedWhileTheTicketIsMadeKnown(t *testing.T) {
	atDesk(t, func(_ *testing.T, d desk) {
		d.OnTicket(func(simulator.Persona, ersclient.Ticket) { d.RemoveCard() })
		d.insert("gp")
		d.think()
		d.noTicket(smartcard.TicketNotAvailable)
	})
}

func TestChangedNudgesOnceForSeveralChanges(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		d.insert("gp")
		d.think()
		<-d.Changed()
		select {
		case <-d.Changed():
			assert.Fail(t, "one nudge is enough for several changes")
		default:
		}
		d.RemoveCard()
		<-d.Changed()
	})
}

// If this fails, quitting the demonstration hangs.
func TestClose(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		d.signedIn("gp")
		asked := d.start(t.Context(), d.NewTicket)
		d.Close()
		_, err := asked.result()
		require.ErrorIs(t, err, smartcard.NotInitialized)
		d.insert("gp")
		assert.Empty(t, d.State().Card)
		d.noTicket(smartcard.NotInitialized)
		d.Close()
	})
}

// If this fails, the log's redaction, which looks for tickets by their shape, is not put to the test by the demonstration.
func TestTicketsLookLikeRealOnes(t *testing.T) {
	atDesk(t, func(t *testing.T, d desk) {
		for range 20 {
			text := d.signedIn("gp").Reveal()
			assert.Regexp(t, `^AQIC5w[A-Za-z0-9+/]{41}=@AAJTSQACMDE=#$`, text)
			assert.Len(t, text, len("AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"))
			d.RemoveCard()
		}
	})
}

// Everything at once, for the race detector, in real time and without think time.
func TestConcurrentUse(t *testing.T) {
	agent := simulator.New(0)
	defer agent.Close()
	agent.OnTicket(func(simulator.Persona, ersclient.Ticket) {})
	ctx, cancel := context.WithCancel(t.Context())
	var calls, people sync.WaitGroup
	for _, method := range []method{agent.Ticket, agent.TicketNoAuth, agent.NewTicket} {
		calls.Go(func() {
			for ctx.Err() == nil {
				ticket, err := method(ctx)
				assert.Equal(t, err != nil, ticket.IsZero())
			}
		})
	}
	for _, persona := range simulator.Personas() {
		people.Go(func() {
			for range 50 {
				agent.InsertCard(persona)
				agent.State()
				agent.CancelPasscode()
				agent.RemoveCard()
			}
		})
	}
	people.Wait()
	cancel()
	calls.Wait()
}
