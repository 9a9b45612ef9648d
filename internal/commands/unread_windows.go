package commands

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// whenUnread does nothing: on Windows a closed pipe shows with the next write.
func whenUnread(context.Context, io.Writer, func()) {}

// isUnread reports whether a write failed because the reader is gone.
func isUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
