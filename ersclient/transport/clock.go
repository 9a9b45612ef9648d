package transport

import (
	"net/http"
	"strconv"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// compareClocks raises NoticeClock from the Date of an answer, requested and received at these
// times by this computer's clock. A wrong clock makes certificates look expired and ends sessions
// at the wrong time. The Date has whole seconds and lies between the two times, which bounds the
// difference; a notice needs certainty, and changes only by more than a minute.
func (n *notices) compareClocks(asked, came time.Time, header http.Header) {
	stored := header.Get("Age") != "" // RFC 9111: a cached answer, whose Date is as old.
	written, err := http.ParseTime(header.Get("Date"))
	if err != nil || stored {
		return
	}
	// Round strips the monotonic reading: the wall clock is the one in doubt.
	least, most := asked.Round(0).Sub(written.Add(time.Second)), came.Round(0).Sub(written)
	off := least + (most-least)/2

	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case least > most:
		// The clock was set between the request and the answer.
	case least > wrongClock, most < -wrongClock:
		if n.off == 0 || (off-n.off).Abs() > time.Minute {
			n.off = off
			n.notify(NoticeClock, clockProblem(off))
		}
	case n.off != 0 && least > -wrongClock && most < wrongClock:
		n.off = 0
		n.notify(NoticeClock, nil)
	}
}

// clockProblem reports by how much the clock is ahead, or behind if off is negative. Each unit has
// a text of its own, since a unit filled in could not be translated.
func clockProblem(off time.Duration) *problem.Problem {
	made, size, unit, behind := *clockWrong, off.Abs(), time.Minute, off < 0
	days, hours := size >= 48*time.Hour, size >= 2*time.Hour
	switch {
	case days && behind:
		made.Happened = "The clock of this computer is about {{.Off}} days behind that of e-RS."
	case days:
		made.Happened = "The clock of this computer is about {{.Off}} days ahead of that of e-RS."
	case hours && behind:
		made.Happened = "The clock of this computer is about {{.Off}} hours behind that of e-RS."
	case hours:
		made.Happened = "The clock of this computer is about {{.Off}} hours ahead of that of e-RS."
	case behind:
		made.Happened = "The clock of this computer is about {{.Off}} minutes behind that of e-RS."
	default:
		made.Happened = "The clock of this computer is about {{.Off}} minutes ahead of that of e-RS."
	}
	switch {
	case days:
		unit = 24 * time.Hour
	case hours:
		unit = time.Hour
	}
	return made.With("Off", strconv.FormatInt(int64((size+unit/2)/unit), 10))
}
