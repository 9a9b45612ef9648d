package problem

import "strings"

// between separates sentences that are translated one by one. No text contains a line break.
const between = "\n"

// Sentences joins sentences into one text of a Problem, where the whole would be the key of no
// translation. [Problem.Expand] makes one line of it; translate each of its [Parts].
func Sentences(sentences ...string) string { return strings.Join(sentences, between) }

// Parts returns the parts of a text that have a translation each: the whole of nearly every text.
func Parts(text string) []string { return strings.Split(text, between) }
