package problem

import (
	"maps"
	"strings"
	"time"
)

// Phrase is a value in a text that each language writes in its own way: words of this program, or a
// date. See [Problem.WithPhrase]. Its length is bounded there.
type Phrase struct {
	// Text is English, and the key of its translation. What varies is named in it as {{.Name}}.
	Text string
	// Args fills it, and so does Phrases, which stands in Args in English.
	Args    map[string]string
	Phrases map[string]Phrase
	// Plain replaces Text with the same words in every language.
	Plain string
	// Time is a date, in place of both. Clock reports whether it is shown with its time of day, in
	// UTC.
	Time  time.Time
	Clock bool
}

// Words returns the Phrase of a text of this program. It must be constant: the text is the key of
// its translation.
func Words(text string) Phrase { return Phrase{Text: text} }

// Verbatim returns the Phrase of a text that is the same in every language, such as a path.
func Verbatim(text string) Phrase { return Phrase{Plain: text} }

// Date returns the Phrase of a day, by UTC.
func Date(t time.Time) Phrase { return Phrase{Time: t.UTC()} }

// Moment returns the Phrase of a day with its time, by UTC.
func Moment(t time.Time) Phrase { return Phrase{Time: t.UTC(), Clock: true} }

// With returns a copy that is filled with one more value.
func (p Phrase) With(name, value string) Phrase {
	p.Args = with(p.Args, name, value)
	return p
}

// WithPhrase returns a copy that is filled with another Phrase.
func (p Phrase) WithPhrase(name string, value Phrase) Phrase {
	p = p.With(name, value.String())
	p.Phrases = with(p.Phrases, name, value)
	return p
}

// String returns the Phrase in English: 28 November 2026, or 28 November 2026 15:04 UTC.
func (p Phrase) String() string {
	switch {
	case p.Text != "":
		return (&Problem{Args: p.Args}).Expand(p.Text)
	case p.Time.IsZero():
		return p.Plain
	case p.Clock:
		return p.Time.Format("2 January 2006 15:04 UTC")
	}
	return p.Time.Format("2 January 2006")
}

// ExpandIn fills the translation of Text, with translate for the Phrases in it.
func (p Phrase) ExpandIn(text string, translate func(Phrase) string) string {
	return (&Problem{Args: p.Args, Phrases: p.Phrases}).ExpandIn(text, translate)
}

// WithPhrase returns a copy whose texts are filled with a translated value. Args has it in English.
func (p *Problem) WithPhrase(name string, value Phrase) *Problem {
	made := p.With(name, value.String())
	made.Phrases = with(p.Phrases, name, value)
	return made
}

// ExpandIn fills the {{.Name}} marks of a translated text, with translate for Phrases.
func (p *Problem) ExpandIn(text string, translate func(Phrase) string) string {
	if len(p.Phrases) == 0 || !strings.Contains(text, "{{") {
		return p.Expand(text)
	}
	args := maps.Clone(p.Args)
	for name, phrase := range p.Phrases {
		args[name] = Clean(translate(phrase), maxValue)
	}
	return (&Problem{Args: args}).Expand(text)
}
