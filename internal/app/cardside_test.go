package app

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// If this fails, tickets come from a source that the organisation has not chosen: in the worst case
// a simulated card.
func TestTheAgentThatIsChosen(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	for name, test := range map[string]struct {
		settings config.Config
		agent    smartcard.Agent // of the wanted type; nil if there is none
	}{
		"as it is installed":             {config.Config{Agent: config.AgentAuto}, &ticketapi.Bridge{}},
		"a program":                      {config.Config{Agent: config.AgentByCommand, AgentCommand: []string{program}}, &command.Agent{}},
		"a program without further word": {config.Config{Agent: config.AgentAuto, AgentCommand: []string{program}}, &command.Agent{}},
		"not a program, by policy":       {config.Config{Agent: config.AgentIdentity, AgentCommand: []string{program}}, &ticketapi.Bridge{}},
		"a program that is not named":    {config.Config{Agent: config.AgentByCommand}, nil},
	} {
		for _, removal := range []string{config.RemovalByTicket, config.RemovalAlways} {
			t.Run(name+", removal "+removal, func(t *testing.T) {
				test.settings.CardRemoval = removal
				side, err := RealServices{Program: testProgram(t), Log: testLog(t), Board: signin.NewBoard()}.openCardSide(test.settings)
				if test.agent == nil {
					require.Equal(t, "SETTING-AGENT_COMMAND", problem.Of(err).Code)
					return
				}
				require.NoError(t, err)
				defer func() { assert.NoError(t, side.Close()) }()
				assert.NotNil(t, side.readers)
				if removal == config.RemovalByTicket {
					assert.IsType(t, test.agent, side.agent)
				} else {
					assert.IsType(t, ticketapi.RemovalDecides(nil, nil), side.agent)
				}
			})
		}
	}
}

// If this fails, an organisation whose sessions must end with the card does not learn that on this
// computer they do not.
func TestThatReadersCannotBeWatchedIsLogged(t *testing.T) {
	unseen := &problem.Problem{Code: "CARD-PCSC_MISSING", Title: "No PC/SC"}
	for removal, said := range map[string]string{
		config.RemovalByTicket: "smartcard readers cannot be watched",
		config.RemovalAlways:   "although card_removal is always, the ticket decides",
	} {
		t.Run(removal, func(t *testing.T) {
			var console bytes.Buffer
			log, err := logging.New(logging.Settings{Console: &console})
			require.NoError(t, err)
			defer CloseLog(log)
			board := signin.NewBoard()
			bridge := RealServices{Program: testProgram(t), Log: log, Board: board}.bridgeSettings(removal)
			bridge.OnSight(unseen)
			want := signin.Notice{Problem: unseen, Quiet: removal == config.RemovalByTicket}
			assert.Equal(t, []signin.Notice{want}, <-board.Changes(), "Diagnostics says so, and the screens where it matters")
			assert.Contains(t, console.String(), said)
			assert.Contains(t, console.String(), "CARD-PCSC_MISSING")
			bridge.OnSight(nil)
			assert.Empty(t, <-board.Changes())
			assert.Contains(t, console.String(), "smartcard readers can be watched again")
		})
	}
}

// A computer without card software reports that. A session must never come from a card that does
// not exist.
func TestWithoutTheHelperThereIsNoTicket(t *testing.T) {
	side, err := RealServices{Program: testProgram(t), Log: testLog(t), Board: signin.NewBoard()}.openCardSide(config.Config{Agent: config.AgentAuto})
	require.NoError(t, err)
	defer func() { assert.NoError(t, side.Close()) }()
	assert.IsNotType(t, &simulator.Agent{}, side.agent)
	_, err = side.agent.TicketNoAuth(t.Context())
	var found *problem.Problem
	require.ErrorAs(t, err, &found)
	assert.Contains(t, found.Code, "CARD-")
}
