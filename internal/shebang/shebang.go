// Package shebang reads the first line of a script, by which a Unix kernel finds the program that
// runs it (execve(2)). The trust check of the settings and the explanation of a program that does
// not start both need it.
package shebang

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxLine is how much of a file Linux looks at, in bytes (BINPRM_BUF_SIZE).
const maxLine = 256

// MaxDepth is how many interpreters Linux follows from one script to the next.
const MaxDepth = 5

// Line is what follows #! in the first line of a script.
type Line struct {
	// Interpreter is the program that the kernel starts, as it is written there, a carriage return
	// at its end included.
	Interpreter string
	// Argument is the rest of the line, which the kernel hands over as one argument.
	Argument string
}

// Read returns the line of a script. The bool reports whether the file has one.
func Read(path string) (line Line, ok bool, err error) {
	head, err := Head(path)
	if err != nil {
		return Line{}, false, err
	}
	line, ok = Parse(head)
	return line, ok, nil
}

// Head returns as many bytes of a file as the kernel looks at.
func Head(path string) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- the program that the settings name
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(file, maxLine))
	return head, errors.Join(err, file.Close())
}

// Parse reads the beginning of a file.
func Parse(head []byte) (Line, bool) {
	rest, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return Line{}, false
	}
	first, _, _ := strings.Cut(string(rest), "\n")
	first = strings.Trim(first, " \t")
	end := strings.IndexAny(first, " \t")
	if end < 0 {
		return Line{Interpreter: first}, true
	}
	return Line{Interpreter: first[:end], Argument: strings.Trim(first[end:], " \t")}, true
}

// LookedUp returns the program that env(1) looks up in PATH, if the interpreter is env, and else
// nothing.
func (l Line) LookedUp() string {
	if filepath.Base(l.Interpreter) != "env" {
		return ""
	}
	words := []string{l.Argument}
	for _, option := range []string{"--split-string=", "--split-string ", "-S"} {
		if rest, ok := strings.CutPrefix(l.Argument, option); ok {
			words = strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' })
			break
		}
	}
	for _, word := range words {
		if word != "" && !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
			return strings.Trim(word, `"'`)
		}
	}
	return ""
}
