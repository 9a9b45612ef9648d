// Package bounded reads files, and keeps what programs print, up to a limit in bytes: what comes
// from outside may have no end, and must not fill the memory.
package bounded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrTooLarge is the error for a file that is longer than its limit.
var ErrTooLarge = errors.New("it is too large")

// ReadFile returns the content of the file at path. The error is [ErrTooLarge] if it is longer than
// limit bytes, and otherwise that of package os.
func ReadFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- callers name the file
	if err != nil {
		return nil, err
	}
	content, err := Read(file, limit)
	return content, errors.Join(err, file.Close())
}

// Read is [ReadFile] for an open file.
func Read(file io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%w (the limit is %d bytes)", ErrTooLarge, limit)
	}
	return content, nil
}

// Text keeps the beginning of what is written to it, and drops the rest, so that its writer never
// fails. It is no [io.ReaderFrom]: [io.Copy] would not keep to the limit.
type Text struct {
	// Limit is how much is kept, in bytes.
	Limit int
	kept  strings.Builder
}

// Write never fails.
func (t *Text) Write(text []byte) (int, error) {
	t.kept.Write(text[:min(len(text), t.Limit-t.kept.Len())])
	return len(text), nil
}

// String returns what was kept.
func (t *Text) String() string { return t.kept.String() }
