package ticketapi_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// mobile is an Identity Agent in mobility mode: its ticket stays when the card is taken away.
type mobile struct {
	ticket string
	asked  []string
	during func() // what happens while a question is under way
}

func (m *mobile) answer(call string) (ersclient.Ticket, error) {
	m.asked = append(m.asked, call)
	if m.during != nil {
		m.during()
	}
	return ersclient.NewTicket(m.ticket), nil
}

func (m *mobile) Ticket(context.Context) (ersclient.Ticket, error) { return m.answer("Ticket") }
func (m *mobile) TicketNoAuth(context.Context) (ersclient.Ticket, error) {
	return m.answer("TicketNoAuth")
}
func (m *mobile) NewTicket(context.Context) (ersclient.Ticket, error) { return m.answer("NewTicket") }

// If this fails, an organisation that does not want sessions without a card has them.
func TestRemovalDecides(t *testing.T) {
	seen := ticketapi.Seen{}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Seen { return seen })
	gone := func() {
		t.Helper()
		_, err := agent.TicketNoAuth(t.Context())
		require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	}
	there := func() {
		t.Helper()
		ticket, err := agent.TicketNoAuth(t.Context())
		require.NoError(t, err)
		require.True(t, ticket.Equal(ersclient.NewTicket(made)))
	}
	there() // nothing was removed while this program runs

	seen = ticketapi.Seen{Taken: true, Removals: 1}
	gone()
	gone()
	seen = ticketapi.Seen{Removals: 1}
	gone() // any card was inserted: the ticket that was kept does not come back
	gone()
	mode.asked = nil
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"NewTicket"}, mode.asked, "the old ticket does not count")
	there()

	mode.during = func() { seen = ticketapi.Seen{Taken: true, Removals: 2} }
	gone() // removed while the question was under way
	mode.during = nil

	mode.asked = nil
	_, err = agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"NewTicket"}, mode.asked, "the old ticket does not count")
	there() // they have signed in with their card, whatever the reader says
	seen = ticketapi.Seen{Taken: true, Removals: 3}
	gone()

	seen = ticketapi.Seen{Removals: 3}
	gone()
	mode.ticket = made + "2"
	ticket, err := agent.TicketNoAuth(t.Context())
	require.NoError(t, err, "another ticket counts")
	require.True(t, ticket.Equal(ersclient.NewTicket(made+"2")))
	mode.ticket = made
	gone()
}

// If this fails, a user whose card was never removed is asked for the passcode again.
func TestWithoutARemovalTheTicketIsAskedFor(t *testing.T) {
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Seen { return ticketapi.Seen{} })
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"Ticket"}, mode.asked)
}

// A user who changes the card for their own during the prompt is signed in.
func TestACardThatIsChangedDuringTheSignIn(t *testing.T) {
	seen := ticketapi.Seen{}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Seen { return seen })
	mode.during = func() { seen = ticketapi.Seen{Removals: 1} }
	_, err := agent.NewTicket(t.Context())
	require.NoError(t, err)
	_, err = agent.TicketNoAuth(t.Context())
	require.NoError(t, err)
}

// The card that is removed while its owner signs in anew ends that session as any other.
func TestARemovalDuringTheSignInCounts(t *testing.T) {
	seen := ticketapi.Seen{Taken: true, Removals: 1}
	mode := &mobile{ticket: made}
	agent := ticketapi.RemovalDecides(mode, func() ticketapi.Seen { return seen })
	mode.during = func() { seen = ticketapi.Seen{Taken: true, Removals: 2} }
	_, err := agent.Ticket(t.Context())
	require.NoError(t, err)
	_, err = agent.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
}

var errOutOfSight = errors.New("made up for the test")

// counter is a desk with readers, as PC/SC shows them, and an Identity Agent in mobility mode.
type counter struct {
	t     *testing.T
	seen  ticketapi.Seen
	mode  *mobile
	agent smartcard.Agent
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	d := &counter{t: t, mode: &mobile{ticket: made}}
	d.agent = ticketapi.RemovalDecides(d.mode, func() ticketapi.Seen { return d.seen })
	return d
}

// insert puts a card into a reader, which is plugged in if it is not.
func (d *counter) insert(reader string) {
	d.seen.Taken = false
	d.seen.Readers = slices.Clone(d.seen.Readers)
	for i := range d.seen.Readers {
		if d.seen.Readers[i].Name == reader {
			d.seen.Readers[i].Card = true
			return
		}
	}
	d.seen.Readers = append(d.seen.Readers, smartcard.Reader{Name: reader, Card: true})
}

// remove takes the card out of a reader.
func (d *counter) remove(reader string) {
	d.seen.Readers = slices.Clone(d.seen.Readers)
	for i := range d.seen.Readers {
		if d.seen.Readers[i].Name == reader {
			d.seen.Readers[i].Card = false
		}
	}
	d.seen.Taken = true
	d.seen.Removals++
	d.seen.Latest = append(slices.Clone(d.seen.Latest), reader)
}

func (d *counter) unplug(reader string) {
	d.remove(reader)
	d.seen.Readers = slices.DeleteFunc(d.seen.Readers, func(r smartcard.Reader) bool { return r.Name == reader })
}

// poll asks whether there is a ticket.
func (d *counter) poll() { _, _ = d.agent.TicketNoAuth(d.t.Context()) }

