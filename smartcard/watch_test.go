package smartcard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// The tests run in synctest's bubbles, whose clock moves only when every goroutine waits: a second of Interval costs
// nothing, and what happens in which order is certain.

// scripted is an agent of which only getTicketNoAuth is asked, and which answers as the test says.
type scripted struct {
	smartcard.Agent // nil: any other call is a mistake, and panics
	mu              sync.Mutex
	reply           reply
	asked           int
}

type reply func(context.Context) (ersclient.Ticket, error)

func (s *scripted) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	s.mu.Lock()
	s.asked++
	reply := s.reply
	s.mu.Unlock()
	return reply(ctx)
}

func (s *scripted) says(reply reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

func (s *scripted) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func ticket(text string) reply {
	return func(context.Context) (ersclient.Ticket, error) { return ersclient.NewTicket(text), nil }
}

func failure(err error) reply {
	return func(context.Context) (ersclient.Ticket, error) { return ersclient.Ticket{}, err }
}

func hang(ctx context.Context) (ersclient.Ticket, error) {
	<-ctx.Done()
	return ersclient.Ticket{}, fmt.Errorf("asking the agent: %w", ctx.Err())
}

var (
	noTicket = failure(smartcard.TicketNotAvailable.Problem())
	noReader = failure(smartcard.ReaderNotAvailable.Problem())
	busy     = failure(smartcard.ServerBusy.Problem())
	wrecked  = failure(errors.New("broken pipe"))
)

// pass lets time go by, to the end of everything that happens at its last moment. The default Interval fits exactly once
// into each second.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// watching starts a Watch in a bubble and stops it at the end.
func watching(t *testing.T, agent smartcard.Agent, settings smartcard.WatchSettings) <-chan smartcard.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	events := smartcard.Watch(ctx, agent, settings)
	t.Cleanup(func() {
		cancel()
		for range events { // what is left is of no interest, but the channel must close
		}
	})
	return events
}

// pending returns the events that are ready, in words: the kind, and the ticket or the reference of
// the reason.
func pending(events <-chan smartcard.Event) []string {
	var news []string
	for {
		synctest.Wait()
		select {
		case event, open := <-events:
			if !open {
				return append(news, "closed")
			}
			news = append(news, inWords(event))
		default:
			return news
		}
	}
}

func inWords(event smartcard.Event) string {
	words := string(event.Kind)
	if !event.Ticket.IsZero() {
		words += " " + event.Ticket.Reveal() // made up by the test: A, B
	}
	if event.Err != nil {
		words += " " + problem.Of(event.Err).Code
	}
	return words
}

// If this fails, the window shows nothing after the start, or a sign-in that the agent does not
// have.
func TestTheFirstAnswerIsNews(t *testing.T) {
	cases := map[string]struct {
		reply reply
		want  string
	}{
		"a ticket":               {ticket("A"), "ticket appeared A"},
		"no user signed in":      {noTicket, "ticket gone CARD-TICKET_NOT_AVAILABLE"},
		"no reader":              {noReader, "ticket gone CARD-READER_NOT_AVAILABLE"},
		"not installed":          {failure(smartcard.NotInstalled.Problem()), "ticket gone CARD-NOT_INSTALLED"},
		"a later code":           {failure(smartcard.Code(0x8020002F).Problem()), "ticket gone CARD-0x8020002F"},
		"a code without Problem": {failure(smartcard.PINBlocked), "ticket gone CARD-PIN_BLOCKED"},
		"a wrapped Problem": {
			failure(fmt.Errorf("polling: %w", smartcard.UserAbort.Problem())), "ticket gone CARD-USER_ABORT",
		},
		"neither ticket nor error": {ticket(""), "ticket gone CARD-TICKET_NOT_AVAILABLE"},
		"busy":                     {busy, "agent unsure CARD-SERVER_BUSY"},
		"no connection":            {failure(smartcard.ServerCommFailed.Problem()), "agent unsure CARD-SERVER_COMM_FAILED"},
		"internal":                 {failure(smartcard.Internal.Problem()), "agent unsure CARD-INTERNAL"},
		"internal error":           {failure(smartcard.InternalError.Problem()), "agent unsure CARD-INTERNAL_ERROR"},
		"no memory": {
			failure(smartcard.ResourceAllocationFailed.Problem()), "agent unsure CARD-RESOURCE_ALLOCATION_FAILED",
		},
		"an error without a code": {wrecked, "agent unsure CARD-AGENT_SILENT"},
		"success as an error":     {failure(smartcard.Success), "agent unsure CARD-AGENT_SILENT"},
		"a Problem without a code": {
			failure(&problem.Problem{Code: "CARD-HELPER", Title: "The helper is gone"}), "agent unsure CARD-HELPER",
		},
		"a time-out that has a code": {
			failure(smartcard.NotInstalled.Problem().Because(errors.Join(smartcard.NotInstalled, context.DeadlineExceeded))),
			"agent unsure CARD-NOT_INSTALLED",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := &scripted{reply: c.reply}
				events := watching(t, agent, smartcard.WatchSettings{})
				assert.Equal(t, []string{c.want}, pending(events))
			})
		})
	}
}

