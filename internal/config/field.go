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

// field is one field of a Config, with the check of its row. The errors of set never contain the
// value: a secret may have been pasted into the wrong line.
type field interface {
	// set checks a value and stores it. A value from the settings file has TOML's type, one from elsewhere is a string.
	set(raw any, from place) error
	// String returns the value as it is written in the environment.
	String() string
}

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

// textField is a text with a check, or empty.
type textField struct {
	value *string
	check func(string) (string, error)
}

func (f *textField) set(raw any, from place) error {
	value, err := text(raw, from)
	if err != nil {
		return err
	}
	if value != "" {
		if value, err = f.check(value); err != nil {
			return err
		}
	}
	*f.value = value
	return nil
}

func (f *textField) String() string { return *f.value }

// pathField is the path of a file or folder, or empty.
type pathField struct{ value *string }

func (f *pathField) set(raw any, from place) error {
	value, err := text(raw, from)
	if err != nil {
		return err
	}
	if value != "" {
		if value, err = resolvePath(value, from); err != nil {
			return err
		}
	}
	*f.value = value
	return nil
}

func (f *pathField) String() string { return *f.value }

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

// durationField is a duration between two bounds.
type durationField struct {
	value           *time.Duration
	lowest, highest time.Duration
}

func (f *durationField) set(raw any, from place) error {
	written, err := text(raw, from)
	if err != nil {
		return err
	}
	value, err := time.ParseDuration(written)
	switch {
	case err != nil:
		return errors.New("it is not a number with a unit")
	case value < f.lowest:
		return errors.New("it is shorter than " + brief(f.lowest))
	case value > f.highest:
		return errors.New("it is longer than " + brief(f.highest))
	}
	*f.value = value
	return nil
}

func (f *durationField) String() string { return brief(*f.value) }

// boolField is true or false.
type boolField struct{ value *bool }

func (f *boolField) set(raw any, from place) error {
	if value, ok := raw.(bool); ok {
		*f.value = value
		return nil
	}
	if written, ok := raw.(string); ok && from.text {
		switch strings.ToLower(strings.TrimSpace(written)) {
		case "true":
			*f.value = true
			return nil
		case "false":
			*f.value = false
			return nil
		}
	}
	return errors.New("it is neither true nor false")
}

func (f *boolField) String() string { return strconv.FormatBool(*f.value) }

// percentField is a whole number between two bounds.
type percentField struct {
	value       *int
	least, most int
}

func (f *percentField) set(raw any, from place) error {
	number, ok := raw.(int64)
	if written, is := raw.(string); is && from.text {
		parsed, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(written), "%"), 10, 64)
		number, ok = parsed, err == nil
	}
	switch {
	case !ok:
		return errors.New("it is not a whole number")
	case number < int64(f.least):
		return fmt.Errorf("it is less than %d", f.least)
	case number > int64(f.most):
		return fmt.Errorf("it is more than %d", f.most)
	}
	*f.value = int(number)
	return nil
}

func (f *percentField) String() string { return strconv.Itoa(*f.value) }

// enumField is one of a few words.
type enumField struct {
	value   *string
	allowed []string
}

func (f *enumField) set(raw any, from place) error {
	value, err := text(raw, from)
	if err != nil {
		return err
	}
	if !slices.Contains(f.allowed, value) {
		return errors.New("it is not one of the allowed words")
	}
	*f.value = value
	return nil
}

func (f *enumField) String() string { return *f.value }

// commandField is a program and its arguments, or empty. The program is a full path: neither the
// working directory nor PATH decides which program hands out tickets.
type commandField struct{ value *[]string }

// maxArguments bounds a command.
const maxArguments = 64

func (f *commandField) set(raw any, from place) error {
	command, err := words(raw, from)
	if err != nil || len(command) == 0 {
		*f.value = nil
		return err
	}
	if rest, ok := cutHome(command[0]); ok && rest != "" && from.home != "" {
		command[0] = filepath.Join(from.home, rest)
	}
	if !filepath.IsAbs(command[0]) {
		return errors.New("it does not start with the full path of a program")
	}
	*f.value = command
	return nil
}

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
			return nil, fmt.Errorf("item %d is not a text", i+1)
		case len(word) > maxText:
			return nil, fmt.Errorf("item %d is longer than %d bytes", i+1, maxText)
		case strings.ContainsRune(word, 0):
			return nil, fmt.Errorf("item %d has a NUL character in it", i+1)
		}
		command[i] = word
	}
	return command, nil
}

func (f *commandField) String() string {
	if len(*f.value) == 0 {
		return ""
	}
	// A list of strings can always be encoded.
	encoded, _ := json.Marshal(*f.value)
	return string(encoded)
}
