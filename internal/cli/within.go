package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// within runs do with the time limit and the settings file of a command line. Its error for a
// lateness has its own exit status, and names what was not done.
func within(cmd *cobra.Command, timeout time.Duration, undone string, do func(context.Context, config.Sources) error) error {
	if err := checkTimeout(cmd.Flags(), timeout); err != nil {
		return app.UsageError{Err: err}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	err := do(ctx, config.System(configFile(cmd), nil))
	if err != nil && cmd.Context().Err() == nil && ctx.Err() != nil {
		return app.ExitStatusError{Err: fmt.Errorf("%s within %v", undone, timeout), Status: app.StatusLate}
	}
	return err
}

// checkTimeout refuses a --timeout that leaves no time.
func checkTimeout(given *pflag.FlagSet, timeout time.Duration) error {
	if given.Changed("timeout") && timeout <= 0 {
		return errors.New("--timeout: a time above zero is needed, such as 30s or 5m")
	}
	return nil
}

// limited bounds the time of a context, unless timeout is 0.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
