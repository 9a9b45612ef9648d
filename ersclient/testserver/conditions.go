package testserver

import (
	"errors"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Load is the load that a Server bears. Calls above it get 503 and are not handled, as at a server
// that sheds load.
type Load struct {
	// PerSecond is the rate in calls a second, Burst how many may come at once after a pause, at
	// least 1.
	PerSecond float64 `json:"perSecond"`
	Burst     int     `json:"burst"`
	// RetryAfter is sent with the 503 if not empty: seconds, or an HTTP date.
	RetryAfter string `json:"retryAfter,omitempty"`
}

// conditions apply to all calls, unlike a Fault, which applies to some.
type conditions struct {
	mu         sync.Mutex
	ahead      time.Duration
	limiter    *rate.Limiter
	retryAfter string
}

// SetClock sets the clock for the Date of answers ahead of this computer's, or behind it if
// negative.
func (s *Server) SetClock(ahead time.Duration) {
	s.conditions.mu.Lock()
	defer s.conditions.mu.Unlock()
	s.conditions.ahead = ahead
}

// Shed limits the load from now on. Calls that meet an ordered Fault are not counted.
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

// shed returns the answer to a call above the load.
func (c *conditions) shed() (Reply, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limiter == nil || c.limiter.Allow() {
		return Reply{}, false
	}
	answer := Reply{Status: http.StatusServiceUnavailable}
	if c.retryAfter != "" {
		answer.Header = map[string]string{"Retry-After": c.retryAfter}
	}
	return answer, true
}

// date sets the Date of an answer, unless it is this computer's, which net/http sets.
func (c *conditions) date(header http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead != 0 {
		header.Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
	}
}
