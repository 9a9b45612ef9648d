package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/ui"
)

// thinkTime is how long the simulated user takes to enter the passcode: long enough to notice the
// request.
const thinkTime = 1500 * time.Millisecond

// Demonstration is a simulated environment: a card, and a stand-in for e-RS that accepts every
// simulated user.
type Demonstration struct {
	program Host
	log     *logging.Log
	ers     *erstest.Server
	card    *simulator.Agent
	persona simulator.Persona
	ring    *demoRing
}

// NewDemonstration makes one of a running stand-in and a simulated card.
func NewDemonstration(
	p Host, log *logging.Log, board *signin.Board, ers *erstest.Server, card *simulator.Agent, persona simulator.Persona,
) Demonstration {
	return Demonstration{p, log, ers, card, persona, &demoRing{program: p, log: log, board: board}}
}

// PersonaKeys returns the names by which [Host.OpenDemo] knows the users of the demonstration.
func PersonaKeys() []string {
	var keys []string
	for _, persona := range simulator.Personas() {
		keys = append(keys, persona.Key)
	}
	return keys
}

// OpenDemo opens the window of a demonstration of a platform, and serves it until it is closed. On
// the Identity Agent's, pressing Sign in inserts the card of the persona with this key, or of the
// first one if it is empty. The error is a UsageError if there is no such platform or persona.
func (h Host) OpenDemo(ctx context.Context, platform, key string) error {
	persona, err := demoPersona(platform, key)
	if err != nil {
		return err
	}
	log := h.OpenLog(logging.DefaultDir())
	defer CloseLog(log)
	log.SetLevel(logrus.DebugLevel)
	ers := erstest.NewUnstartedServer()
	if err := ers.Start(); err != nil {
		return err
	}
	defer ers.Close()
	card := simulator.New(thinkTime)
	defer card.Close()
	board := signin.NewBoard()
	if err := removePrivateRings(); err != nil {
		log.WithError(err).Warn("not all that a killed demonstration has left was removed")
	}
	board.Set(agentSource, nil) // reserves the place before the keyring's notices
	tickets := NewDemonstration(h, log, board, ers, card, persona)
	defer tickets.ring.close()
	card.OnTicket(tickets.RegisterTicket)
	browser, err := newCareIdentityDemo(tickets)
	if err != nil {
		return err
	}
	defer browser.server.Close()
	shown := newDemoPlatform(platform, map[string]platformDemo{config.PlatformHSCN: tickets, config.PlatformFHIR: browser})
	memory := openHistory(log)
	// The demonstration has the user's looks; starting at log-in is for real sign-ins.
	liked := newPreferences(settingsForLooks(config.System("", nil)), nil, log)
	return h.openWindow(ctx, log, board, windowOptions{
		settings: ui.Settings{
			Demonstration: true, Simulator: shown.menu(), Favourites: memory, Preferences: liked,
			Diagnostics: &windowDiagnostics{platform: shown.platform, open: shown.openChecks}, Words: wordsOf(platform),
		},
		made: shown.attach,
		find: func(ctx context.Context) (Services, error) {
			found, err := shown.demo().Prepare(ctx)
			if err == nil {
				found.memory = memory // the one in which the window marks favourites
			}
			return found, err
		},
		fingerprint: demoRequestFingerprint(platform, persona.Key), graphics: h.newGraphics(log),
	})
}

// demoPersona returns the persona with a key, if the platform has personas of the simulated card.
func demoPersona(platform, key string) (simulator.Persona, error) {
	if err := CheckDemoPlatform(platform); err != nil {
		return simulator.Persona{}, err
	}
	switch {
	case platform == config.PlatformFHIR && key != "":
		return simulator.Persona{}, UsageError{Err: errors.New("--persona: with --platform fhir, users are chosen on the page in the browser")}
	case key == "":
		key = PersonaKeys()[0]
	}
	persona, known := simulator.PersonaByKey(key)
	if !known {
		return simulator.Persona{}, UsageError{Err: fmt.Errorf("--persona: there is no %q, only %s", key, strings.Join(PersonaKeys(), ", "))}
	}
	return persona, nil
}

// DemoPlatforms returns the platforms that can be demonstrated, the usual one first.
func DemoPlatforms() []string { return []string{config.PlatformHSCN, config.PlatformFHIR} }

// CheckDemoPlatform returns a UsageError if a value of --platform cannot be demonstrated.
func CheckDemoPlatform(platform string) error {
	if !slices.Contains(DemoPlatforms(), platform) {
		return UsageError{Err: fmt.Errorf("--platform: there is no %q, only %s", platform, strings.Join(DemoPlatforms(), ", "))}
	}
	return nil
}