// If this fails, a session outlives its ticket, or ends although nothing happened.
func TestWhatFollowsWhat(t *testing.T) {
	type step struct {
		reply reply
		want  []string
	}
	cases := map[string][]step{
		"the card is removed and inserted again": {
			{ticket("A"), []string{"ticket appeared A"}},
			{ticket("A"), nil},
			{noTicket, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}},
			{noTicket, nil},
			{ticket("B"), []string{"ticket appeared B"}},
		},
		"a new sign-in": {
			{ticket("A"), []string{"ticket appeared A"}},
			{ticket("B"), []string{"ticket changed B"}},
			{ticket("B"), nil},
		},
		"the reason becomes another while no user is signed in": {
			{noTicket, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}},
			{noReader, []string{"ticket gone CARD-READER_NOT_AVAILABLE"}},
			{noReader, nil},
			{noTicket, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}},
		},
		"a short doubt with a ticket": {
			{ticket("A"), []string{"ticket appeared A"}},
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
			{wrecked, nil},
			{ticket("A"), []string{"agent sure A"}},
			{ticket("A"), nil},
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
		},
		"a short doubt without a ticket": {
			{noTicket, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}},
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
			{noTicket, []string{"agent sure CARD-TICKET_NOT_AVAILABLE"}},
		},
		"a doubt that ends with another ticket": {
			{ticket("A"), []string{"ticket appeared A"}},
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
			{ticket("B"), []string{"ticket changed B"}},
			{ticket("B"), nil},
		},
		"a doubt that ends without a ticket": {
			{ticket("A"), []string{"ticket appeared A"}},
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
			{noTicket, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}},
			{noTicket, nil},
		},
		"a doubt from the start": {
			{busy, []string{"agent unsure CARD-SERVER_BUSY"}},
			{ticket("A"), []string{"ticket appeared A"}},
		},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := &scripted{reply: steps[0].reply}
				events := watching(t, agent, smartcard.WatchSettings{})
				for i, step := range steps {
					agent.says(step.reply)
					if i > 0 {
						pass(time.Second)
					}
					assert.Equal(t, step.want, pending(events), "step %d", i)
				}
			})
		})
	}
}

