package commands

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// whenUnread has nothing to look at here: that nobody reads a pipe any more shows when the next line is written.
func whenUnread(context.Context, io.Writer, func()) {}

// isUnread tells whether a write has failed because nobody reads.
func isUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
