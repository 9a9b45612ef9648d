package transport

import (
	"net/http"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// clockReading is the clock of e-RS beside this computer's. A wrong clock makes certificates look
// expired and ends sessions at the wrong time.
type clockReading struct {
	// date is the Date of an answer, which came at the time came of this computer's clock.
	date, came time.Time
	// This computer's clock is ahead by at least least and at most most.
	least, most time.Duration
}

// readClock reads the Date of an answer, requested and received at these times by this computer's
// clock. It has whole seconds and lies between the two times, which bounds the difference. ok is
// false if it has none that can be compared.
func readClock(asked, came time.Time, header http.Header) (r clockReading, ok bool) {
	stored := header.Get("Age") != "" // RFC 9111: a cached answer, whose Date is as old.
	date, err := http.ParseTime(header.Get("Date"))
	// Round strips the monotonic reading: the wall clock is the one in doubt.
	r = clockReading{date, came, asked.Round(0).Sub(date.Add(time.Second)), came.Round(0).Sub(date)}
	// Without the last condition, the clock was set between the request and the answer.
	return r, err == nil && !stored && r.least <= r.most
}

// ahead returns the likely difference: positive if this computer's clock is ahead.
func (r clockReading) ahead() time.Duration { return r.least + (r.most-r.least)/2 }

// problem returns CLOCK-WRONG if the difference certainly is more than wrongClock, else nil.
func (r clockReading) problem() *problem.Problem {
	if r.least <= wrongClock && r.most >= -wrongClock {
		return nil
	}
	return clockWrong.WithPhrase("Now", problem.Moment(r.came)).WithPhrase("Theirs", problem.Moment(r.date))
}

// compareClocks raises NoticeClock, and changes it only by more than a minute.
func (n *notices) compareClocks(asked, came time.Time, header http.Header) {
	r, ok := readClock(asked, came, header)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch wrong := r.problem(); {
	case wrong != nil && (n.off == 0 || (r.ahead()-n.off).Abs() > time.Minute):
		n.off = r.ahead()
		n.notify(NoticeClock, wrong)
	case n.off != 0 && r.least > -wrongClock && r.most < wrongClock:
		n.off = 0
		n.notify(NoticeClock, nil)
	}
}
