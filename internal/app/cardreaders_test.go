package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// If this fails, a card that a user takes away leaves their session to the next passer-by, or a
// colleague's card ends it.
func TestWhichRemovedCardEndsASession(t *testing.T) {
	empty, full := smartcard.Reader{Name: "empty"}, smartcard.Reader{Name: "full", Card: true}
	for name, test := range map[string]struct {
		before, after ticketapi.Seen
		ends          bool
	}{
		"the card that was in": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{empty, full}}},
			ticketapi.Seen{Removals: 1, Latest: []string{"full"}}, true,
		},
		"one of two removals": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{full}}},
			ticketapi.Seen{Removals: 2, Latest: []string{"full", "other"}}, true,
		},
		"a card of another reader": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{empty, full}}},
			ticketapi.Seen{Removals: 1, Latest: []string{"empty"}}, false,
		},
		"there was none, as with a passkey": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{empty}}},
			ticketapi.Seen{Removals: 1, Latest: []string{"empty"}}, false,
		},
		"removed before the sign-in": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{full}}, Removals: 3, Latest: []string{"full", "full", "full"}},
			ticketapi.Seen{Removals: 3, Latest: []string{"full", "full", "full"}}, false,
		},
		"more removals than are kept": {
			ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{full}}},
			ticketapi.Seen{Removals: 100, Latest: []string{"full"}}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			now := test.before
			changed := make(chan struct{})
			w := watchRemovals(changed, func() ticketapi.Seen {
				mu.Lock()
				defer mu.Unlock()
				return now
			})
			defer w.close()
			w.begin()
			w.open()
			mu.Lock()
			now = test.after
			mu.Unlock()
			// The second is taken once the first was looked at.
			changed <- struct{}{}
			changed <- struct{}{}
			assert.Equal(t, test.ends, len(w.removed) == 1)
			if test.ends {
				w.begin()
				assert.Empty(t, w.removed, "that was before the next sign-in")
			}
		})
	}
}

