package problem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/internal/problem"
)

// A sentence in the reader's language must not have a date or a place in it that is in another.
func TestPhrases(t *testing.T) {
	end := time.Date(2026, 11, 28, 16, 4, 0, 0, time.FixedZone("", 3600))
	line := problem.Words("line {{.Line}} of {{.File}}").With("Line", "3").With("File", "/x/{{.Line}}.toml")
	locked := problem.Words("{{.Place}}, managed").WithPhrase("Place", line)
	translate := func(p problem.Phrase) string { return "<" + strings.ToUpper(p.String()) + ">" }
	for name, test := range map[string]struct {
		phrase        problem.Phrase
		english, want string
	}{
		"words":    {line, "line 3 of /x/{{.Line}}.toml", "<LINE 3 OF /X/{{.LINE}}.TOML>"},
		"nested":   {locked, "line 3 of /x/{{.Line}}.toml, managed", "<LINE 3 OF /X/{{.LINE}}.TOML, MANAGED>"},
		"a date":   {problem.Date(end), "28 November 2026", "<28 NOVEMBER 2026>"},
		"a moment": {problem.Moment(end), "28 November 2026 15:04 UTC", "<28 NOVEMBER 2026 15:04 UTC>"},
		"verbatim": {problem.Verbatim("/etc/x"), "/etc/x", "</ETC/X>"},
		"nothing":  {problem.Phrase{}, "", "<>"},
	} {
		t.Run(name, func(t *testing.T) {
			p := (&problem.Problem{Title: "It is {{.What}} of {{.Whom}}"}).With("Whom", "Ann").WithPhrase("What", test.phrase)
			assert.Equal(t, test.english, test.phrase.String())
			assert.Equal(t, "It is "+test.english+" of Ann", p.Expand(p.Title), "for the log and the terminal")
			assert.Equal(t, "Mae "+test.want+" o Ann", p.ExpandIn("Mae {{.What}} o {{.Whom}}", translate))
			assert.Equal(t, "Mae x", p.With("What", "x").ExpandIn("Mae {{.What}}", translate), "what comes last counts")
			assert.Equal(t, "It is "+test.english+" of Ann", p.Expand(p.Title), "a copy was made")
		})
	}
	assert.Equal(t, "<LINE 3 OF /X/{{.LINE}}.TOML>, rheolir", locked.ExpandIn("{{.Place}}, rheolir", translate), "and what is in a phrase is translated, too")
	long := (&problem.Problem{}).WithPhrase("What", problem.Verbatim(strings.Repeat("x", 999)))
	assert.Len(t, []rune(long.ExpandIn("{{.What}}", problem.Phrase.String)), 200, "as any value")
}
