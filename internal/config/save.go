package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/problem"
)

// Save writes the user's choices into their settings file, by the settings' keys, with the values
// as in the environment. Only [Setting.UserChangeable] settings that are not locked can be saved.
//
// The rest of the file stays as it is, to the byte: comments, order, line ends. A missing file is
// created, with its folder; the file is replaced as a whole and is readable by its owner alone.
// Changes made to the file at the same time are kept. The error is a Problem, and then the file is
// unchanged.
func (c Config) Save(path string, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	written, err := c.checked(values)
	if err != nil {
		return err
	}
	saving.Lock()
	defer saving.Unlock()
	return save(path, written, replaceFile)
}

// saving serialises Save: the window calls it in several goroutines, and each reads and writes the
// same file.
var saving sync.Mutex

// checked returns the values in their form in the settings file.
func (c Config) checked(values map[string]string) (map[string]string, error) {
	table := Settings()
	written := make(map[string]string, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		setting := lookup(table, key)
		switch {
		case setting.bind == nil || !setting.UserChangeable:
			return nil, notChangeable.With("Setting", shownName(key)).
				Because(fmt.Errorf("%s is not to be changed in the window", shownName(key)))
		case c.Locked(key):
			return nil, lockedSetting.With("Setting", key).WithPhrase("Origin", c.Origin(key).Phrase()).
				Because(fmt.Errorf("%s is set by %s", key, c.Origin(key).Where))
		}
		var scratch Config
		if err := setting.put(&scratch, values[key], place{text: true}, c.system); err != nil {
			return nil, unusable(setting, origin(LayerFile, problem.Words("the window")), err)
		}
		written[key] = setting.literal(setting.of(scratch))
	}
	return written, nil
}

// maxSaves bounds how often a save is repeated because the file has changed meanwhile.
const maxSaves = 5

// replace writes new content in place of the old, or returns errChanged if the old content is gone.
// A missing file has the content nil.
type replace func(path string, before, after []byte) error

var errChanged = errors.New("another program keeps changing the file")

func save(path string, written map[string]string, write replace) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		// A link to a file that is kept elsewhere stays one.
		path = resolved
	}
	file := settingsFile{path: path, layer: LayerFile}
	var err error
	for range maxSaves {
		var before, after []byte
		if before, err = readIfThere(path); err != nil {
			return file.notSaved(err)
		}
		if after, err = edit(before, written); err != nil {
			return file.notSaved(err)
		}
		if before != nil && bytes.Equal(before, after) {
			return nil
		}
		if err = write(path, before, after); err == nil {
			return nil
		}
		if !errors.Is(err, errChanged) {
			break
		}
	}
	return file.notSaved(err)
}

func (f settingsFile) notSaved(reason error) *problem.Problem { return f.fill(notSaved, reason) }

