package problem

import "strings"

// TerminalSteps returns the steps for the command line, in English, with their values filled in and
// without marks: Terminal if it is set, else Steps without what only a window has, a button to try
// again with and a reference below the text.
func (p *Problem) TerminalSteps() []string {
	steps := p.Terminal
	if len(steps) == 0 {
		steps = p.Steps
	}
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
	return strings.NewReplacer(
		"Press **Try again**", "Run the command again",
		"press **Try again**", "run the command again",
		"the reference below", "the reference "+p.Code,
		"**", "",
	).Replace(step)
}
