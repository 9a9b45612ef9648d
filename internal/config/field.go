package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// place is what the meaning of a value can depend on.
type place struct {
	// dir is where relative paths start, home what ~/ stands for.
	dir, home string
	// full reports whether a path must be absolute: the place has no folder to start from.
	full bool
	// text reports whether the value has no TOML type: true is a word there, and a list is written
	// as JSON.
	text bool
}

// maxText bounds one value. The longest honest ones are paths.
const maxText = 4096

// text returns a value that must be one line of text.
func text(raw any, from place) (string, error) {
	value, ok := raw.(string)
	value = strings.TrimSpace(value)
	switch {
	case !ok && from.text:
		return "", errors.New("it is not a text")
	case !ok:
		return "", errors.New("it is not a text in quotation marks")
	case len(value) > maxText:
		return "", fmt.Errorf("it is longer than %d bytes", maxText)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", errors.New("it has a control character in it")
	}
	return value, nil
}

// readText returns a text as its kind demands. It may be empty, unless it is one of a few words.
func (s Setting) readText(raw any, from place) (string, error) {
	written, err := text(raw, from)
	switch {
	case err != nil:
		return "", err
	case s.Kind == KindEnum && !slices.Contains(s.Values, written):
		return "", errors.New("it is not one of the allowed words")
	case s.Kind == KindEnum, written == "":
		return written, nil
	case s.Kind == KindPath, s.Kind == KindFolder:
		return resolvePath(written, from)
	default:
		return s.check(written)
	}
}

// resolvePath expands ~/ and makes a relative path start where its place says.
func resolvePath(path string, from place) (string, error) {
	if rest, ok := cutHome(path); ok {
		if from.home == "" {
			return "", errors.New("it starts with ~/, but the user's home folder is not known")
		}
		return filepath.Join(from.home, rest), nil
	}
	if from.full && !filepath.IsAbs(path) {
		return "", errors.New("it is not a full path")
	}
	if filepath.IsAbs(path) || from.dir == "" {
		return filepath.Clean(path), nil
	}
	return filepath.Join(from.dir, path), nil
}

func cutHome(path string) (string, bool) {
	if path == "~" {
		return "", true
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return rest, true
	}
	if runtime.GOOS == "windows" {
		return strings.CutPrefix(path, `~\`)
	}
	return "", false
}

func readDuration(raw any, from place, lowest, highest time.Duration) (time.Duration, error) {
	written, err := text(raw, from)
	if err != nil {
		return 0, err
	}
	found, err := time.ParseDuration(written)
	switch {
	case err != nil:
		err = errors.New("it is not a number with a unit")
	case found < lowest:
		err = errors.New("it is shorter than " + brief(lowest))
	case found > highest:
		err = errors.New("it is longer than " + brief(highest))
	}
	return found, err
}

func readBool(raw any, from place) (bool, error) {
	if written, ok := raw.(string); ok && from.text {
		switch strings.ToLower(strings.TrimSpace(written)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	// The registry has no booleans, and administrative templates write 1 and 0.
	if number, ok := raw.(int64); ok && from.text && (number == 0 || number == 1) {
		return number == 1, nil
	}
	found, ok := raw.(bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return found, nil
}

func readPercent(raw any, from place, least, most int) (int, error) {
	number, ok := raw.(int64)
	if written, is := raw.(string); is && from.text {
		parsed, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(written), "%"), 10, 64)
		number, ok = parsed, err == nil
	}
	switch {
	case !ok:
		return 0, errors.New("it is not a whole number")
	case number < int64(least):
		return 0, fmt.Errorf("it is less than %d", least)
	case number > int64(most):
		return 0, fmt.Errorf("it is more than %d", most)
	}
	return int(number), nil
}

// readCommand returns a program and its arguments, or nothing. The program is a full path: neither
// the working directory nor PATH decides which program hands out tickets.
func readCommand(raw any, from place) ([]string, error) {
	command, err := words(raw, from)
	if err != nil || len(command) == 0 {
		return nil, err
	}
	if rest, ok := cutHome(command[0]); ok && rest != "" && from.home != "" {
		command[0] = filepath.Join(from.home, rest)
	}
	if !filepath.IsAbs(command[0]) {
		return nil, errors.New("it does not start with the full path of a program")
	}
	return command, nil
}

// commandText writes a command as a JSON array.
func commandText(command []string) string {
	if len(command) == 0 {
		return ""
	}
	// A list of strings can always be encoded.
	encoded, _ := json.Marshal(command)
	return string(encoded)
}

// maxArguments bounds a command.
const maxArguments = 64

// words returns the parts of a command: a TOML list, a JSON array, or one text that is the program.
func words(raw any, from place) ([]string, error) {
	if single, ok := raw.(string); ok {
		single = strings.TrimSpace(single)
		switch {
		case single == "":
			return nil, nil
		case !from.text || !strings.HasPrefix(single, "["):
			raw = []any{single}
		default:
			var list []any
			if err := json.Unmarshal([]byte(single), &list); err != nil {
				return nil, errors.New("it starts with [ and is not a JSON array of texts")
			}
			raw = list
		}
	}
	list, ok := raw.([]any)
	switch {
	case !ok:
		return nil, errors.New("it is not a list of texts")
	case len(list) > maxArguments:
		return nil, fmt.Errorf("it has more than %d items", maxArguments)
	}
	command := make([]string, len(list))
	for i, item := range list {
		word, ok := item.(string)
		switch {
		case !ok:
			return nil, errors.New("it is not a list of texts")
		case len(word) > maxText:
			return nil, fmt.Errorf("item %d is longer than %d bytes", i+1, maxText)
		case strings.ContainsRune(word, 0):
			return nil, fmt.Errorf("item %d has a NUL character in it", i+1)
		}
		command[i] = word
	}
	return command, nil
}
