package ticketapi

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
)

// unattended are Readers without a helper.
func unattended() *Readers {
	return &Readers{changed: make(chan struct{}, 1), cards: cards{err: NotLooked}, attempt: newAttempt()}
}

func (r *Readers) hears(kind presence.Kind, data string) {
	r.onEvent(helper.Event{Name: string(kind), Data: []byte(data)})
}

// nudges returns the times of the values on Changed within d.
func nudges(r *Readers, d time.Duration) (times []time.Duration) {
	begin, end := time.Now(), time.After(d)
	for {
		select {
		case <-r.Changed():
			times = append(times, time.Since(begin))
		case <-end:
			return times
		}
	}
}

// If this fails, the Identity Agent is asked once, a moment before it has seen the removal, and then not for a second.
func TestARemovalNudgesSeveralTimes(t *testing.T) {
	ms := func(numbers ...int) (made []time.Duration) {
		for _, n := range numbers {
			made = append(made, time.Duration(n)*time.Millisecond)
		}
		return made
	}
	cases := map[string]struct {
		kind presence.Kind
		want []time.Duration
	}{
		"removal":   {presence.CardRemoved, ms(0, 50, 100, 200, 400, 800)},
		"service":   {presence.ServiceGone, ms(0, 50, 100, 200, 400, 800)},
		"insertion": {presence.CardInserted, ms(0)},
		"reader":    {presence.ReaderConnected, ms(0)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := unattended()
				r.hears(c.kind, `{"reader":"A"}`)
				assert.Equal(t, c.want, nudges(r, 3*time.Second))
			})
		})
	}
}

// If this fails, the window shows a card as present although the helper has ended and does not
// start again.
func TestAHelperThatDoesNotStartAgainNudges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unattended()
		r.hears(presence.ServiceBack, `{}`)
		r.hears(presence.CardInserted, `{"reader":"A"}`)
		nudges(r, 2*settling)
		require.True(t, r.Presence().CardIn())
		r.started(errors.New("it is gone"))
		require.Error(t, r.Presence().Err)
		assert.Equal(t, []time.Duration{0}, nudges(r, time.Second))
		r.started(errors.New("it is still gone"))
		assert.Empty(t, nudges(r, time.Second), "that is no news")
		nudges(r, time.Minute) // The card is taken for removed, in the end.
	})
}

// Playing with a card must not add up to a storm of questions.
func TestManyRemovalsNudgeNoMoreThanOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unattended()
		for range 1000 {
			r.hears(presence.CardRemoved, `{"reader":"A"}`)
			r.hears(presence.CardInserted, `{"reader":"A"}`)
		}
		assert.Len(t, nudges(r, 3*time.Second), 6)
	})
}

// If this fails, an organisation that wants a removed card to be the end keeps a session without one, or loses one whose card was
// never touched.
func TestWhenACardIsTakenForRemoved(t *testing.T) {
	type step struct {
		kind presence.Kind // empty is to wait
		data string
		wait time.Duration
		want bool // taken
	}
	const (
		a      = `{"reader":"A"}`
		b      = `{"reader":"B"}`
		begins = `{"begins":true}`
	)
	in := []step{
		{presence.ServiceBack, begins, 0, false}, {presence.ReaderConnected, a, 0, false}, {presence.CardInserted, a, 0, false},
	}
	cases := map[string][]step{
		"removed and inserted": {
			{presence.CardRemoved, a, 0, true}, {"", "", time.Hour, true}, {presence.CardInserted, a, 0, false},
		},
		"inserted into another reader": {
			{presence.CardRemoved, a, 0, true}, {presence.ReaderConnected, b, 0, true}, {presence.CardInserted, b, 0, false},
		},
		"unplugged with its reader": {
			{presence.CardRemoved, a, 0, true}, {presence.ReaderDisconnected, a, 0, true}, {"", "", time.Hour, true},
		},
		"the service is gone for a moment": {
			{presence.ServiceGone, `{}`, 0, false}, {"", "", 4 * time.Second, false}, {presence.ServiceBack, `{}`, 0, false},
			{"", "", time.Hour, false},
		},
		"the service is gone for good": {
			{presence.ServiceGone, `{}`, 0, false}, {"", "", 6 * time.Second, true}, {"", "", time.Hour, true},
		},
		"the service is back after all, and the card": {
			{presence.ServiceGone, `{}`, 0, false}, {"", "", 6 * time.Second, true},
			{presence.ServiceBack, `{}`, 0, true}, {"", "", 2 * time.Second, false},
		},
		"the service is back after all, without the card": {
			{presence.ServiceGone, `{}`, 0, false}, {"", "", 6 * time.Second, true},
			{presence.ServiceBack, `{}`, 0, true}, {presence.CardRemoved, a, 0, true}, {"", "", time.Hour, true},
		},
		"another helper sees the card": {
			{presence.ServiceBack, begins, 0, false}, {presence.ReaderConnected, a, 0, false}, {presence.CardInserted, a, 0, false},
			{"", "", time.Hour, false},
		},
		"another helper does not see the card": {
			{presence.ServiceBack, begins, 0, false}, {presence.ReaderConnected, a, 0, false}, {"", "", 2 * time.Second, true},
		},
		"another helper sees nothing at all": {
			{presence.ServiceGone, begins, 0, false}, {"", "", 6 * time.Second, true},
			{presence.ServiceBack, `{}`, 0, true}, {"", "", 2 * time.Second, true}, {presence.CardInserted, a, 0, false},
		},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := unattended()
				for i, step := range append(in, steps...) {
					if step.kind != "" {
						r.hears(step.kind, step.data)
					}
					time.Sleep(step.wait)
					synctest.Wait()
					assert.Equal(t, step.want, r.Seen().Taken, "step %d", i)
				}
			})
		})
	}
}