// If this fails, a clinician is signed out because the agent was busy for a moment, or stays signed in for ever after it
// died.
func TestPatience(t *testing.T) {
	cases := map[string]struct {
		reply  reply
		reason string
	}{
		"busy":  {busy, "CARD-SERVER_BUSY"},
		"wreck": {wrecked, "CARD-AGENT_SILENT"},
		"hung":  {hang, "CARD-AGENT_SILENT"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := &scripted{reply: ticket("A")}
				events := watching(t, agent, smartcard.WatchSettings{
					Interval: time.Second, Patience: time.Minute, PollTimeout: 4 * time.Second,
				})
				assert.Equal(t, []string{"ticket appeared A"}, pending(events))

				agent.says(c.reply)
				pass(10 * time.Second)
				assert.Equal(t, []string{"agent unsure " + c.reason}, pending(events))
				pass(40 * time.Second)
				assert.Empty(t, pending(events), "not gone before the patience has ended")
				pass(30 * time.Second)
				assert.Equal(t, []string{"ticket gone " + c.reason}, pending(events))
				pass(time.Hour)
				assert.Empty(t, pending(events), "sent once")

				agent.says(noTicket)
				pass(10 * time.Second)
				assert.Equal(t, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}, pending(events))

				agent.says(c.reply)
				pass(10 * time.Second)
				assert.Equal(t, []string{"agent unsure " + c.reason}, pending(events), "the next doubt is sent again")
				pass(2 * time.Minute)
				assert.Equal(t, []string{"ticket gone " + c.reason}, pending(events), "the agent is missing more than the card")

				agent.says(ticket("A"))
				pass(10 * time.Second)
				assert.Equal(t, []string{"ticket appeared A"}, pending(events), "the same ticket, after it was taken for gone")
			})
		})
	}
}

// One certain answer ends the doubt: if this fails, an agent that is busy now and then signs people out.
func TestPatienceBeginsAnewWithEachCertainAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := &scripted{reply: ticket("A")}
		events := watching(t, agent, smartcard.WatchSettings{Patience: 10 * time.Second})
		assert.Equal(t, []string{"ticket appeared A"}, pending(events))
		for range 5 {
			agent.says(busy)
			pass(9 * time.Second)
			assert.Equal(t, []string{"agent unsure CARD-SERVER_BUSY"}, pending(events))
			agent.says(ticket("A"))
			pass(2 * time.Second)
			assert.Equal(t, []string{"agent sure A"}, pending(events))
		}
	})
}

// setClock is a clock that can be set, as by a laptop's sleep. Its timers run as ever.
type setClock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *setClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *setClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// If this fails, a laptop that was closed in the evening is still signed in next morning,
// unconfirmed.
func TestPatienceIsWallClockTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &setClock{}
		agent := &scripted{reply: ticket("A")}
		events := watching(t, agent, smartcard.WatchSettings{Now: clock.Now, Patience: time.Minute})
		assert.Equal(t, []string{"ticket appeared A"}, pending(events))
		agent.says(busy)
		pass(time.Second)
		assert.Equal(t, []string{"agent unsure CARD-SERVER_BUSY"}, pending(events))
		clock.jump(8 * time.Hour)
		pass(time.Second)
		assert.Equal(t, []string{"ticket gone CARD-SERVER_BUSY"}, pending(events))
	})
}

// If this fails, a clock that is put back an hour keeps a dead agent's session alive for an hour.
func TestAClockThatIsPutBackDoesNotStretchThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &setClock{}
		agent := &scripted{reply: ticket("A")}
		events := watching(t, agent, smartcard.WatchSettings{Now: clock.Now, Patience: time.Minute})
		assert.Equal(t, []string{"ticket appeared A"}, pending(events))
		agent.says(busy)
		pass(time.Second)
		assert.Equal(t, []string{"agent unsure CARD-SERVER_BUSY"}, pending(events))
		clock.jump(-time.Hour)
		pass(2 * time.Minute)
		assert.Equal(t, []string{"ticket gone CARD-SERVER_BUSY"}, pending(events))
	})
}

