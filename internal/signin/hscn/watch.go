package hscn

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
)

// Presence is whether there is a card in a reader: any card; only the Identity Agent knows of
// which kind. It says what a user has to do next, and nothing of the session, which lives and ends
// with the ticket.
type Presence int

// What can be seen of a card.
const (
	// CardUnseen: the readers are out of sight.
	CardUnseen Presence = iota
	// CardOut: there is no card in any reader.
	CardOut
	// CardIn: there is one.
	CardIn
)

var presenceNames = map[Presence]string{CardUnseen: "unseen", CardOut: "out", CardIn: "in"}

// String returns where the card is, as the log has it.
func (p Presence) String() string { return presenceNames[p] }

// Watch reports on the ticket, and on the card.
func (p *Platform) Watch(ctx context.Context) <-chan signin.Report {
	reports := make(chan signin.Report)
	events := smartcard.Watch(ctx, p.Agent, smartcard.WatchSettings{
		Interval: p.PollInterval, Nudge: p.nudge, CardIn: p.cardIn.Load,
	})
	go func() {
		defer close(reports)
		p.report(ctx, events, reports)
		for range events {
			// The watcher ends with its last answer, and is waited for.
			continue
		}
	}()
	return reports
}

func (p *Platform) report(ctx context.Context, events <-chan smartcard.Event, reports chan<- signin.Report) {
	var seen ticketAndCard
	for {
		var report signin.Report
		if card := p.presence(); card != seen.card {
			p.Log.WithField("card", card.String()).Info("readers")
			report = seen.onPresence(card)
		} else {
			select {
			case <-ctx.Done():
				return
			case <-p.Changed:
				p.presence() // before the poll: it sets the pace of the next ones
				p.Look()
				continue
			case event, open := <-events:
				if !open {
					return
				}
				p.log(event)
				report = seen.onEvent(signin.SystemClock{}.Now(), event)
			}
		}
		select {
		case <-ctx.Done():
			return
		case reports <- report:
		}
	}
}

// presence looks at the readers, also for the watcher.
func (p *Platform) presence() Presence {
	if p.Presence == nil {
		return CardUnseen
	}
	card := p.Presence()
	p.cardIn.Store(card == CardIn)
	return card
}

func (p *Platform) log(event smartcard.Event) {
	log := p.Log.WithError(event.Err)
	switch {
	case event.Kind == smartcard.AgentUnsure && !errors.Is(event.Err, context.Canceled):
		log.Error("Identity Agent: no certain answer")
	case event.Kind == smartcard.TicketGone && !errors.Is(event.Err, smartcard.TicketNotAvailable):
		log.Error("Identity Agent: no ticket")
	}
}

// ticketAndCard is what is known of the ticket and the card.
type ticketAndCard struct {
	// last is the last ticket, and lastSince when it was seen first. It may be older, so Spine's
	// session ends at lastSince plus spineAge or earlier.
	last      ersclient.Ticket
	lastSince time.Time
	// absence is why there is no ticket, nil as long as the agent has not said.
	absence error
	// health is that of the agent.
	health signin.Health
	card   Presence
}

func (s *ticketAndCard) onEvent(now time.Time, event smartcard.Event) signin.Report {
	switch event.Kind {
	case smartcard.TicketAppeared, smartcard.TicketChanged:
		if !s.last.Equal(event.Ticket) {
			s.last, s.lastSince = event.Ticket, now
		}
		s.absence, s.health = nil, signin.HealthGood
		report := s.status(signin.ProofAppeared)
		if event.Kind == smartcard.TicketChanged {
			report.Kind = signin.ProofChanged
		}
		report.Proof = signin.Proof{Text: event.Ticket.Text, ExpiresAt: s.lastSince.Add(spineAge)}
		return report
	case smartcard.TicketGone:
		s.absence, s.health = event.Err, agentHealth(event.Err)
		return s.status(signin.ProofGone)
	case smartcard.AgentUnsure:
		s.health = signin.HealthBad
	case smartcard.AgentSure:
		s.health = agentHealth(event.Err)
	}
	return s.status(signin.StatusChanged)
}

func (s *ticketAndCard) onPresence(card Presence) signin.Report {
	inserted := s.card == CardOut && card == CardIn
	s.card = card
	report := s.status(signin.StatusChanged)
	report.Begun = inserted
	return report
}

// status is a report of what is known, whatever has happened.
func (s *ticketAndCard) status(kind signin.ReportKind) signin.Report {
	missing, waits := missing(s.absence, s.card)
	report := signin.Report{Kind: kind, Source: source(s.health, missing, s.card), Missing: missing}
	if !waits {
		// Something is wrong that no card mends, such as a blocked one.
		report.Problem = s.absence
	}
	return report
}

// missing returns what a user without a ticket has to do, and whether a ticket can come without a
// change to card or computer. The agent's answer is the same without card and without passcode; the
// readers, where they can be seen, make the difference.
func missing(absence error, card Presence) (signin.Missing, bool) {
	switch {
	case absence == nil:
		return MissingUnknown, true
	case errors.Is(absence, smartcard.TicketNotAvailable) && card == CardIn:
		return MissingPasscode, true
	case errors.Is(absence, smartcard.TicketNotAvailable):
		return MissingCard, true
	case errors.Is(absence, smartcard.ReaderNotAvailable):
		return MissingReader, true
	case errors.Is(absence, agentMissing):
		return MissingAgent, true
	default:
		return MissingCard, false
	}
}

// agentMissing is the Problem of the Identity Agent itself. A missing program of the organisation's
// own has another.
var agentMissing = smartcard.NotInstalled.Problem()

func agentHealth(absence error) signin.Health {
	var code smartcard.Code
	switch missing, waits := missing(absence, CardUnseen); {
	case absence == nil:
		return signin.HealthGood
	case missing == MissingAgent:
		return signin.HealthBad
	case waits && missing != MissingReader:
		return signin.HealthWaiting
	case waits, errors.As(absence, &code) && code.Group() == smartcard.GroupCardAndDevice:
		// It works, and says what is wrong with the reader or the card.
		return signin.HealthAttention
	default:
		return signin.HealthBad
	}
}
