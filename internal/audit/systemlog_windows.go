package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows/svc/eventlog"
)

// sendLine writes an event to the Application log, from the source that the installer registers;
// the event's id is the Call's number: 1 for A001, 2 for A002, 3 for A003. Without the registration Windows adds a
// remark to the text. The call has no deadline; closing the log does not wait for it for long.
func sendLine(_ context.Context, _ []string, line systemLine) error {
	log, err := eventlog.Open(systemLogName)
	if err != nil {
		return fmt.Errorf("could not open the Windows Event Log: %w", err)
	}
	write := log.Info
	if line.failed {
		write = log.Warning
	}
	if err := errors.Join(write(uint32(line.call), strings.TrimSpace(line.text)), log.Close()); err != nil { // #nosec G115 -- 1 to 9
		return fmt.Errorf("could not write to the Windows Event Log: %w", err)
	}
	return nil
}