// If this fails, a window that was busy for a few seconds misses that another person has signed in.
func TestASlowReaderMissesNothingThatCounts(t *testing.T) {
	cases := map[string]struct {
		before []reply // heard by the reader
		unread []reply // while it was busy
		want   []string
	}{
		"gone, and another ticket":  {[]reply{ticket("A")}, []reply{noTicket, ticket("B")}, []string{"ticket changed B"}},
		"gone, and the same ticket": {[]reply{ticket("A")}, []reply{noTicket, ticket("A")}, nil},
		"another, and gone": {
			[]reply{ticket("A")}, []reply{ticket("B"), noTicket}, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"},
		},
		"another, and the first again": {[]reply{ticket("A")}, []reply{ticket("B"), ticket("A")}, nil},
		"there, and gone for another reason": {
			[]reply{noTicket}, []reply{ticket("A"), noReader}, []string{"ticket gone CARD-READER_NOT_AVAILABLE"},
		},
		"there, and gone for the same reason": {[]reply{noTicket}, []reply{ticket("A"), noTicket}, nil},
		"there, and another": {
			[]reply{noTicket}, []reply{ticket("A"), ticket("B")}, []string{"ticket appeared B"},
		},
		"nothing heard yet":    {nil, []reply{noTicket, ticket("A"), ticket("B")}, []string{"ticket appeared B"}},
		"a doubt that is over": {[]reply{ticket("A")}, []reply{busy, ticket("A")}, nil},
		"another, and a doubt": {
			[]reply{ticket("A")}, []reply{ticket("B"), busy}, []string{"ticket changed B", "agent unsure CARD-SERVER_BUSY"},
		},
		"gone, and a doubt": {
			[]reply{ticket("A")}, []reply{noTicket, busy},
			[]string{"ticket gone CARD-TICKET_NOT_AVAILABLE", "agent unsure CARD-SERVER_BUSY"},
		},
		"a doubt after a doubt": {[]reply{ticket("A"), busy}, []reply{ticket("A"), busy}, nil},
		"another ticket after a doubt, and a doubt": {
			[]reply{ticket("A"), busy}, []reply{ticket("B"), wrecked},
			[]string{"ticket changed B", "agent unsure CARD-AGENT_SILENT"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := &scripted{reply: append(c.before, c.unread...)[0]}
				events := watching(t, agent, smartcard.WatchSettings{})
				for _, reply := range c.before {
					agent.says(reply)
					pass(time.Second)
					require.NotEmpty(t, pending(events))
				}
				for _, reply := range c.unread {
					agent.says(reply)
					pass(time.Second)
				}
				assert.Equal(t, c.want, pending(events))
				pass(time.Second)
				assert.Empty(t, pending(events), "and then nothing new")
			})
		})
	}
}

// For every sequence of answers and every speed of the reader: the events add up to the truth, and
// none contradicts the one before it.
func TestTheNewsAddsUpToTheTruth(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dice := rand.New(rand.NewPCG(seed, 0))
				replies := []reply{ticket("A"), ticket("B"), ticket("C"), noTicket, noReader, busy, wrecked, hang}
				agent := &scripted{reply: replies[dice.IntN(len(replies))]}
				nudge := make(chan struct{}, 1)
				events := watching(t, agent, smartcard.WatchSettings{Nudge: nudge})

				var have string // the ticket that the reader believes in
				read := func(event smartcard.Event) {
					now := event.Ticket.Reveal()
					switch event.Kind {
					case smartcard.TicketAppeared:
						require.Empty(t, have, "appeared although there was one")
						have = now
					case smartcard.TicketChanged:
						require.NotEmpty(t, have, "changed although there was none")
						require.NotEqual(t, have, now, "changed to the same")
						have = now
					case smartcard.TicketGone:
						require.Error(t, event.Err)
						have = ""
					case smartcard.AgentSure:
						require.Equal(t, have, now, "sure of another")
					case smartcard.AgentUnsure:
						require.Error(t, event.Err)
					}
				}
				for range 200 {
					switch dice.IntN(4) {
					case 0:
						agent.says(replies[dice.IntN(len(replies))])
					case 1:
						select {
						case nudge <- struct{}{}:
						default:
						}
					case 2:
						pass(time.Duration(dice.IntN(20_000)) * time.Millisecond)
					case 3:
						synctest.Wait()
						select {
						case event := <-events:
							read(event)
						default:
						}
					}
				}
				agent.says(ticket("Z"))
				pass(time.Minute)
				for range 3 {
					synctest.Wait()
					select {
					case event := <-events:
						read(event)
					default:
					}
				}
				assert.Equal(t, "Z", have)
			})
		})
	}
}