func (d *counter) signIn() {
	_, err := d.agent.NewTicket(d.t.Context())
	require.NoError(d.t, err)
}

// If this fails, a bank card or a security key that is pulled out of another reader ends the
// session of a smartcard that is still in, or a smartcard that is pulled does not.
func TestTheReaderOfTheSignInCounts(t *testing.T) {
	const own, other, third = "own", "other", "third"
	cases := map[string]struct {
		do   func(*counter)
		gone bool
	}{
		"its own card":                   {func(d *counter) { d.remove(own) }, true},
		"its own, looked at in between":  {func(d *counter) { d.poll(); d.remove(own); d.poll(); d.insert(own) }, true},
		"its own, out and in again":      {func(d *counter) { d.remove(own); d.insert(own) }, true},
		"its own reader is unplugged":    {func(d *counter) { d.unplug(own) }, true},
		"unplugged and plugged in again": {func(d *counter) { d.unplug(own); d.insert(own) }, true},
		"another card":                   {func(d *counter) { d.insert(other); d.remove(other) }, false},
		"another card, looked at":        {func(d *counter) { d.insert(other); d.poll(); d.remove(other); d.poll() }, false},
		"another card stays out":         {func(d *counter) { d.insert(other); d.remove(other); d.poll(); d.insert(third) }, false},
		"another reader is unplugged":    {func(d *counter) { d.insert(other); d.unplug(other) }, false},
		"its own while another is in":    {func(d *counter) { d.insert(other); d.remove(own) }, true},
		"another, then its own":          {func(d *counter) { d.insert(other); d.remove(other); d.poll(); d.remove(own) }, true},
		"its own, then another":          {func(d *counter) { d.insert(other); d.remove(own); d.remove(other) }, true},
		"into another reader":            {func(d *counter) { d.remove(own); d.insert(other) }, true},
		"more removals than are known": {func(d *counter) {
			d.insert(other)
			for range 70 {
				d.remove(other)
			}
			d.seen.Latest = d.seen.Latest[6:]
		}, true},
		"many, looked at": {func(d *counter) {
			d.insert(other)
			for range 70 {
				d.remove(other)
				d.poll()
			}
			d.seen.Latest = d.seen.Latest[6:]
		}, false},
		"the readers are out of sight": {func(d *counter) {
			d.seen.Err, d.seen.Readers = errOutOfSight, nil
			d.poll()
		}, false},
		"out of sight for too long": {func(d *counter) {
			d.remove(own)
			d.seen.Err, d.seen.Readers = errOutOfSight, nil
		}, true},
	}
	begins := map[string]func(*counter){
		"prompted":             func(d *counter) { d.insert(own); d.signIn() },
		"inserted at a prompt": func(d *counter) { d.mode.during = func() { d.insert(own) }; d.signIn(); d.mode.during = nil },
		"found signed in":      func(d *counter) { d.insert(own); d.poll() },
		"found before the card": func(d *counter) {
			d.seen.Err = errOutOfSight
			d.poll()
			d.seen.Err = nil
			d.poll()
			d.insert(own)
			d.poll()
		},
		"another card before": func(d *counter) { d.insert(other); d.remove(other); d.insert(own); d.signIn() },
		"another card before the ticket": func(d *counter) {
			d.insert(own)
			d.insert(other)
			d.remove(other)
			d.poll()
		},
		"another user before": func(d *counter) {
			d.insert(own)
			d.signIn()
			d.remove(own)
			d.poll()
			d.insert(own)
			d.signIn()
		},
		"another ticket before": func(d *counter) {
			d.insert(other)
			d.signIn()
			d.remove(other)
			d.poll()
			d.insert(own)
			d.mode.ticket += "2"
			d.poll()
		},
	}
	for begun, begin := range begins {
		for name, c := range cases {
			t.Run(begun+", "+name, func(t *testing.T) {
				d := newCounter(t)
				begin(d)
				_, err := d.agent.TicketNoAuth(t.Context())
				require.NoError(t, err)
				c.do(d)
				for range 2 {
					_, err = d.agent.TicketNoAuth(t.Context())
					if c.gone {
						require.ErrorIs(t, err, smartcard.TicketNotAvailable)
					} else {
						require.NoError(t, err)
					}
				}
			})
		}
	}
}

// PC/SC does not reveal the owner of a card: where two were in at the sign-in, or none, each one
// counts. If this fails, the session goes on without the card that it was opened with.
func TestWhereTheReaderIsNotKnownEachOneCounts(t *testing.T) {
	for name, c := range map[string]struct{ in, out string }{
		"two, the first":  {"AB", "A"},
		"two, the second": {"AB", "B"},
		"none":            {"", "C"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newCounter(t)
			d.seen.Readers = []smartcard.Reader{{Name: "A"}, {Name: "B"}, {Name: "C"}}
			for _, reader := range c.in {
				d.insert(string(reader))
			}
			d.poll()
			d.insert(c.out)
			d.poll()
			d.remove(c.out)
			_, err := d.agent.TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.TicketNotAvailable)
		})
	}
}

// Which card was the one that is gone when one was changed during the sign-in cannot be known.
func TestACardThatIsRemovedAtThePromptCounts(t *testing.T) {
	d := newCounter(t)
	d.insert("A")
	d.mode.during = func() { d.insert("B"); d.remove("B") }
	d.signIn()
	d.mode.during = nil
	_, err := d.agent.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
}
