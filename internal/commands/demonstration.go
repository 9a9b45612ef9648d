package commands

import (
	"context"
	"errors"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/ui"
)

// thinkTime is how long the simulated user takes to enter the passcode: long enough to see that one is asked for.
const thinkTime = 1500 * time.Millisecond

// demonstration is a world of its own: a simulated card, and a stand-in for e-RS that knows whoever signs in with it.
type demonstration struct {
	program program
	log     *logging.Log
	ers     *erstest.Server
	card    *simulator.Agent
	persona simulator.Persona
	ring    *demoRing
}

func newDemonstration(
	p program, log *logging.Log, board *login.Board, ers *erstest.Server, card *simulator.Agent, persona simulator.Persona,
) demonstration {
	return demonstration{p, log, ers, card, persona, &demoRing{program: p, log: log, board: board}}
}

func (p program) openDemo(ctx context.Context, persona simulator.Persona) error {
	log := p.openLog(logging.DefaultDir())
	defer closeLog(log)
	log.SetLevel(logrus.DebugLevel)
	ers := erstest.NewUnstartedServer()
	if err := ers.Start(); err != nil {
		return err
	}
	defer ers.Close()
	card := simulator.New(simulator.Settings{ThinkTime: thinkTime})
	defer card.Close()
	board := login.NewBoard()
	if err := sweepPrivateRings(); err != nil {
		log.WithError(err).Warn("not all that a killed demonstration has left was removed")
	}
	board.Set(agentSource, nil) // Whatever it says later stands before what is said of the keyring.
	demo := newDemonstration(p, log, board, ers, card, persona)
	defer demo.ring.close()
	card.OnTicket(demo.admit)
	memory := openHistory(log)
	// It looks as the user likes it; starting by itself is for real.
	liked := newPreferences(asWanted(config.System("", nil)), nil, log)
	return p.openWindow(ctx, log, board, windowOptions{
		settings: ui.Settings{
			Demonstration: true, Simulator: demo.menu(), Favourites: memory, Preferences: liked,
			Diagnostics: newWindowDiagnostics(demo.examine),
		},
		find: func(ctx context.Context) (services, error) {
			found, err := demo.prepare(ctx)
			if err == nil {
				found.memory = memory // The one that the window marks favourites in.
				found.presence = demo.overhear(board)
			}
			return found, err
		},
		wanted: windowFingerprint("demonstration", persona.Key, nil, nil), graphics: p.newGraphics(log),
	})
}

// admit makes a new ticket known to the stand-in, as Spine makes a real one known to e-RS.
func (d demonstration) admit(persona simulator.Persona, ticket smartcard.Ticket) {
	if persona.TicketExpired {
		return
	}
	user := erstest.User{
		Identifier: persona.Identifier, FirstName: persona.FirstName, MiddleName: persona.MiddleName, LastName: persona.LastName,
	}
	for _, permission := range persona.Permissions {
		user.Roles = append(user.Roles, erstest.Role(permission))
	}
	d.ers.AddUser(ticket.Reveal(), user)
}

// prepare is what the settings are for a real sign-in.
func (d demonstration) prepare(ctx context.Context) (services, error) {
	defaults, err := demoSettings()
	if err != nil {
		return services{}, err
	}
	ring, err := d.ring.open(ctx, defaults)
	if err != nil {
		return services{}, err
	}
	guarded := demoKeyring{ownedKeyring{ring, d.program.lock}}
	client, err := standInClient(d.ers, defaults)
	if err != nil {
		return services{}, errors.Join(err, ring.Close())
	}
	return services{
		agent: insertingAgent{d.card, d.persona}, ers: client, keyring: guarded, memory: openHistory(d.log),
		nudge: d.card.Changed(), presence: func() login.Presence { return atDesk(d.card.State()) },
		baseURL: d.ers.URL, asid: erstest.ASID,
		pollInterval: defaults.AgentPollInterval, maxAge: defaults.SessionMaxAge,
		grace: defaults.ClosingGrace, endWhenLocked: defaults.ScreenLock == config.LockEnds,
		close: func() {
			client.Close()
			if err := ring.Close(); err != nil {
				d.log.WithError(err).Warn("the keyring worker did not end")
			}
		},
	}, nil
}

