package audit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/internal/audit"
)

// fillUp needs a limit that Windows does not have.
func fillUp(*audit.Log, string) error { return errors.ErrUnsupported }

// If this fails, a user whose disk is full does not see that.
func TestFull(t *testing.T) {
	for err, full := range map[error]bool{windows.ERROR_DISK_FULL: true, windows.ERROR_ACCESS_DENIED: false} {
		t.Run(err.Error(), func(t *testing.T) { assert.Equal(t, full, audit.IsFull(fmt.Errorf("write: %w", err))) })
	}
}
