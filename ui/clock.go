package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2/lang"
)

// clockTime formats a time of day in the user's time zone and style, such as 08:42.
func (w *Window) clockTime(t time.Time) string { return t.Local().Format(w.clock) }

// timeAhead is clockTime of a time to come, and says if that is on the next day.
func (w *Window) timeAhead(now, t time.Time) string {
	year, month, day := now.Local().Date()
	next := time.Date(year, month, day+1, 12, 0, 0, 0, time.Local) // at noon no clock is changed
	if t.Local().Format(time.DateOnly) == next.Format(time.DateOnly) {
		return lang.L("{{.Time}} tomorrow", map[string]any{"Time": w.clockTime(t)})
	}
	return w.clockTime(t)
}

// moment formats a time in the user's time zone and style, such as 28 November 2026 at 20:22.
func (w *Window) moment(t time.Time) string {
	return lang.L("{{.Day}} at {{.Time}}", map[string]any{"Day": day(t.Local()), "Time": w.clockTime(t)})
}

// referenceTime formats a time for a service desk: that of the logs, UTC.
func referenceTime(t time.Time) string {
	return day(t.UTC()) + t.UTC().Format(" 15:04:05 UTC")
}

// remaining formats the time until then in hours and minutes. Minutes are rounded up, so that the
// last minute is not shown as none; beyond an hour to five minutes: a user plans with no more, and a
// page that is open all day is drawn less often.
func remaining(now, then time.Time) string {
	left := then.Sub(now)
	if left <= 0 {
		return lang.L("now")
	}
	if left > time.Hour {
		const coarse = 5 * time.Minute
		left = (left + coarse - 1).Truncate(coarse)
	}
	return lang.L("in {{.Time}}", map[string]any{"Time": inMinutes(left)})
}

// inMinutes formats a time in hours and minutes, rounded up.
func inMinutes(left time.Duration) string {
	all := int((left + time.Minute - 1) / time.Minute)
	var parts []string
	if hours := all / 60; hours > 0 {
		parts = append(parts, counted(hours, "1 hour", "{{.Count}} hours"))
	}
	if minutes := all % 60; minutes > 0 {
		parts = append(parts, counted(minutes, "1 minute", "{{.Count}} minutes"))
	}
	return strings.Join(parts, " ")
}

// elapsed formats how long something has been going on; "" in the first seconds.
func elapsed(since, now time.Time) string {
	const unremarkable = 3
	seconds := int(now.Sub(since) / time.Second)
	if seconds < unremarkable {
		return ""
	}
	return duration(seconds)
}

func duration(seconds int) string {
	if seconds < 60 {
		return lang.L("{{.Seconds}} seconds", map[string]any{"Seconds": seconds})
	}
	return lang.L("{{.Minutes}} min {{.Seconds}} s", map[string]any{"Minutes": seconds / 60, "Seconds": seconds % 60})
}

// timeLeft says how long it is until then; "" if that has passed. Seconds are rounded up.
func timeLeft(now, then time.Time) string {
	switch left := int((then.Sub(now) + time.Second - 1) / time.Second); {
	case left <= 0:
		return ""
	case left == 1:
		return lang.L("1 second left.")
	default:
		return lang.L("{{.Time}} left.", map[string]any{"Time": duration(left)})
	}
}