// atDesk is what a reader would show of a simulated card.
func atDesk(seen simulator.State) login.Presence {
	if seen.Card == "" {
		return login.CardOut
	}
	return login.CardIn
}

// agentSource names the notices of the simulated Identity Agent.
const agentSource = "the simulated Identity Agent"

// overhear returns the presence of the simulated card, and has what the simulated Identity Agent says besides put up on a board. At work
// the Identity Agent asks for the passcode in a window of its own, and says there what is wrong with the card; neither is this
// program's to know before somebody presses Sign in. In the demonstration there is no such window.
func (d demonstration) overhear(board *login.Board) func() login.Presence {
	return func() login.Presence {
		seen := d.card.State()
		board.Set(agentSource, saidByAgent(seen.Refused))
		return atDesk(seen)
	}
}

// saidByAgent is what the Identity Agent says when its passcode window has closed; nil if that is nothing. Who has closed it knows.
func saidByAgent(refused smartcard.Code) *problem.Problem {
	if refused == smartcard.Success || refused == smartcard.UserAbort {
		return nil
	}
	made := refused.Problem()
	made.Happened = problem.Sentences("At work, the Identity Agent says so in a window of its own.", made.Happened)
	return made
}

// insertingAgent puts a persona's card in when a ticket is wanted and no card is there: whoever presses Sign in in a demonstration
// has no card at hand.
type insertingAgent struct {
	*simulator.Agent
	persona simulator.Persona
}

func (a insertingAgent) Ticket(ctx context.Context) (smartcard.Ticket, error) {
	if a.State().Card == "" {
		a.InsertCard(a.persona)
	}
	return a.Agent.Ticket(ctx)
}

// menu is the Simulator menu: whose card is in the reader, and what goes wrong next at e-RS.
func (d demonstration) menu() []ui.SimulatorItem {
	var cards []ui.SimulatorItem
	for _, persona := range simulator.Personas() {
		cards = append(cards, ui.SimulatorItem{Title: persona.Title, Do: func() { go d.card.InsertCard(persona) }})
	}
	closed := erstest.Fault{Kind: erstest.Outcome, Diagnostics: "The organisation is closed."}
	return []ui.SimulatorItem{
		{Title: "Insert the card of", Items: cards},
		{Title: "Remove the card", Do: func() { go d.card.RemoveCard() }},
		{},
		{Title: "The next sign-in (A001) is", Items: []ui.SimulatorItem{
			{Title: "as usual", Do: func() { d.ers.Forgive(erstest.A001) }},
			{Title: "slow", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Slow, Delay: slowness})},
			{Title: "refused (403)", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Status, Status: 403})},
			{Title: "a server error (500)", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Status, Status: 500})},
			{Title: "cut off before its answer", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.CutAfter})},
		}},
		{Title: "The next choice of a role (A002) is", Items: []ui.SimulatorItem{
			{Title: "as usual", Do: func() { d.ers.Forgive(erstest.A002) }},
			{Title: "slow", Do: d.fault(erstest.A002, erstest.Fault{Kind: erstest.Slow, Delay: slowness})},
			{Title: "refused (403)", Do: d.fault(erstest.A002, erstest.Fault{Kind: erstest.Status, Status: 403})},
			{Title: "not valid (422)", Do: d.fault(erstest.A002, closed)},
			{Title: "a server error (500)", Do: d.fault(erstest.A002, erstest.Fault{Kind: erstest.Status, Status: 500})},
			{Title: "cut off before its answer", Do: d.fault(erstest.A002, erstest.Fault{Kind: erstest.CutAfter})},
		}},
	}
}

// slowness is long enough to be noticed, and shorter than anybody's patience.
const slowness = 8 * time.Second

// fault has the next call meet a fault, in place of another one that was chosen before.
func (d demonstration) fault(call erstest.Call, fault erstest.Fault) func() {
	return func() {
		d.ers.Forgive(call)
		if err := d.ers.Fail(call, fault); err != nil {
			d.log.WithError(err).Warn("the fault could not be ordered")
		}
	}
}
