package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"

	koanftoml "github.com/knadh/koanf/parsers/toml/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Bounds of the settings file.
const (
	maxFile = 1 << 20
	// maxBrackets bounds the nesting. The parser calls itself for each [ and {, and a megabyte of them would end the process with
	// a full stack. An honest file has a handful.
	maxBrackets = 1000
	// maxUnknown bounds how many unknown keys of one file are reported.
	maxUnknown = 20
)

// readBounded reads a regular file of limit bytes at most. A device or a pipe is refused: reading it might never end.
func readBounded(path string, limit int64) ([]byte, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	return content, nil
}

// openRegular opens a file and sees that it is one.
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

// parseFile reads the settings in a file's content.
func parseFile(table []Setting, path string, content []byte, home string, found *findings) layer {
	// Editors on Windows put a byte order mark first, which TOML does not know.
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if bytes.Count(content, []byte("["))+bytes.Count(content, []byte("{")) > maxBrackets {
		found.add(brokenFile.With("File", path).Because(fmt.Errorf("it has more than %d brackets", maxBrackets)))
		return layer{}
	}
	values, err := koanftoml.Parser().Unmarshal(content)
	lines, repeated := keyLines(content)
	if err != nil {
		found.add(broken(path, err, repeated))
		return layer{}
	}

	where := func(key string) Origin {
		if line := lines[key]; line > 0 {
			return Origin{LayerFile, fmt.Sprintf("line %d of %s", line, path)}
		}
		return Origin{LayerFile, path}
	}
	var unknown []string
	for key, value := range values {
		if lookup(table, key).bind == nil {
			unknown = append(unknown, key)
		}
		if !plain(value) {
			values[key] = nested{value}
		}
	}
	sort.Slice(unknown, func(i, j int) bool {
		a, b := unknown[i], unknown[j]
		return lines[a] < lines[b] || lines[a] == lines[b] && a < b
	})
	for i, key := range unknown {
		if i < maxUnknown {
			found.unknownKey(table, key, values[key], where(key))
		}
		delete(values, key)
	}
	return layer{
		values: values,
		place:  place{dir: filepath.Dir(path), home: home},
		origin: func(s Setting) Origin { return where(s.Key) },
	}
}

// nested is a value that no setting takes: a table, or a list of anything but words. It is wrapped so that nobody walks
// through it, which with a key of half a million dots takes for ever.
type nested struct{ value any }

// plain tells whether a value is a scalar or a list of texts.
func plain(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return false
	case []any:
		for _, item := range value {
			if _, ok := item.(string); !ok {
				return false
			}
		}
	}
	return true
}

// broken makes the Problem of a file that is not TOML.
func broken(path string, err error, repeated int) error {
	var decode *toml.DecodeError
	line, column := repeated, 1
	if errors.As(err, &decode) {
		line, column = decode.Position()
	}
	// Some messages of the parser repeat what stands in the file, which may be a secret that was put there by mistake.
	reason := errors.New(quoted.ReplaceAllString(err.Error(), `"…"`))
	if line == 0 {
		return brokenFile.With("File", path).Because(reason)
	}
	return brokenLine.With("File", path).With("Line", strconv.Itoa(line)).With("Column", strconv.Itoa(column)).
		Because(fmt.Errorf("line %d, column %d: %w", line, column, reason))
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// keyLines returns the line on which each top-level key or table first stands, and the first line that repeats one: the
// parser reports that mistake without its place.
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
