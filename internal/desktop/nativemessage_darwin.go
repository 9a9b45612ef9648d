package desktop

import (
	"context"
	"fmt"
	"os/exec"
)

// Message shows an alert. The texts are the script's arguments, never parts of it.
func Message(ctx context.Context, title, text string) error {
	const script = "on run argv\ndisplay alert (item 1 of argv) message (item 2 of argv) as critical\nend run"
	alert := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", script, title, text) //nolint:gosec // texts of our own
	if err := alert.Run(); err != nil {
		return fmt.Errorf("osascript: %w", err)
	}
	return nil
}
