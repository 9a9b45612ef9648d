package problem

import "strings"

// between is what stands between sentences that are translated one by one. No text has a line break of its own.
const between = "\n"

// Sentences puts sentences together into one text of a Problem, where a single text would be the key of no translation.
// [Problem.Expand] makes one line of it; whoever translates it does so with each of its [Parts].
func Sentences(sentences ...string) string { return strings.Join(sentences, between) }

// Parts returns the parts of a text that have a translation each: the whole of nearly every text.
func Parts(text string) []string { return strings.Split(text, between) }
