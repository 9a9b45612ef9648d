package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/problem"
)

// phrase formats a value of a text in the user's language.
func phrase(p problem.Phrase) string {
	switch {
	case p.Text != "":
		key, marks := keyOf(p.Text)
		return p.ExpandIn(lang.L(key, marks), phrase)
	case p.Time.IsZero():
		return p.Plain
	case p.Clock:
		return day(p.Time) + p.Time.Format(" 15:04 UTC")
	}
	return day(p.Time)
}

// counted returns a text with a number in it: for one, or for several with the mark {{.Count}}.
func counted(count int, one, several string) string {
	if count == 1 {
		return lang.L(one)
	}
	return lang.L(several, map[string]any{"Count": count})
}

// day formats a date with the month's name.
func day(t time.Time) string {
	month := [...]string{lang.L("January"), lang.L("February"), lang.L("March"), lang.L("April"), lang.L("May"), lang.L("June"), lang.L("July"),
		lang.L("August"), lang.L("September"), lang.L("October"), lang.L("November"), lang.L("December")}[t.Month()-1]
	return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
}
