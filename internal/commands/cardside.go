package commands

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// cardSide is the agent that hands out tickets, and the readers that tell when it is worth asking.
type cardSide struct {
	agent smartcard.Agent
	// source is the agent as it is, without what follows from a removed card.
	source  smartcard.Agent
	readers *ticketapi.Readers
	close   func() error
}

// openCardSide chooses the agent: the configured command, else the NHS Identity Agent of this computer. If that is not installed,
// it says so; there is no falling back on a simulated one.
func (r realServices) openCardSide(settings config.Config) (cardSide, error) {
	bridge, err := r.bridgeSettings(settings.CardRemoval)
	if err != nil {
		return cardSide{}, err
	}
	var side cardSide
	switch {
	case len(settings.AgentCommand) > 0 && settings.Agent != config.AgentIdentity:
		agent, err := command.New(settings.AgentCommand)
		if err != nil {
			return cardSide{}, err
		}
		agent.Stderr = logWriter{r.log.WithField("agent", "stderr")}
		readers := ticketapi.NewReaders(bridge)
		side = cardSide{agent, agent, readers, readers.Close}
	case settings.Agent == config.AgentByCommand:
		return cardSide{}, noAgentCommand
	default:
		agent := ticketapi.New(bridge)
		side = cardSide{agent, agent, agent.Readers, agent.Close}
	}
	if settings.CardRemoval == config.RemovalAlways {
		side.agent = ticketapi.RemovalDecides(side.agent, side.readers.Seen)
	}
	return side, nil
}

var noAgentCommand = &problem.Problem{
	Code:     "SETTING-AGENT_COMMAND",
	Title:    "No source of smartcard tickets is set up",
	Happened: "The setting agent says that tickets come from a program, and agent_command, which names it, is empty.",
	Steps: []string{
		"Give your local service desk the reference below.",
		"For the service desk: set agent_command to the full path of the program, or take the setting agent away.",
	},
	Retry: true,
}

// bridgeSettings name the card-side helper, which lies beside this program.
func (r realServices) bridgeSettings(removal string) (ticketapi.Settings, error) {
	self, err := os.Executable()
	if err == nil {
		// A link to the program, as in a folder of commands, leads to where the helper is.
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return ticketapi.Settings{}, errors.Join(errors.New("could not find this program's own file"), err)
	}
	name := "ers-login-ticketbridge"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return ticketapi.Settings{
		Command: []string{filepath.Join(filepath.Dir(self), name)},
		Version: r.program.metadata.Version,
		Log:     func(line string) { r.log.WithField("helper", "ticketbridge").Warn(line) },
		Sight:   func(err error) { r.sight(removal, err) },
	}, nil
}

// presenceOf is what the flow needs to know of the readers.
func presenceOf(seen smartcard.Presence) login.Presence {
	switch {
	case seen.Err != nil:
		return login.CardUnseen
	case seen.CardIn():
		return login.CardIn
	default:
		return login.CardOut
	}
}

// sight tells whether the readers can be seen. Without them card_removal=always does not hold, and its organisation has to know;
// otherwise it is of interest only to somebody who wonders why a removed card was noticed late.
func (r realServices) sight(removal string, err error) {
	var found *problem.Problem
	if err != nil {
		found = problem.Of(err)
	}
	if removal == config.RemovalAlways {
		r.board.Set("readers", found)
	} else {
		r.board.SetQuiet("readers", found)
	}
	switch {
	case err == nil:
		r.log.Info("smartcard readers can be watched again")
	case removal == config.RemovalAlways:
		r.log.WithError(err).Warn("smartcard readers cannot be watched: although card_removal is always, the ticket decides")
	default:
		r.log.WithError(err).Warn("smartcard readers cannot be watched")
	}
}
