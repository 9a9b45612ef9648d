package hscn

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is an agent and a reader that answer as a test wants.
type desk struct {
	smartcard.Agent
	mu     sync.Mutex
	ticket string
	err    error
	card   Presence
	// prompted is what a prompt ends with.
	prompted error
	changed  chan struct{}
	log      bytes.Buffer
}

func (d *desk) TicketNoAuth(context.Context) (ersclient.Ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return ersclient.NewTicket(d.ticket), d.err
}

func (d *desk) Ticket(context.Context) (ersclient.Ticket, error) {
	return ersclient.Ticket{}, d.prompted
}

func (d *desk) NewTicket(ctx context.Context) (ersclient.Ticket, error) { return d.Ticket(ctx) }

// set has what the agent says, and what the reader shows, become another.
func (d *desk) set(ticket string, err error, card Presence) {
	d.mu.Lock()
	d.ticket, d.err, d.card = ticket, err, card
	d.mu.Unlock()
	select {
	case d.changed <- struct{}{}:
	default: // a look is due already
	}
}

func (d *desk) platform() *Platform {
	log := logrus.New()
	log.SetOutput(&d.log)
	return New(Settings{
		Agent: d, Changed: d.changed, Log: log, BaseURL: baseURL, ASID: asid,
		Presence: func() Presence {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.card
		},
	})
}

func newDesk() *desk {
	return &desk{changed: make(chan struct{}, 1), err: smartcard.TicketNotAvailable.Problem()}
}

// A user whose card is in and who reads "Insert your smartcard" takes it out again. What the
// readers show reaches the window, and the log, in which a service desk follows what the user saw.
func TestPresenceTellsWhatAWaitingUserHasToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		ctx, cancel := context.WithCancel(t.Context())
		reports := d.platform().Watch(ctx)
		next := func(kind signin.ReportKind, missing signin.Missing, text string) signin.Report {
			t.Helper()
			report := <-reports
			assert.Equal(t, kind, report.Kind)
			assert.Equal(t, missing, report.Missing)
			assert.Equal(t, text, report.Source.Text)
			return report
		}
		next(signin.ProofGone, MissingCard, "No smartcard")
		d.set("", d.err, CardOut)
		assert.False(t, next(signin.StatusChanged, MissingCard, "No smartcard").Begun)
		d.set("", d.err, CardIn)
		assert.True(t, next(signin.StatusChanged, MissingPasscode, "Card in, not signed in").Begun, "a card was inserted")
		d.set("", d.err, CardUnseen)
		next(signin.StatusChanged, MissingCard, "No smartcard")
		d.set("", d.err, CardIn)
		assert.False(t, next(signin.StatusChanged, MissingPasscode, "Card in, not signed in").Begun, "it may have been in all the time")
		d.set("ticket", nil, CardIn)
		next(signin.ProofAppeared, MissingUnknown, "Identity Agent ready")
		d.set("", smartcard.ReaderNotAvailable.Problem(), CardOut)
		next(signin.StatusChanged, MissingUnknown, "Identity Agent ready")
		next(signin.ProofGone, MissingReader, "No smartcard reader")
		d.set("", smartcard.NotInstalled.Problem(), CardUnseen)
		next(signin.StatusChanged, MissingReader, "No smartcard reader")
		next(signin.ProofGone, MissingAgent, "Identity Agent not installed")
		cancel()
		for range reports {
			continue
		}
		assert.Contains(t, d.log.String(), "card=in")
	})
}

// If this fails, a session is promised for longer than Spine's, or ends hours before.
func TestAUT003ATicketLastsTenHoursFromWhenItWasSeenFirst(t *testing.T) {
	morning := time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	appeared := func(ticket string) smartcard.Event {
		return smartcard.Event{Kind: smartcard.TicketAppeared, Ticket: ersclient.NewTicket(ticket)}
	}
	var seen ticketAndCard
	assert.Equal(t, morning.Add(10*time.Hour), seen.onEvent(morning, appeared("first")).Proof.ExpiresAt)
	noon := morning.Add(4 * time.Hour)
	seen.onEvent(noon, smartcard.Event{Kind: smartcard.TicketGone, Err: smartcard.TicketNotAvailable.Problem()})
	assert.Equal(t, morning.Add(10*time.Hour), seen.onEvent(noon, appeared("first")).Proof.ExpiresAt, "it is the same ticket")
	assert.Equal(t, noon.Add(10*time.Hour), seen.onEvent(noon, appeared("second")).Proof.ExpiresAt)
}

// An agent that gives no certain answer says nothing of the ticket, nor of what a user has to do.
func TestAnUnsureAgent(t *testing.T) {
	blocked := smartcard.PINBlocked.Problem()
	var seen ticketAndCard
	now := time.Now()
	report := seen.onEvent(now, smartcard.Event{Kind: smartcard.TicketGone, Err: blocked})
	assert.ErrorIs(t, report.Problem, blocked, "no card mends it")
	report = seen.onEvent(now, smartcard.Event{Kind: smartcard.AgentUnsure, Err: smartcard.ServerBusy.Problem()})
	assert.Equal(t, signin.StatusChanged, report.Kind)
	assert.Equal(t, signin.Link{Health: signin.HealthBad, Text: "Identity Agent not answering"}, report.Source)
	assert.ErrorIs(t, report.Problem, blocked)
	report = seen.onEvent(now, smartcard.Event{Kind: smartcard.AgentSure, Err: blocked})
	assert.Equal(t, signin.HealthAttention, report.Source.Health)
}

// TestStatusBar: every state of the agent has words that no other state has, since some users
// cannot tell green from red.
func TestStatusBar(t *testing.T) {
	said := map[string]signin.Health{}
	for _, health := range []signin.Health{signin.HealthUnknown, signin.HealthGood, signin.HealthWaiting, signin.HealthAttention,
		signin.HealthBad} {
		for _, missing := range []signin.Missing{MissingUnknown, MissingCard, MissingReader, MissingAgent, MissingPasscode} {
			for _, card := range []Presence{CardUnseen, CardOut, CardIn} {
				link := source(health, missing, card)
				require.Equal(t, health, link.Health)
				if before, known := said[link.Text]; known {
					require.Equal(t, before, health, "%q is said of two states", link.Text)
				}
				said[link.Text] = health
			}
		}
	}
}

// If this fails, the status bar blames the Identity Agent for a card that it has reported.
func TestTheHealthOfAnAgentWithoutATicket(t *testing.T) {
	for name, test := range map[string]struct {
		absence error
		want    signin.Health
	}{
		"a ticket":             {nil, signin.HealthGood},
		"no card, no passcode": {smartcard.TicketNotAvailable.Problem(), signin.HealthWaiting},
		"no reader":            {smartcard.ReaderNotAvailable.Problem(), signin.HealthAttention},
		"a blocked card":       {smartcard.PINBlocked.Problem(), signin.HealthAttention},
		"another card":         {smartcard.SmartcardNotValid.Problem(), signin.HealthAttention},
		"not installed":        {smartcard.NotInstalled.Problem(), signin.HealthBad},
		"not answering":        {smartcard.AgentSilent, signin.HealthBad},
		"not understood":       {smartcard.InvalidParameter.Problem(), signin.HealthBad},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, agentHealth(test.absence)) })
	}
}
