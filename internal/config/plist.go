//go:build unix

package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/bounded"
)

// Bounds of the program that reads property lists.
const (
	plistTimeout = 10 * time.Second
	maxPlistJSON = 4 * maxFile
)

// plistReader reads policies from property lists.
type plistReader struct {
	// convert is a program that converts a property list on standard input to JSON: plutil is part
	// of macOS.
	convert []string
	trust   Trust
}

// read returns the policy of a file, and whether there is one.
func (r plistReader) read(path string) (Policy, bool) {
	content, err := readTrusted(path, maxFile, r.trust)
	if missingFile(path, err) {
		return Policy{}, false
	}
	policy := Policy{Where: path, Err: err}
	if err == nil {
		policy.Values, policy.Err = r.parse(content)
	}
	return policy, true
}

func (r plistReader) parse(content []byte) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), plistTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, r.convert[0], r.convert[1:]...) // #nosec G204 -- a fixed program, by its full path
	command.Stdin = bytes.NewReader(content)
	output := limited{limit: maxPlistJSON}
	command.Stdout = &output
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("could not convert the property list: %w", errors.Join(err, ctx.Err()))
	}

	var found map[string]any
	decoder := json.NewDecoder(&output.content)
	decoder.UseNumber()
	if err := decoder.Decode(&found); err != nil {
		// The decoder's error may repeat what it has read.
		return nil, errors.New("it is not a dictionary of settings")
	}
	values := make(map[string]any, len(found))
	for key, value := range found {
		// The keys of a configuration profile itself.
		if !strings.HasPrefix(key, "Payload") {
			values[key] = whole(value)
		}
	}
	return values, nil
}

// whole returns a whole number as an int64, and every other value unchanged.
func whole(value any) any {
	if number, ok := value.(json.Number); ok {
		if n, err := number.Int64(); err == nil {
			return n
		}
	}
	return value
}

// limited keeps what is written to it, and refuses more than its limit.
type limited struct {
	content bytes.Buffer
	limit   int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.content.Len()+len(p) > l.limit {
		return 0, bounded.ErrTooLarge
	}
	return l.content.Write(p)
}
