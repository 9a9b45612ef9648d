package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/ui"
)

// thinkTime is how long the simulated user takes to enter the passcode: long enough to see that one is asked for.
const thinkTime = 1500 * time.Millisecond

func (p program) demo() *cobra.Command {
	var key string
	demo := &cobra.Command{
		Use:   "demo",
		Short: "Show the program with a simulated smartcard and a stand-in for e-RS",
		Long: "Opens the window with a simulated smartcard and a stand-in for e-RS on this computer, reached over verified TLS as the real\n" +
			"one is. The keyring is your own: other applications see the session of the demonstration, whose base URL is this computer.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			persona, known := simulator.PersonaByKey(key)
			if !known {
				return usageError{fmt.Errorf("--persona: there is no %q, only %s", key, strings.Join(personaKeys(), ", "))}
			}
			return p.openDemo(cmd.Context(), persona)
		},
	}
	demo.Flags().StringVar(&key, "persona", personaKeys()[0], "whose card Sign in inserts: "+strings.Join(personaKeys(), ", "))
	return demo
}

func personaKeys() []string {
	var keys []string
	for _, persona := range simulator.Personas() {
		keys = append(keys, persona.Key)
	}
	return keys
}

// demonstration is a world of its own: a simulated card, and a stand-in for e-RS that knows whoever signs in with it.
type demonstration struct {
	program program
	log     *logging.Log
	ers     *erstest.Server
	card    *simulator.Agent
	persona simulator.Persona
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
	demo := demonstration{p, log, ers, card, persona}
	card.OnTicket(demo.admit)
	memory := openHistory(log)
	// It looks as the user likes it; starting by itself is for real.
	liked := newPreferences(asWanted(config.System("", nil)), nil, log)
	return p.openWindow(ctx, log, login.NewBoard(), opening{
		settings: ui.Settings{
			Demonstration: true, Simulator: demo.menu(), Favourites: memory, Preferences: liked,
			Diagnostics: newWindowDiagnostics(demo.examine),
		},
		find: func(ctx context.Context) (neighbours, error) {
			found, err := demo.prepare(ctx)
			if err == nil {
				found.memory = memory // The one that the window marks favourites in.
			}
			return found, err
		},
		wanted: sortOfWindow("demonstration", persona.Key, nil, nil), graphics: p.newGraphics(log),
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

// prepare is what the settings are for a real sign-in. The stand-in's throw-away authority is the client's only root.
func (d demonstration) prepare(ctx context.Context) (neighbours, error) {
	defaults, err := config.Load(config.Sources{})
	if err != nil {
		return neighbours{}, err
	}
	ring, err := d.program.openKeyring(defaults, d.log)
	if err != nil {
		return neighbours{}, err
	}
	guarded := demoKeyring{ring}
	if _, err := guarded.Read(ctx); errors.Is(err, realSession) {
		return neighbours{}, errors.Join(err, ring.Close())
	}
	client, err := ersclient.New(ersclient.Config{
		BaseURL: d.ers.URL, ASID: erstest.ASID, Certificate: d.ers.ClientCertificate(),
		RootCAs: d.ers.RootCAs(), TrustStore: "the authority of the demonstration", Timeout: defaults.RequestTimeout,
	})
	if err != nil {
		return neighbours{}, errors.Join(err, ring.Close())
	}
	return neighbours{
		agent: insertingAgent{d.card, d.persona}, ers: client, keyring: guarded, memory: openHistory(d.log), nudge: d.card.Changed(),
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
			{Title: "slow", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Slow, Delay: slowness})},
			{Title: "refused (403)", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Status, Status: 403})},
			{Title: "a server error (500)", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.Status, Status: 500})},
			{Title: "cut off before its answer", Do: d.fault(erstest.A001, erstest.Fault{Kind: erstest.CutAfter})},
		}},
		{Title: "The next choice of a role (A002) is", Items: []ui.SimulatorItem{
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

func (d demonstration) fault(call erstest.Call, fault erstest.Fault) func() {
	return func() {
		if err := d.ers.Fail(call, fault); err != nil {
			d.log.WithError(err).Warn("the fault could not be ordered")
		}
	}
}
