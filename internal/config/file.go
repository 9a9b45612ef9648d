package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
)

// Bounds of the settings file.
const (
	maxFile = 1 << 20
	// maxBrackets bounds the nesting. The parser recurses for each [ and {, and a megabyte of them
	// would overflow the stack. Real files have a handful.
	maxBrackets = 1000
	// maxUnknown bounds how many unknown keys of one file are reported.
	maxUnknown = 20
)

// readTrusted reads a regular file of at most limit bytes. It refuses a device or a pipe, whose end
// may never come. The check for trust, which may be nil, is on the open file, which cannot be exchanged.
func readTrusted(path string, limit int64, trust Trust) ([]byte, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	var content []byte
	if trust != nil {
		err = trust(file)
	}
	if err == nil {
		content, err = bounded.Read(file, limit)
	}
	return content, errors.Join(err, file.Close())
}

// openRegular opens a file and checks that it is regular.
func openRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|doNotBlock, 0) // #nosec G304 -- reading the files that settings name is the task
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// document is the content of a settings file, or of a [Policy].
type document struct {
	values map[string]any
	// lines has the line of each key in a file.
	lines map[string]int
}

// syntaxError is the reason of a file that is not TOML, or not text. The line is 0 if unknown.
type syntaxError struct {
	line, column int
	reason       error // repeats nothing of the file
}

// Error returns the place and reason, the reason alone without a place.
func (e *syntaxError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("it is not valid TOML: %v", e.reason)
	}
	return fmt.Sprintf("it is not valid TOML at line %d, column %d", e.line, e.column)
}

func (e *syntaxError) Unwrap() error { return e.reason }

// parse reads TOML. The error is a *syntaxError.
func parse(content []byte) (document, error) {
	// Editors on Windows write a byte order mark first, which TOML does not allow.
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	if bytes.Count(content, []byte("["))+bytes.Count(content, []byte("{")) > maxBrackets {
		return document{}, &syntaxError{reason: fmt.Errorf("it has more than %d brackets", maxBrackets)}
	}
	var values map[string]any
	err := toml.Unmarshal(content, &values)
	lines, repeated := keyLines(content)
	if err != nil {
		return document{}, syntax(err, repeated)
	}
	return document{values, lines}, nil
}

const byteOrderMark = "\ufeff"

// syntax makes a *syntaxError of the parser's error.
func syntax(err error, repeated int) error {
	var decode *toml.DecodeError
	line, column := repeated, 1
	if errors.As(err, &decode) {
		line, column = decode.Position()
	}
	// Some messages of the parser contain text of the file, which may be a secret by mistake.
	return &syntaxError{line, column, errors.New(quoted.ReplaceAllString(err.Error(), `"…"`))}
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// settingsFile is one of the files with settings, or a place of the system's: whose it is decides what
// a mistake in it means.
type settingsFile struct {
	path      string
	layer     Layer
	place     place
	forgiving bool
	// trust may be nil, for a file that is the user's own.
	trust Trust
}

func (f settingsFile) read() (document, error) {
	content, err := readTrusted(f.path, maxFile, f.trust)
	if err != nil {
		return document{}, err
	}
	return parse(content)
}

// layer returns the settings of a document, and reports the keys that are none.
func (d document) layer(table []Setting, file settingsFile, found *findings) layer {
	values := maps.Clone(d.values)
	var unknown []string
	for key := range values {
		if lookup(table, key).field == nil {
			unknown = append(unknown, key)
		}
	}
	slices.SortFunc(unknown, func(a, b string) int {
		return cmp.Or(cmp.Compare(d.lines[a], d.lines[b]), cmp.Compare(a, b))
	})
	for i, key := range unknown {
		if i < maxUnknown {
			found.unknownKey(table, key, values[key], file.origin(d.lines[key]), file.forgiving)
		}
		delete(values, key)
	}
	return layer{
		values:    values,
		place:     file.place,
		origin:    func(s Setting) Origin { return file.origin(d.lines[s.Key]) },
		forgiving: file.forgiving,
	}
}

func (f settingsFile) origin(line int) Origin {
	if line > 0 {
		return origin(f.layer, inLine(line, f.path))
	}
	return origin(f.layer, problem.Verbatim(f.path))
}

// keyLines returns the first line of each top-level key or table, and the first line that repeats
// one: the parser reports that fault without its place.
func keyLines(content []byte) (lines map[string]int, repeated int) {
	lines = make(map[string]int)
	var parser unstable.Parser
	parser.Reset(content)
	line, offset, inTable := 1, 0, false
	for parser.NextExpression() {
		expression := parser.Expression()
		if expression.Kind != unstable.KeyValue {
			inTable = true
		} else if inTable {
			continue
		}
		keys := expression.Key()
		if !keys.Next() {
			continue
		}
		key := keys.Node()
		start := int(key.Raw.Offset)
		line += bytes.Count(content[offset:start], []byte("\n"))
		offset = start
		name := string(key.Data)
		if lines[name] == 0 {
			lines[name] = line
		} else if repeated == 0 && keys.IsLast() {
			repeated = line
		}
	}
	return lines, repeated
}
