package ticketapi

import (
	"errors"
	"slices"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// Seen is what PC/SC has shown of readers and cards, including past removals.
type Seen struct {
	// Presence is the current state. Its Err is a *problem.Problem.
	smartcard.Presence
	// Taken reports whether a card was removed since this program started, and none inserted after
	// it.
	Taken bool
	// Removals is how many removals have been seen.
	Removals int
	// Latest are the readers of the latest removals, in order: at most 64 of them.
	Latest []string
}

// A card that was in when the readers went out of sight counts as removed if it has not been seen
// for so long: after they are in sight again, and while they are not. When the last reader is
// unplugged, Windows ends its smart card service.
const (
	settling  = time.Second
	lostSight = 5 * time.Second
)

// cards is the state that the events add up to.
type cards struct {
	err      *problem.Problem   // why the readers are out of sight
	readers  []smartcard.Reader // as they were seen last
	taken    bool
	removals int
	latest   []string // the readers of the latest removals
	// missed are the readers in which an earlier helper saw a card, and this one has not yet.
	missed []string
	// presumed reports whether taken follows only from readers that were out of sight for too long.
	presumed bool
}

// maxReaders bounds the readers kept, should a helper invent them; maxLatest is the length of
// Latest.
const (
	maxReaders = 64
	maxLatest  = 64
)

// learn applies an event, and reports whether it is one.
func (c *cards) learn(kind presence.Kind, card wire.Card) bool {
	if card.Begins {
		c.missed = append(c.missed, c.withCard()...)
		c.readers = nil
	}
	switch kind {
	case presence.ReaderConnected:
		c.reader(card.Reader)
	case presence.CardInserted:
		if reader := c.reader(card.Reader); reader != nil {
			reader.Card = true
		}
		c.taken, c.presumed = false, false
		c.missed = without(c.missed, card.Reader)
	case presence.CardRemoved:
		if reader := c.reader(card.Reader); reader != nil {
			reader.Card = false
		}
		c.missed = without(c.missed, card.Reader)
		c.remove(card.Reader)
	case presence.ReaderDisconnected:
		// A CardRemoved for its card came before.
		c.readers = slices.DeleteFunc(c.readers, func(r smartcard.Reader) bool { return r.Name == card.Reader })
	case presence.ServiceGone:
		c.err = unavailable.Because(errors.New(card.Error))
	case presence.ServiceBack:
		c.err = nil
	default:
		return false
	}
	return true
}

// settle takes the missed cards for removed, once they have been missed for long enough. It reports
// whether something has changed.
func (c *cards) settle() bool {
	switch {
	case len(c.missed) > 0:
		c.remove(c.missed...)
		c.missed = nil
	case c.err != nil && c.cardIn() && !c.presumed:
		c.remove(c.withCard()...)
		c.presumed = true
	case c.err == nil && c.presumed:
		c.presumed = false
		c.taken = !c.cardIn()
	default:
		return false
	}
	return true
}

// remove records the cards in these readers as removed.
func (c *cards) remove(readers ...string) {
	c.taken, c.presumed = true, false
	c.removals += len(readers)
	c.latest = append(c.latest, readers...)
	c.latest = c.latest[max(0, len(c.latest)-maxLatest):]
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}

// reader returns the reader with that name, a new one if needed; nil if there are too many.
func (c *cards) reader(name string) *smartcard.Reader {
	for i := range c.readers {
		if c.readers[i].Name == name {
			return &c.readers[i]
		}
	}
	if len(c.readers) == maxReaders {
		return nil
	}
	c.readers = append(c.readers, smartcard.Reader{Name: name})
	return &c.readers[len(c.readers)-1]
}

func (c *cards) cardIn() bool { return len(c.withCard()) > 0 }

// withCard returns the readers that had a card when they were seen last.
func (c *cards) withCard() []string { return smartcard.Presence{Readers: c.readers}.WithCard() }

func (c *cards) seen() Seen {
	made := Seen{Taken: c.taken, Removals: c.removals, Latest: slices.Clone(c.latest)}
	if c.err != nil {
		made.Err = c.err
		return made
	}
	made.Readers = append(made.Readers, c.readers...)
	return made
}