// readIfThere returns a file's content, or nil if there is no file.
func readIfThere(path string) ([]byte, error) {
	content, err := readBounded(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && content == nil {
		content = []byte{}
	}
	return content, err
}

// replaceFile is the replace of the file system.
func replaceFile(path string, before, after []byte) error {
	now, err := readIfThere(path)
	if err != nil {
		return err
	}
	if (now == nil) != (before == nil) || !bytes.Equal(now, before) {
		return errChanged
	}
	if before == nil {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	return atomicfile.Write(path, after)
}

// edit returns the content of a settings file with other values for some keys.
func edit(content []byte, written map[string]string) ([]byte, error) {
	before, err := parse(content)
	if err != nil {
		return nil, err
	}
	mark := content[:len(content)-len(bytes.TrimPrefix(content, []byte(byteOrderMark)))]
	body := content[len(mark):]
	for _, key := range slices.Sorted(maps.Keys(written)) {
		if body, err = set(body, key, written[key]); err != nil {
			return nil, err
		}
	}
	content = slices.Concat(mark, body)
	if len(content) > maxFile {
		return nil, fmt.Errorf("with it the file would be too large: %w (the limit is %d bytes)", errTooLarge, maxFile)
	}
	if err := onlyChanged(before, content, written); err != nil {
		return nil, err
	}
	return content, nil
}

// onlyChanged checks that the new content has the written values, and the former ones for all other
// keys.
func onlyChanged(before document, content []byte, written map[string]string) error {
	after, err := parse(content)
	if err != nil {
		return fmt.Errorf("could not put the value in its place: %w", err)
	}
	for key, literal := range written {
		wanted, err := parse([]byte(key + " = " + literal))
		if err != nil || !reflect.DeepEqual(after.values[key], wanted.values[key]) {
			return errors.Join(fmt.Errorf("could not put %s in its place", key), err)
		}
	}
	others := func(key string, _ any) bool { _, ours := written[key]; return ours }
	was, is := maps.Clone(before.values), after.values
	maps.DeleteFunc(was, others)
	maps.DeleteFunc(is, others)
	if !reflect.DeepEqual(was, is) && len(was)+len(is) > 0 {
		return errors.New("could not put the value in its place without changing another one")
	}
	return nil
}

// set replaces the value of a key in place, or adds the key: at the end, or before the first table,
// since all lines after a table's head belong to it.
func set(body []byte, key, literal string) ([]byte, error) {
	var parser unstable.Parser
	parser.Reset(body)
	end := 0 // of the last value whose end is known
	inTable := false
	for parser.NextExpression() {
		if inTable = parser.Expression().Kind != unstable.KeyValue; inTable {
			break
		}
		at, err := valueSpan(&parser, body)
		switch {
		case err != nil:
			return nil, err
		case at.key == key && at.open:
			return nil, fmt.Errorf("%s is a list or a table there", key)
		case at.key == key:
			return slices.Concat(body[:at.start], []byte(literal), body[at.end:]), nil
		case !at.open:
			end = at.end
		}
	}
	if !inTable {
		end = len(body)
	} else if end > 0 {
		end += bytes.IndexByte(body[end:], '\n') + 1
	}
	newline := lineEnd(body)
	line := key + " = " + literal + newline
	if end > 0 && body[end-1] != '\n' {
		line = newline + line
	}
	return slices.Concat(body[:end], []byte(line), body[end:]), nil
}

// span is where a value stands in a document.
type span struct {
	key        string
	start, end int
	// open reports whether the value is a list or an inline table, whose end the parser does not
	// report: end is its beginning then.
	open bool
}

// valueSpan finds the value of the parser's expression, which is a key and its value.
func valueSpan(parser *unstable.Parser, body []byte) (span, error) {
	expression := parser.Expression()
	keys := expression.Key()
	var name string
	var last unstable.Range
	for first := true; keys.Next(); first = false {
		last = keys.Node().Raw
		if first && keys.IsLast() {
			name = string(keys.Node().Data)
		}
	}
	start := int(last.Offset + last.Length)
	equals := bytes.IndexByte(body[start:], '=')
	if equals < 0 {
		return span{}, errors.New("could not find the value of " + strconv.Quote(name))
	}
	start += equals + 1
	start += len(body[start:]) - len(bytes.TrimLeft(body[start:], " \t"))

	value := expression.Value()
	at := span{key: name, start: start, end: start}
	switch value.Kind {
	case unstable.Array, unstable.InlineTable:
		at.open = true
	case unstable.Bool, unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		at.end += len(value.Data)
	default:
		at.end += int(value.Raw.Length)
	}
	return at, nil
}

// lineEnd returns how the lines of a file end.
func lineEnd(body []byte) string {
	if i := bytes.IndexByte(body, '\n'); i > 0 && body[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// The Problems of saving.
var (
	notSaved = &problem.Problem{
		Code:  "SETTING-SAVE",
		Title: "Your change was not saved",
		Happened: "It lasts until you close e-RS Login. e-RS Login could not write to {{.File}}: " +
			"{{.Reason}}.",
		Steps: []string{
			"You can keep working.",
			"To keep your change, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Make sure that this user can write to that file and that it is a valid settings file.",
		},
		Retry: true,
	}
	lockedSetting = &problem.Problem{
		Code:  "SETTING-LOCKED",
		Title: "This setting is managed by your organisation",
		Happened: "Your organisation has set {{.Setting}} for everyone, so you cannot change it " +
			"here. It comes from {{.Origin}}.",
		Steps: []string{"If you need to change it, contact your local service desk."},
	}
	notChangeable = &problem.Problem{
		Code:     "SETTING-UNCHANGEABLE",
		Title:    "This setting cannot be changed in the window",
		Happened: "The window cannot change the setting {{.Setting}}.",
		Steps: []string{
			"If you need to change it, contact your local service desk.",
		},
		ServiceDesk: []string{
			"Change it in the settings file.",
		},
	}
)