// If this fails, removing the card is noticed a second late although the reader reported it at
// once.
func TestANudgeAsksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nudge := make(chan struct{})
		agent := &scripted{reply: ticket("A")}
		events := watching(t, agent, smartcard.WatchSettings{Interval: 1000 * time.Hour, Nudge: nudge})
		assert.Equal(t, []string{"ticket appeared A"}, pending(events))
		agent.says(noTicket)
		nudge <- struct{}{}
		assert.Equal(t, []string{"ticket gone CARD-TICKET_NOT_AVAILABLE"}, pending(events))
	})
}

// If this fails, the roles come half a second late for each user who types a passcode, or an agent
// is asked four times a second all day.
func TestAUserWhoIsSigningInIsNotKeptWaiting(t *testing.T) {
	const interval = time.Second
	type step struct {
		what  string
		does  func(*scripted, *atomic.Bool, chan<- struct{})
		after time.Duration
		polls int // in the ten seconds that follow
	}
	says := func(reply reply) func(*scripted, *atomic.Bool, chan<- struct{}) {
		return func(agent *scripted, _ *atomic.Bool, _ chan<- struct{}) { agent.says(reply) }
	}
	card := func(in bool) func(*scripted, *atomic.Bool, chan<- struct{}) {
		return func(_ *scripted, card *atomic.Bool, nudge chan<- struct{}) {
			card.Store(in)
			nudge <- struct{}{}
		}
	}
	nothing := says(noTicket)
	for name, c := range map[string]struct {
		interval time.Duration
		steps    []step
	}{
		"a passcode is typed": {interval, []step{
			{"no card", nothing, 0, 10},
			{"the card is inserted", card(true), 0, 40},
			{"and forgotten for two minutes", nothing, 100 * time.Second, 40},
			{"and for longer", nothing, 20 * time.Second, 10},
			{"it is taken out", card(false), 0, 10},
			{"and inserted again", card(true), 0, 40},
			{"the passcode is right", says(ticket("A")), interval, 10},
			{"the ticket has gone, as the agent wants", nothing, interval, 40},
			{"and no user comes", nothing, 2 * time.Minute, 10},
		}},
		"the agent is not certain": {interval, []step{
			{"the card is inserted", card(true), 0, 40},
			{"it is busy", says(busy), interval, 10},
			{"it cannot be reached", says(wrecked), interval, 10},
			{"it answers", nothing, interval, 40},
		}},
		"an organisation wants its agent to be polled seldom": {20 * time.Second, []step{
			{"the card is inserted", card(true), 0, 2},
		}},
		"or often": {300 * time.Millisecond, []step{
			{"no card", nothing, 0, 33},
			{"the card is inserted", card(true), 300 * time.Millisecond, 50},
		}},
		"or more often than that": {100 * time.Millisecond, []step{
			{"the card is inserted", card(true), 0, 100},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var in atomic.Bool
				nudge := make(chan struct{})
				agent := &scripted{reply: noTicket}
				events := watching(t, agent, smartcard.WatchSettings{Interval: c.interval, Nudge: nudge, CardIn: in.Load})
				go func() {
					for range events { // of no interest here
						continue
					}
				}()
				synctest.Wait()
				for _, step := range c.steps {
					step.does(agent, &in, nudge)
					pass(step.after)
					before := agent.questions()
					pass(10 * time.Second)
					assert.Equal(t, step.polls, agent.questions()-before, step.what)
				}
			})
		})
	}
}

