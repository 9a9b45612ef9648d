package ersclient

import (
	"net/http"
	"strconv"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// compareClocks takes the Date of an answer that was asked for and came at these times, by this computer's clock. A wrong
// clock makes certificates look expired and sessions end at the wrong time.
//
// The Date was written between the two times and is cut to the second, so that the difference is known within these bounds.
// Only what is certain is said, and only once unless it changes by more than a minute.
func (n *notices) compareClocks(asked, came time.Time, header http.Header) {
	stored := header.Get("Age") != "" // RFC 9111: the answer is that old, and so is its Date.
	written, err := http.ParseTime(header.Get("Date"))
	if err != nil || stored {
		return
	}
	// Without the monotonic reading, that is by the clock on the wall, which is the one in doubt.
	least, most := asked.Round(0).Sub(written.Add(time.Second)), came.Round(0).Sub(written)
	off := least + (most-least)/2

	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case least > most:
		// It was set in between.
	case least > wrongClock, most < -wrongClock:
		if n.off == 0 || (off-n.off).Abs() > time.Minute {
			n.off = off
			n.tell(NoticeClock, clockProblem(off))
		}
	case n.off != 0 && least > -wrongClock && most < wrongClock:
		n.off = 0
		n.tell(NoticeClock, nil)
	}
}

// clockProblem says by how much a clock is ahead, or behind if off is negative. Each unit has a text of its own: one that is
// filled in could not be translated.
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

const stepCheckClock = "Check the date, the time and the time zone of this computer. If they are wrong, have them corrected."

var clockWrong = &problem.Problem{
	Code:  "CLOCK-WRONG",
	Title: "This computer's clock is wrong",
	// clockProblem says by how much.
	Happened: "The clock of this computer and that of e-RS differ by more than five minutes.",
	Steps: []string{
		"Have the date, the time and the time zone of this computer corrected: times shown here are wrong by as much, and " +
			"signing in may fail.",
		"If you cannot do that yourself, give your local service desk the reference below.",
	},
}
