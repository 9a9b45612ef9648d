package commands

import (
	"io"

	"golang.org/x/term"
)

// reachesTerminal tells whether what is written somewhere reaches a person's terminal. Nothing depends on it but a newline: no output has
// colours.
func reachesTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
