package audit_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/audit"
)

// If this fails, a lock that stays taken has no trace in the program's log.
func TestALockThatCannotBeGivenBack(t *testing.T) {
	var lines bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&lines)
	s := settings(t)
	s.Log = logger
	s.Now = func() time.Time { // called with the lock, too
		for fd := range 1000 {
			path, _ := os.Readlink(fmt.Sprint("/proc/self/fd/", fd)) // most are none
			if !strings.HasPrefix(path, s.Dir) || !strings.HasSuffix(path, "audit.lock") {
				continue
			}
			// The kernel refuses to unlock a file that was opened as a path.
			other, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
			require.NoError(t, err)
			require.NoError(t, unix.Dup3(other, fd, unix.O_CLOEXEC))
			require.NoError(t, unix.Close(other))
		}
		return noon
	}
	log, err := audit.Open(s)
	require.NoError(t, err)
	appendTo(t, log, 1)
	require.NoError(t, log.Close())
	assert.Equal(t, upTo(1), numbers(t, s.Dir))
	assert.Contains(t, lines.String(), "the lock could not be given back")
}
