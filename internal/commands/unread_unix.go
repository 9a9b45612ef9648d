//go:build unix

package commands

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

// whenUnread calls gone when nobody reads what is written to a pipe or socket any more, which would otherwise be noticed with the next
// line, and that may be hours away. From then on a write to it is an error, and not the end of this process.
func whenUnread(ctx context.Context, stdout io.Writer, gone func()) {
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
			// Nothing is asked for, so that only an error or a hang-up is told.
			watched := []unix.PollFd{{Fd: descriptor}}
			found, err := unix.Poll(watched, int(unreadPause.Milliseconds()))
			if found > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				gone()
				return
			}
		}
	}()
}

// unreadPause is how often the watch looks whether it is still wanted.
const unreadPause = time.Second

// isUnread tells whether a write has failed because nobody reads.
func isUnread(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