// If this fails, a card that is left in over night has the agent asked four times a second in the
// morning, by a laptop that slept.
func TestAForgottenCardIsForgottenByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &setClock{}
		agent := &scripted{reply: noTicket}
		watching(t, agent, smartcard.WatchSettings{Now: clock.Now, CardIn: func() bool { return true }})
		polls := func() int {
			before := agent.questions()
			pass(10 * time.Second)
			return agent.questions() - before
		}
		synctest.Wait()
		assert.Equal(t, 40, polls(), "a program that starts with a card in it")
		clock.jump(8 * time.Hour)
		pass(time.Second)
		assert.Equal(t, 10, polls())
		clock.jump(-24 * time.Hour)
		pass(time.Second)
		assert.Equal(t, 10, polls(), "a clock that is put back")
	})
}

// The answer under way may have been given before the card moved: if this fails, the change is seen only an Interval later.
func TestANudgeDuringAQuestionAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nudge, release := make(chan struct{}), make(chan struct{})
		agent := &scripted{reply: func(context.Context) (ersclient.Ticket, error) {
			<-release
			return ersclient.NewTicket("A"), nil
		}}
		events := watching(t, agent, smartcard.WatchSettings{Interval: 1000 * time.Hour, Nudge: nudge})
		synctest.Wait()
		nudge <- struct{}{}
		nudge <- struct{}{}
		agent.says(ticket("B"))
		close(release)
		news := pending(events)
		assert.Contains(t, news[len(news)-1], " B")
		assert.Equal(t, 2, agent.questions(), "two nudges during one question are one more question")
	})
}

// If this fails, a reader room that ends its events makes the agent be asked a million times a second.
func TestAClosedNudgeAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nudge := make(chan struct{})
		close(nudge)
		agent := &scripted{reply: ticket("A")}
		events := watching(t, agent, smartcard.WatchSettings{Nudge: nudge})
		assert.Equal(t, []string{"ticket appeared A"}, pending(events))
		pass(10 * time.Second)
		assert.Empty(t, pending(events))
		assert.Equal(t, 11, agent.questions())
	})
}

// If this fails, quitting leaves a goroutine, or the program waits for ever for the watch to end.
func TestTheEndOfTheContextEndsTheWatch(t *testing.T) {
	cases := map[string]struct {
		reply reply
		read  bool
	}{
		"while it waits":              {ticket("A"), true},
		"while news waits for reader": {ticket("A"), false},
		"while it asks":               {hang, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				events := smartcard.Watch(ctx, &scripted{reply: c.reply}, smartcard.WatchSettings{})
				if c.read {
					require.NotEmpty(t, pending(events))
				}
				synctest.Wait()
				cancel()
				synctest.Wait()
				_, open := <-events
				assert.False(t, open, "closed, and no news made of the context's end")
			})
		})
	}
}

func TestAContextThatHasEndedIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.Equal(t, []string{"closed"}, pending(smartcard.Watch(ctx, &scripted{reply: hang}, smartcard.WatchSettings{})))
	})
}

// The Code must be in the chain: the waiting screen chooses its text by it.
func TestTheReasonHoldsTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := &scripted{reply: failure(smartcard.ReaderNotAvailable)}
		events := watching(t, agent, smartcard.WatchSettings{})
		event := <-events
		assert.Equal(t, smartcard.TicketGone, event.Kind)
		assert.ErrorIs(t, event.Err, smartcard.ReaderNotAvailable)
		assert.Equal(t, "No smartcard reader was found", problem.Of(event.Err).Title)

		agent.says(hang)
		event = <-events
		assert.Equal(t, smartcard.AgentUnsure, event.Kind)
		assert.ErrorIs(t, event.Err, context.DeadlineExceeded)
		assert.ErrorIs(t, event.Err, smartcard.AgentSilent)
	})
}
