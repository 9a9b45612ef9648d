package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// CardSide is the agent that issues tickets, and the readers' signals of when to poll it.
type CardSide struct {
	agent smartcard.Agent
	// source is the agent itself, without the handling of a removed card.
	source  smartcard.Agent
	readers *ticketapi.Readers
	// removals are those of the FHIR platform.
	removals *removals
	Close    func() error
}

// openCardSide chooses the agent: the configured command, else this computer's NHS Identity Agent.
// If that is not installed the error says so; there is no fallback to a simulated one.
func (r RealServices) openCardSide(settings config.Config) (CardSide, error) {
	bridge := r.bridgeSettings(settings.CardRemoval)
	var side CardSide
	switch {
	case len(settings.AgentCommand) > 0 && settings.Agent != config.AgentIdentity:
		agent, err := command.New(settings.AgentCommand)
		if err != nil {
			return CardSide{}, err
		}
		agent.Stderr = logWriter{r.Log.WithField("agent", "stderr")}
		readers := ticketapi.NewReaders(bridge)
		side = CardSide{agent: agent, source: agent, readers: readers, Close: readers.Close}
	case settings.Agent == config.AgentByCommand:
		return CardSide{}, noAgentCommand
	default:
		agent := ticketapi.New(bridge)
		side = CardSide{agent: agent, source: agent, readers: agent.Readers, Close: agent.Close}
	}
	if settings.CardRemoval == config.RemovalAlways {
		side.agent = ticketapi.RemovalDecides(side.agent, side.readers.Seen)
	}
	return side, nil
}

var noAgentCommand = &problem.Problem{
	Code:     "SETTING-AGENT_COMMAND",
	Title:    "e-RS Login is not set up to read smartcards",
	Happened: "The setting agent is command, and agent_command, which names the program, is empty.",
	ServiceDesk: []string{
		"Set agent_command to the full path of the program, or remove the setting agent.",
	},
	Retry: true,
}

// bridgeProgram returns the path of the card-side helper, next to the file that a symbolic link to the
// program leads to.
func bridgeProgram() string {
	self, err := os.Executable()
	if err != nil {
		return "" // what starts it says that it is not there: a bare name would be looked for in PATH
	}
	if file, err := filepath.EvalSymlinks(self); err == nil {
		self = file
	}
	name := "ers-login-ticketbridge"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name)
}

// identityAgentWithin bounds the search for the Identity Agent.
const identityAgentWithin = 10 * time.Second

// hasIdentityAgent reports whether the NHS Identity Agent is installed, which exists on Windows
// alone. The helper looks for it.
func (h Host) hasIdentityAgent() bool {
	if runtime.GOOS != "windows" {
		return false
	}
	bridge := ticketapi.New(ticketapi.Settings{
		Command: []string{bridgeProgram()}, Version: h.Metadata.Version, Log: func(string) {},
	})
	ctx, cancel := context.WithTimeout(context.Background(), identityAgentWithin)
	defer cancel()
	status, err := bridge.Status(ctx)
	// Without a helper that works there are no tickets either.
	return errors.Join(err, bridge.Close()) == nil && status.Installed
}

// bridgeSettings locates the card-side helper next to this program.
func (r RealServices) bridgeSettings(removal string) ticketapi.Settings {
	return ticketapi.Settings{
		Command: []string{bridgeProgram()},
		Version: r.Program.Metadata.Version,
		Log:     func(line string) { r.Log.WithField("helper", "ticketbridge").Warn(line) },
		OnSight: func(err error) { r.reportReaders(removal, err) },
	}
}

// presenceOf converts the readers' state for the flow.
func presenceOf(seen smartcard.Presence) hscn.Presence {
	switch {
	case seen.Err != nil:
		return hscn.CardUnseen
	case seen.CardIn():
		return hscn.CardIn
	default:
		return hscn.CardOut
	}
}

// reportReaders logs or reports whether the readers can be seen. If not, card_removal=always does
// not hold, which its organisation has to know; otherwise it only explains why a removed card was
// noticed late.
func (r RealServices) reportReaders(removal string, err error) {
	var found *problem.Problem
	if err != nil {
		found = problem.Of(err)
	}
	if removal == config.RemovalAlways {
		r.Board.Set("readers", found)
	} else {
		r.Board.SetQuiet("readers", found)
	}
	switch {
	case err == nil:
		r.Log.Info("smartcard readers can be watched again")
	case removal == config.RemovalAlways:
		r.Log.WithError(err).Warn("smartcard readers cannot be watched: although card_removal is always, the ticket decides")
	default:
		r.Log.WithError(err).Warn("smartcard readers cannot be watched")
	}
}

// logWriter writes the output of the organisation's program to the log, which masks tickets.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(said []byte) (int, error) {
	w.log.Warn(problem.Clean(string(said), 1000))
	return len(said), nil
}
