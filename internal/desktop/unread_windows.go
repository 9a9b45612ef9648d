package desktop

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// WhenUnread does nothing: on Windows a closed pipe shows with the next write.
func WhenUnread(context.Context, io.Writer, func()) {}

// IsUnread reports whether a write failed because the reader is gone.
func IsUnread(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