// If this fails, a user who takes their card out between their passcode and the end of their sign-in
// leaves a session that nothing ends, or one who has put it in late or anew is signed out.
func TestWhichCardThatGoesDuringASignInEndsTheSession(t *testing.T) {
	presence := func(err error, readers ...smartcard.Reader) smartcard.Presence {
		return smartcard.Presence{Err: err, Readers: readers}
	}
	empty, full := smartcard.Reader{Name: "reader"}, smartcard.Reader{Name: "reader", Card: true}
	other := smartcard.Reader{Name: "other", Card: true}
	lost := presence(errors.New("the service has stopped"))
	once, twice := []string{"reader"}, []string{"reader", "reader"}
	for name, test := range map[string]struct {
		begins ticketapi.Seen
		// during is what was seen before the session opened, the last of it when it did.
		during []ticketapi.Seen
		// later is what was seen then, if anything.
		later ticketapi.Seen
		ends  bool
	}{
		"nothing moves": {
			ticketapi.Seen{Presence: presence(nil, full)}, []ticketapi.Seen{{Presence: presence(nil, full)}}, ticketapi.Seen{}, false,
		},
		"the card is taken out": {
			ticketapi.Seen{Presence: presence(nil, full)},
			[]ticketapi.Seen{{Presence: presence(nil, empty), Removals: 1, Latest: once}}, ticketapi.Seen{}, true,
		},
		"it is put in for the passcode alone": {
			ticketapi.Seen{Presence: presence(nil, empty)},
			[]ticketapi.Seen{{Presence: presence(nil, full)}, {Presence: presence(nil, empty), Removals: 1, Latest: once}},
			ticketapi.Seen{}, true,
		},
		"and so fast that it was not seen": {
			ticketapi.Seen{Presence: presence(nil, empty)},
			[]ticketapi.Seen{{Presence: presence(nil, empty), Removals: 1, Latest: once}}, ticketapi.Seen{}, true,
		},
		"it is put in again": {
			ticketapi.Seen{Presence: presence(nil, full)},
			[]ticketapi.Seen{{Presence: presence(nil, full), Removals: 1, Latest: once}}, ticketapi.Seen{}, false,
		},
		"and taken out later": {
			ticketapi.Seen{Presence: presence(nil, full)},
			[]ticketapi.Seen{{Presence: presence(nil, full), Removals: 1, Latest: once}},
			ticketapi.Seen{Presence: presence(nil, empty), Removals: 2, Latest: twice}, true,
		},
		"another card stays": {
			ticketapi.Seen{Presence: presence(nil, full, other)},
			[]ticketapi.Seen{{Presence: presence(nil, empty, other), Removals: 1, Latest: once}}, ticketapi.Seen{}, true,
		},
		"a card put in meanwhile is taken out later": {
			ticketapi.Seen{Presence: presence(nil, empty)}, []ticketapi.Seen{{Presence: presence(nil, full)}},
			ticketapi.Seen{Presence: presence(nil, empty), Removals: 1, Latest: once}, true,
		},
		"the readers are out of sight, and the card was in all the time": {
			ticketapi.Seen{Presence: presence(nil, full)}, []ticketapi.Seen{{Presence: lost}},
			ticketapi.Seen{Presence: presence(nil, full)}, false,
		},
		"the readers are out of sight for too long": {
			ticketapi.Seen{Presence: presence(nil, full)}, []ticketapi.Seen{{Presence: lost}},
			ticketapi.Seen{Presence: lost, Removals: 1, Latest: once}, true,
		},
		"they come in sight": {
			ticketapi.Seen{Presence: lost}, []ticketapi.Seen{{Presence: presence(nil, full)}},
			ticketapi.Seen{Presence: presence(nil, empty), Removals: 1, Latest: once}, true,
		},
		"what cannot be seen is no card": {
			ticketapi.Seen{Presence: presence(errors.New("the service has stopped"), full)},
			[]ticketapi.Seen{{Presence: presence(errors.New("the service has stopped"), full)}},
			ticketapi.Seen{Presence: presence(nil, empty), Removals: 1, Latest: once}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			now := test.begins
			changed := make(chan struct{})
			w := watchRemovals(changed, func() ticketapi.Seen {
				mu.Lock()
				defer mu.Unlock()
				return now
			})
			defer w.close()
			sees := func(seen ticketapi.Seen) {
				mu.Lock()
				now = seen
				mu.Unlock()
				changed <- struct{}{}
				changed <- struct{}{} // taken once the first was looked at
			}
			w.begin()
			for _, seen := range test.during {
				sees(seen)
			}
			assert.Empty(t, w.removed, "there is no session yet")
			w.open()
			if test.later.Readers != nil || test.later.Err != nil {
				assert.Empty(t, w.removed, "the card was there")
				sees(test.later)
			}
			assert.Equal(t, test.ends, len(w.removed) == 1)
		})
	}
}

// A user who has finished in the browser finds the window in front of it, and is not disturbed
// otherwise.
func TestWhenTheWindowComesToTheFront(t *testing.T) {
	page := signin.State{Phase: signin.Prompting, Browser: &signin.Browser{Address: "https://e.nhs.uk/"}}
	late := cis2.NoBrowser.Because(fmt.Errorf("waiting for the browser: %w", context.DeadlineExceeded))
	failed := func(p *problem.Problem) signin.State { return signin.State{Phase: signin.Failed, Problem: p} }
	for name, test := range map[string]struct {
		states []signin.State
		times  int
	}{
		"the user has signed in":        {[]signin.State{page, {Phase: signin.SigningIn}, {Phase: signin.Choosing}}, 1},
		"the browser said no":           {[]signin.State{page, page, failed(cis2.NoBrowser)}, 1},
		"the user did not come back":    {[]signin.State{page, failed(late)}, 0},
		"the user has cancelled":        {[]signin.State{page, {Phase: signin.Waiting}, {Phase: signin.SigningIn}}, 0},
		"a smartcard, without browser":  {[]signin.State{{Phase: signin.Prompting}, {Phase: signin.SigningIn}}, 0},
		"the browser has yet to open":   {[]signin.State{{Phase: signin.Prompting}, page}, 0},
		"it failed before a page is up": {[]signin.State{{Phase: signin.Prompting}, failed(cis2.NoBrowser)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			times := 0
			c := &Controller{Show: func(signin.State) {}, CameBack: func() { times++ }}
			for _, state := range test.states {
				c.publish(state)
			}
			assert.Equal(t, test.times, times)
		})
	}
	silent := &Controller{Show: func(signin.State) {}}
	silent.publish(page)
	require.NotPanics(t, func() { silent.publish(signin.State{Phase: signin.SigningIn}) })
}
