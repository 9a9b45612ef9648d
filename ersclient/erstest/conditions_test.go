package erstest_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
)

// A client's behaviour in a rush is tested against this.
func TestShed(t *testing.T) {
	c := newCaller(t)
	require.NoError(t, c.server.Shed(erstest.Load{PerSecond: 1e-9, Burst: 2, RetryAfter: "7"}))
	require.Equal(t, http.StatusCreated, c.create(erstest.TicketGP).status)
	id := c.create(erstest.TicketGP).session(t).ID
	for range 2 {
		answer := c.choose(id)
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.Equal(t, "7", answer.header.Get("Retry-After"))
	}
	require.Len(t, c.server.Requests(), 4, "what was shed is in the journal")
	c.server.BearAll()
	require.Equal(t, http.StatusOK, c.choose(id).status, "what was shed was not handled")

	for _, load := range []erstest.Load{
		{}, {PerSecond: 1}, {Burst: 1}, {PerSecond: -1, Burst: 1}, {PerSecond: math.NaN(), Burst: 1}, {PerSecond: math.Inf(1), Burst: 1},
	} {
		require.Error(t, c.server.Shed(load), "%+v", load)
	}
}

func TestSetClock(t *testing.T) {
	c := newCaller(t)
	for _, ahead := range []time.Duration{24 * time.Hour, -24 * time.Hour, 0} {
		c.server.SetClock(ahead)
		date, err := http.ParseTime(c.create(erstest.TicketGP).header.Get("Date"))
		require.NoError(t, err)
		require.InDelta(t, ahead.Hours(), time.Until(date).Hours(), 1)
	}
}