// If this fails, a card that was lost sight of is not known to be gone from its reader, or one in
// another reader hides that.
func TestWhereARemovalWas(t *testing.T) {
	type step struct {
		kind presence.Kind
		data string
		wait time.Duration
	}
	const (
		a, b   = `{"reader":"A"}`, `{"reader":"B"}`
		begins = `{"begins":true}`
	)
	cases := map[string]struct {
		steps []step
		want  []string
	}{
		"removed":                        {[]step{{presence.CardRemoved, b, 0}, {presence.CardRemoved, a, 0}}, []string{"B", "A"}},
		"another helper sees one of two": {[]step{{presence.ServiceBack, begins, 0}, {presence.CardInserted, b, time.Minute}}, []string{"A"}},
		"and then the other": {[]step{
			{presence.ServiceBack, begins, 0}, {presence.CardInserted, b, time.Minute}, {presence.CardInserted, a, time.Minute},
		}, []string{"A"}},
		"another helper sees both": {[]step{
			{presence.ServiceBack, begins, 0}, {presence.CardInserted, b, 0}, {presence.CardInserted, a, time.Minute},
		}, nil},
		"another helper sees both, the first one is removed": {[]step{
			{presence.ServiceBack, begins, 0}, {presence.CardInserted, a, 0}, {presence.CardRemoved, a, 0},
			{presence.CardInserted, b, time.Minute},
		}, []string{"A"}},
		"out of sight for too long": {[]step{{presence.ServiceGone, `{}`, time.Minute}}, []string{"A", "B"}},
		"many":                      {slices.Repeat([]step{{presence.CardRemoved, b, 0}, {presence.CardInserted, b, 0}}, 2*maxLatest), slices.Repeat([]string{"B"}, maxLatest)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := unattended()
				for _, step := range append([]step{{presence.ServiceBack, begins, 0}, {presence.CardInserted, a, 0}, {presence.CardInserted, b, 0}}, c.steps...) {
					r.hears(step.kind, step.data)
					time.Sleep(step.wait)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, c.want, r.Seen().Latest)
				assert.GreaterOrEqual(t, r.Seen().Removals, len(c.want))
			})
		})
	}
}

// Without a card none is missed: if this fails, users in mobility mode, with the card in their
// pocket, are signed out when the helper is started again.
func TestWhoNeverHadACardIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unattended()
		for _, kind := range []presence.Kind{presence.ServiceBack, presence.ServiceGone, presence.ServiceBack} {
			r.hears(kind, `{"begins":true}`)
			time.Sleep(time.Minute)
		}
		assert.Equal(t, Seen{}, r.Seen())
	})
}

// If the helper cannot be started again, the card counts as removed.
func TestAHelperThatStaysAwayIsLostSight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := unattended()
		r.hears(presence.ServiceBack, `{"begins":true}`)
		r.hears(presence.CardInserted, `{"reader":"A"}`)
		for range 10 {
			r.started(helper.ErrNotStarted)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		assert.True(t, r.Seen().Taken)
		assert.Equal(t, 1, r.Seen().Removals)
		assert.ErrorIs(t, r.Presence().Err, failed)
	})
}

// If an unknown name passed for an event, a newer helper could sign people out by accident.
func TestOtherNamesAreNoEvent(t *testing.T) {
	r := unattended()
	r.hears(presence.ServiceBack, `{"begins":true}`)
	r.hears(presence.CardInserted, `{"reader":"A"}`)
	was := r.Seen()
	for _, name := range []presence.Kind{"", "unknown", "card-removed ", "Card-Removed", "card"} {
		r.hears(name, `{"reader":"A"}`)
		assert.Equal(t, was, r.Seen(), "%q", name)
	}
}

// The name of a reader is data of another process.
func TestAReaderMayHaveAnyName(t *testing.T) {
	r := unattended()
	r.hears(presence.CardInserted, `{}`)
	r.hears(presence.CardInserted, `{"reader":"\u0000\u202e"}`)
	assert.Equal(t, []smartcard.Reader{{Name: "", Card: true}, {Name: "\x00\u202e", Card: true}}, r.cards.readers)
}
