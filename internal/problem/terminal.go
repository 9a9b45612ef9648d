package problem

import (
	"cmp"
	"strings"
)

// TerminalSteps returns the steps for the command line, in English, with their values filled in and
// without marks: Terminal if it is set, else WhatToDo without what only a window has, a button to
// try again with and a reference below the text.
func (p *Problem) TerminalSteps() []string {
	if len(p.Terminal) > 0 {
		return p.forTerminal(p.Terminal)
	}
	return p.forTerminal(p.WhatToDo())
}

// TerminalServiceDesk returns ServiceDesk for the command line, as TerminalSteps does the steps.
func (p *Problem) TerminalServiceDesk() []string { return p.forTerminal(p.ServiceDesk) }

func (p *Problem) forTerminal(steps []string) []string {
	texts := make([]string, len(steps))
	for i, step := range steps {
		// The values go in last: text from outside is not reworded.
		texts[i] = p.Expand(p.onTerminal(step))
	}
	return texts
}

// onTerminal rewords a step for the command line. Every step names the button and the reference in
// these words, and a test holds the whole program to that.
func (p *Problem) onTerminal(step string) string {
	button := "press **" + cmp.Or(p.Button, "Try again") + "**"
	return strings.NewReplacer(
		"P"+button[1:], "Run the command again",
		button, "run the command again",
		"the reference below", "the reference "+p.Code,
		"**", "",
	).Replace(step)
}