// RegisterTicket makes a new ticket known to the stand-in, as Spine does for e-RS.
func (d Demonstration) RegisterTicket(persona simulator.Persona, ticket ersclient.Ticket) {
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

// Prepare finds the services, as the settings do for a real sign-in.
func (d Demonstration) Prepare(ctx context.Context) (Services, error) {
	defaults := DemoSettings()
	ring, err := d.ring.open(ctx, defaults)
	if err != nil {
		return Services{}, err
	}
	client, err := standInClient(d.ers, defaults)
	if err != nil {
		return Services{}, errors.Join(err, ring.Close())
	}
	return d.complete(defaults, ring, Services{
		environment: demoEnvironment(config.PlatformHSCN, d.ers.URL, erstest.ASID),
		platform: hscn.New(hscn.Settings{
			ERS: client, BaseURL: d.ers.URL, ASID: erstest.ASID, Agent: InsertingAgent{d.card, d.persona}, PollInterval: defaults.AgentPollInterval,
			Changed: d.card.Changed(), Presence: d.cardPresence(d.ring.board), Log: d.log,
		}),
		grace: defaults.ClosingGrace, close: client.Close,
	}), nil
}

// complete fills in what the services of both platforms have.
func (d Demonstration) complete(settings config.Config, ring *keyring.Client, found Services) Services {
	found.keyring, found.memory = demoKeyring{ownedKeyring{ring, d.program.Lock}}, openHistory(d.log)
	return found.with(settings, ring, d.log)
}

// demoEnvironment describes a stand-in for a service desk. It has no name of a test environment: the
// window says that it is a demonstration.
func demoEnvironment(platform, address, asid string) signin.Environment {
	return signin.Environment{Host: config.Config{BaseURL: address}.Host(), Platform: platform, ASID: asid}
}

// agentSource is the source of the simulated Identity Agent's notices.
const agentSource = "the simulated Identity Agent"

// cardPresence returns the presence of the simulated card, and puts the simulated Identity Agent's
// messages on a board. A real Identity Agent shows them in its own passcode window; the
// demonstration has none.
func (d Demonstration) cardPresence(board *signin.Board) func() hscn.Presence {
	return func() hscn.Presence {
		seen := d.card.State()
		board.SetInstead(agentSource, agentNotice(seen.Refused))
		return presenceOf(seen.Presence())
	}
}

// agentNotice returns the Identity Agent's message after its passcode window has closed, or nil, as
// when the user closed it.
func agentNotice(refused smartcard.Code) *problem.Problem {
	if refused == smartcard.Success || refused == smartcard.UserAbort {
		return nil
	}
	made := refused.Problem()
	made.Happened = problem.Sentences(made.Happened, "At work, the Identity Agent says so in its own window.")
	return made
}

// InsertingAgent inserts a persona's card when a ticket is wanted and there is none: users of a
// demonstration have no card at hand.
type InsertingAgent struct {
	*simulator.Agent
	Persona simulator.Persona
}

// Ticket inserts the card if none is in, and asks for the passcode.
func (a InsertingAgent) Ticket(ctx context.Context) (ersclient.Ticket, error) {
	if a.State().Card == "" {
		a.InsertCard(a.Persona)
	}
	return a.Agent.Ticket(ctx)
}

// menu is the Simulator menu: the card in the reader, and the next fault at e-RS.
func (d Demonstration) menu() []ui.SimulatorItem {
	var cards []ui.SimulatorItem
	for _, persona := range simulator.Personas() {
		cards = append(cards, ui.SimulatorItem{Title: persona.Title, Do: func() { go d.card.InsertCard(persona) }})
	}
	refused := func(call testserver.Call) ui.SimulatorItem {
		return ui.SimulatorItem{Title: "refused (403)", Do: orderFault(d.log, d.ers, call, testserver.Fault{Kind: testserver.Status, Status: http.StatusForbidden})}
	}
	closed := erstest.Outcome("The organisation is closed.")
	return []ui.SimulatorItem{
		{Title: "Insert a card", Items: cards},
		{Title: "Remove the card", Do: func() { go d.card.RemoveCard() }},
		{},
		{Title: "Next sign-in", Items: faultItems(d.log, d.ers, erstest.A001, refused(erstest.A001))},
		{Title: "Next choice of role", Items: faultItems(d.log, d.ers, erstest.A002,
			refused(erstest.A002), ui.SimulatorItem{Title: "not valid (422)", Do: orderFault(d.log, d.ers, erstest.A002, closed)})},
	}
}

// faultItems are the entries for the next call of a kind, with those that are refusals.
func faultItems(log logrus.FieldLogger, server faultyServer, call testserver.Call, refusals ...ui.SimulatorItem) []ui.SimulatorItem {
	fault := func(fault testserver.Fault) func() { return orderFault(log, server, call, fault) }
	return slices.Concat(
		[]ui.SimulatorItem{
			{Title: "as usual", Do: func() { server.Forgive(call) }},
			{Title: "slow", Do: fault(testserver.Fault{Kind: testserver.Slow, Delay: slowness})},
		},
		refusals,
		[]ui.SimulatorItem{
			{Title: "a server error (500)", Do: fault(testserver.Fault{Kind: testserver.Status, Status: http.StatusInternalServerError})},
			{Title: "cut off before its answer", Do: fault(testserver.Fault{Kind: testserver.CutAfter})},
		},
	)
}

// slowness is long enough to be noticed, and shorter than any time-out.
const slowness = 8 * time.Second

// orderFault returns what orders a fault for the next call, in place of one chosen before.
func orderFault(log logrus.FieldLogger, server faultyServer, call testserver.Call, fault testserver.Fault) func() {
	return func() {
		server.Forgive(call)
		if err := server.Fail(call, fault); err != nil {
			log.WithError(err).Warn("the fault could not be ordered")
		}
	}
}

// faultyServer is a stand-in, for which faults can be ordered.
type faultyServer interface {
	Fail(testserver.Call, testserver.Fault) error
	Forgive(testserver.Call)
}
