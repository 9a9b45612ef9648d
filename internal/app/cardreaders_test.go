package app

import (
	"context"
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
			w.signedIn()
			mu.Lock()
			now = test.after
			mu.Unlock()
			// The second is taken once the first was looked at.
			changed <- struct{}{}
			changed <- struct{}{}
			assert.Equal(t, test.ends, len(w.removed) == 1)
			if test.ends {
				w.signedIn()
				assert.Empty(t, w.removed, "that was before the next sign-in")
			}
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
