package desktop

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"time"
)

// browseWithin is how long a program that opens addresses may take to fail. One that is still at
// work has most likely become the browser.
const browseWithin = 10 * time.Second

// Browse opens an https address, or one of this computer, in the user's browser: by a program of the
// desktop in a process of its own, which outlives ctx and this program. The error is that there is
// no such program, or that it has failed.
func Browse(ctx context.Context, address string) error {
	if err := isPage(address); err != nil {
		return err
	}
	command, err := browser(address)
	if err != nil {
		return err
	}
	return browse(ctx, command, browseWithin)
}

// CanBrowse returns why [Browse] cannot work on this computer, or nil.
func CanBrowse() error {
	_, err := browser("")
	return err
}

// isPage keeps other schemes, and flags, from a program that opens anything.
func isPage(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" {
		// The parser's error quotes the address.
		return errors.New("what should be opened is not the address of a page")
	}
	return nil
}

// browse starts a command, and waits until it has ended, for within at most.
func browse(ctx context.Context, command []string, within time.Duration) error {
	var failed error
	for _, attributes := range Detached() {
		opener := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // G204: it has to outlive the context
		opener.SysProcAttr = attributes
		if failed = opener.Start(); failed != nil {
			continue
		}
		ended := make(chan error, 1)
		go func() { ended <- opener.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("%s: %w", command[0], err)
			}
		case <-time.After(within):
		case <-ctx.Done():
		}
		return nil
	}
	return fmt.Errorf("could not start %s: %w", command[0], failed)
}
