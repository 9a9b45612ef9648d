package login

import (
	"context"

	"github.com/ers-login/ers-login/smartcard"
)

// WatchedAgent is the smartcard side of a flow over any Identity Agent: it watches the agent for its ticket, and looks at once
// after a prompt.
type WatchedAgent struct {
	agent  smartcard.Agent
	events <-chan smartcard.Event
	look   chan struct{}
}

// WatchAgent starts to watch an agent, until the context ends. Whoever knows earlier than the next poll that something has
// changed, such as a card reader, calls Look.
func WatchAgent(ctx context.Context, agent smartcard.Agent, settings smartcard.WatchSettings) *WatchedAgent {
	look := make(chan struct{}, 1)
	settings.Nudge = look
	return &WatchedAgent{agent, smartcard.Watch(ctx, agent, settings), look}
}

// Events returns the stream of what happens to the ticket.
func (w *WatchedAgent) Events() <-chan smartcard.Event { return w.events }

// Ask has the agent prompt. The ticket it returns is dropped: the watcher sees it next, and it alone tells of tickets.
func (w *WatchedAgent) Ask(ctx context.Context, fresh bool) error {
	prompt := w.agent.Ticket
	if fresh {
		prompt = w.agent.NewTicket
	}
	if _, err := prompt(ctx); err != nil {
		return err
	}
	w.Look()
	return nil
}

// Look has the agent polled now.
func (w *WatchedAgent) Look() {
	select {
	case w.look <- struct{}{}:
	default:
		// A look is due already, and will see what this one would.
	}
}
