package erstest

import (
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Load is how many calls a Server bears. What is more is answered with 503 and not handled, as a server does that sheds load.
type Load struct {
	// PerSecond is the rate, and Burst how many may come at once after a pause, at least 1.
	PerSecond float64 `json:"perSecond"`
	Burst     int     `json:"burst"`
	// RetryAfter is sent with the 503 if it is not empty: seconds, or an HTTP date.
	RetryAfter string `json:"retryAfter,omitempty"`
}

// conditions are what all calls meet, in contrast to a Fault, which meets some.
type conditions struct {
	mu         sync.Mutex
	ahead      time.Duration
	limiter    *rate.Limiter
	retryAfter string
}

// SetClock has the clock that the Date of each answer is taken from go ahead of this computer's from now on, or behind it by a
// negative time.
func (s *Server) SetClock(ahead time.Duration) {
	s.conditions.mu.Lock()
	defer s.conditions.mu.Unlock()
	s.conditions.ahead = ahead
}

// Shed has the server bear no more than a load from now on. Calls that an ordered Fault meets are not counted.
func (s *Server) Shed(load Load) error {
	if !(load.PerSecond > 0) || math.IsInf(load.PerSecond, 1) || load.Burst < 1 {
		return errors.New("a load is more than nothing a second, and one at once or more")
	}
	s.conditions.mu.Lock()
	defer s.conditions.mu.Unlock()
	s.conditions.limiter = rate.NewLimiter(rate.Limit(load.PerSecond), load.Burst)
	s.conditions.retryAfter = load.RetryAfter
	return nil
}

// BearAll ends what Shed began.
func (s *Server) BearAll() {
	s.conditions.mu.Lock()
	defer s.conditions.mu.Unlock()
	s.conditions.limiter = nil
}

// shed returns the answer to a call that is too much.
func (c *conditions) shed() (reply, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limiter == nil || c.limiter.Allow() {
		return reply{}, false
	}
	answer := refused(http.StatusServiceUnavailable)
	if c.retryAfter != "" {
		answer.header = map[string]string{"Retry-After": c.retryAfter}
	}
	return answer, true
}

// date sets the Date of an answer, unless it is that of this computer, which package net/http sets.
func (c *conditions) date(header http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead != 0 {
		header.Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
	}
}
