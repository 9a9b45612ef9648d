package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/problem"
)

// sink takes finished lines to the file and to the console.
type sink struct {
	mu      sync.Mutex
	file    io.WriteCloser
	console io.Writer
	// failing reports whether the last write to the file failed; only the first failure is
	// reported.
	failing bool
}

// Write never fails: a full disk must not stop a sign-in, and logrus would only print the error.
func (s *sink) Write(lines []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range bytes.Lines(lines) {
		s.toFile(line)
		s.toConsole(readable(line))
	}
	return len(lines), nil
}

func (s *sink) toFile(line []byte) {
	if s.file == nil {
		return
	}
	_, err := s.file.Write(escaped(line))
	if err != nil && !s.failing {
		s.toConsole(fmt.Sprintf("WARNING the log cannot be written: %s\n", problem.Clean(err.Error(), 300)))
	}
	s.failing = err != nil
}

func (s *sink) toConsole(line string) {
	if s.console == nil {
		return
	}
	// A failure of the console cannot be reported to it.
	_, _ = io.WriteString(s.console, line)
}

// close closes the file for good.
func (s *sink) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// escaped replaces unprintable characters in a line of JSON by JSON escapes: a file is shown on a
// terminal, too.
func escaped(line []byte) []byte {
	if !bytes.ContainsFunc(line, unprintable) {
		return line
	}
	made := make([]byte, 0, len(line)+64)
	for _, r := range string(line) {
		switch {
		case !unprintable(r):
			made = utf8.AppendRune(made, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			made = fmt.Appendf(made, `\u%04x\u%04x`, high, low)
		default:
			made = fmt.Appendf(made, `\u%04x`, r)
		}
	}
	return made
}

func unprintable(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }

// readable returns a line for the console: level, message and fields. Control characters are
// removed: logged text may come from another machine and must not control a terminal.
func readable(line []byte) string {
	var members map[string]any
	if err := json.Unmarshal(line, &members); err != nil {
		return problem.Clean(string(line), maxLine) + "\n"
	}
	var b strings.Builder
	level, message := members[logrus.FieldKeyLevel], members[logrus.FieldKeyMsg]
	fmt.Fprintf(&b, "%s %v", strings.ToUpper(fmt.Sprint(level)), message)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch name {
		case logrus.FieldKeyLevel, logrus.FieldKeyMsg, logrus.FieldKeyTime, "version":
		default:
			fmt.Fprintf(&b, "  %s=%v", name, members[name])
		}
	}
	return problem.Clean(b.String(), maxLine) + "\n"
}
