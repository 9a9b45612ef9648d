package desktop

import (
	"io"

	"golang.org/x/term"
)

// ReachesTerminal reports whether w is a terminal. Only a newline depends on it: no output has
// colours.
func ReachesTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
