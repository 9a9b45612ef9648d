package diagnose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/problem"
)

// Report is results for output: printed, copied to the clipboard, put into a bundle.
type Report struct {
	// Version is the program's.
	Version string
	Results []Result
	// Last is the last Problem of a window, if one is known.
	Last Incident
	// Terminal selects the steps for the command line.
	Terminal bool
	// Mask is applied to each text: the log's Redact, or a [Masker]'s Mask. It must not be nil.
	Mask func(string) string
}

// Text returns the last Problem, and a table: the state as a word, the row, one sentence, and the
// remedy below it.
func (r Report) Text() string {
	names, words := 0, 0
	for _, result := range r.Results {
		names = max(names, utf8.RuneCountInString(result.Name))
		words = max(words, utf8.RuneCountInString(result.State.Word()))
	}
	var text strings.Builder
	write := func(indent, line string) {
		if line != "" {
			text.WriteString(indent + line + "\n")
		}
	}
	if last := r.Last.Problem; last != nil {
		// UTC, as in the log.
		fmt.Fprintf(&text, "Last problem: %s, %s, %s\n", r.expand(last, last.Title), last.Code, r.Last.At.UTC().Format("2 January 2006 15:04:05 UTC"))
		write("  ", r.expand(last, last.Quoted))
		write("  ", r.expand(last, last.Technical))
		if r.Last.Role != "" {
			fmt.Fprintf(&text, "  Role: %s\n", r.Mask(r.Last.Role))
		}
		text.WriteByte('\n')
	}
	indent := strings.Repeat(" ", words+2+names+2)
	for _, result := range r.Results {
		fmt.Fprintf(&text, "%-*s  %-*s  %s\n", words, result.State.Word(), names, result.Name, r.Mask(sentence(result.Text())))
		found := result.Problem
		if found == nil {
			continue
		}
		write(indent, strings.TrimSpace(r.expand(found, found.Happened)+" ("+found.Code+")"))
		write(indent, r.expand(found, found.Quoted))
		write(indent, r.expand(found, found.Technical))
		if cause := r.cause(found, maxTableCause); cause != "" {
			fmt.Fprintf(&text, "%sTechnical cause: %s\n", indent, cause)
		}
		for i, step := range r.steps(found) {
			fmt.Fprintf(&text, "%s%d. %s\n", indent, i+1, step)
		}
		for i, step := range found.ServiceDesk {
			if i == 0 {
				fmt.Fprintf(&text, "%sFor the service desk:\n", indent)
			}
			fmt.Fprintf(&text, "%s%d. %s\n", indent, i+1, r.expand(found, step))
		}
	}
	return text.String()
}

// sentence ends a Problem's title, which has no full stop, as the other sentences end.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// steps returns what to do, for the text.
func (r Report) steps(found *problem.Problem) []string {
	var steps []string
	if r.Terminal {
		for _, step := range found.TerminalSteps() {
			steps = append(steps, r.Mask(step))
		}
		return steps
	}
	for _, step := range found.WhatToDo() {
		step = strings.ReplaceAll(step, "**Try again**", "**Check again**")
		steps = append(steps, r.expand(found, strings.ReplaceAll(step, "the reference below", "the reference "+found.Code)))
	}
	return steps
}

func (r Report) expand(found *problem.Problem, text string) string {
	return r.Mask(strings.ReplaceAll(found.Expand(text), "**", ""))
}

// cause returns the technical reason of a Problem, or nothing.
func (r Report) cause(found *problem.Problem, limit int) string {
	if found.Cause == nil {
		return ""
	}
	return r.Mask(problem.Clean(found.Cause.Error(), limit))
}

// The members of the JSON form. Members may be added, and never change their meaning: see docs/diagnostics.md.
type (
	shownReport struct {
		Version string       `json:"version"`
		Failed  int          `json:"failed"`
		Last    *shownLast   `json:"lastProblem,omitempty"`
		Checks  []shownCheck `json:"checks"`
	}
	shownLast struct {
		Code  string    `json:"code"`
		Title string    `json:"title"`
		Time  time.Time `json:"time"`
		// Role is the role and organisation that it is about.
		Role string `json:"role,omitempty"`
	}
	shownCheck struct {
		ID      string        `json:"id"`
		Name    string        `json:"name"`
		State   string        `json:"state"`
		Said    string        `json:"said"`
		Problem *shownProblem `json:"problem,omitempty"`
	}
	shownProblem struct {
		Code     string `json:"code"`
		Title    string `json:"title"`
		Happened string `json:"happened"`
		// Quoted is in the words of others, such as what a certificate claims.
		Quoted string `json:"quoted,omitempty"`
		// Technical is what a service desk asks for first, such as what e-RS has answered.
		Technical string   `json:"technical,omitempty"`
		Steps     []string `json:"steps"`
		// ServiceDesk is what only a service desk can do.
		ServiceDesk []string `json:"service_desk,omitempty"`
		// Cause is the technical reason, for a service desk.
		Cause string `json:"cause,omitempty"`
	}
)

// maxCause bounds a technical reason, and maxTableCause one in the table for people, in characters.
const maxCause, maxTableCause = 2000, 600

// JSON returns the same for programs, with the technical reasons besides.
func (r Report) JSON() ([]byte, error) {
	shown := shownReport{Version: r.Version, Failed: Failures(r.Results), Checks: []shownCheck{}}
	if last := r.Last.Problem; last != nil {
		shown.Last = &shownLast{last.Code, r.expand(last, last.Title), r.Last.At.UTC().Truncate(time.Second), r.Mask(r.Last.Role)}
	}
	for _, result := range r.Results {
		check := shownCheck{
			ID: result.ID, Name: result.Name, State: result.State.String(), Said: r.Mask(sentence(result.Text())),
		}
		if found := result.Problem; found != nil {
			check.Problem = &shownProblem{
				Code: found.Code, Title: r.expand(found, found.Title), Happened: r.expand(found, found.Happened),
				Quoted: r.expand(found, found.Quoted), Technical: r.expand(found, found.Technical), Steps: []string{}, Cause: r.cause(found, maxCause),
			}
			for _, step := range found.WhatToDo() {
				check.Problem.Steps = append(check.Problem.Steps, r.expand(found, step))
			}
			for _, step := range found.ServiceDesk {
				check.Problem.ServiceDesk = append(check.Problem.ServiceDesk, r.expand(found, step))
			}
		}
		shown.Checks = append(shown.Checks, check)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(shown); err != nil {
		return nil, fmt.Errorf("could not write the results as JSON: %w", err)
	}
	return text.Bytes(), nil
}
