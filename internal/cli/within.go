package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// within runs do with the time limit and the settings file of a command line. Its error for a
// lateness has its own exit status, and names what was not done.
func within(cmd *cobra.Command, timeout time.Duration, undone string, do func(context.Context, config.Sources) error) error {
	if timeout <= 0 {
		return app.UsageError{Err: errors.New("--timeout: a time above zero is needed, such as 30s")}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	err := do(ctx, config.System(configFile(cmd), nil))
	if err != nil && cmd.Context().Err() == nil && ctx.Err() != nil {
		return app.ExitStatusError{Err: fmt.Errorf("%s within %v", undone, timeout), Status: app.StatusLate}
	}
	return err
}
