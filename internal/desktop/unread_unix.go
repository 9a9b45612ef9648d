//go:build unix

package desktop

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// WhenUnread calls gone when the reader of a pipe or socket has closed it. Otherwise only the next
// write would show that, which may be hours away. From then on a write returns an error, and does
// not end this process.
func WhenUnread(ctx context.Context, stdout io.Writer, gone func()) {
	file, ok := stdout.(*os.File)
	if !ok {
		return
	}
	signal.Ignore(syscall.SIGPIPE)
	if info, err := file.Stat(); err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	descriptor := int32(file.Fd()) //nolint:gosec // G115: a file descriptor is a small number
	go func() {
		for ctx.Err() == nil {
			// No events are requested, so only an error or a hang-up is reported.
			watched := []unix.PollFd{{Fd: descriptor}}
			found, err := unix.Poll(watched, int(unreadPause.Milliseconds()))
			if found > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				gone()
				return
			}
		}
	}()
}

// unreadPause is the interval between checks whether the watch is still wanted.
const unreadPause = time.Second

// IsUnread reports whether a write failed because the reader is gone.
func IsUnread(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
