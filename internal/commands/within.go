package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/config"
)

// within does what a command is for in the time that its user gives it, with the settings file that they name. Being late has an exit
// status of its own, and says what has not been done.
func within(cmd *cobra.Command, timeout time.Duration, undone string, do func(context.Context, config.Sources) error) error {
	if timeout <= 0 {
		return usageError{errors.New("--timeout: a time above zero is needed, such as 30s")}
	}
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	err = do(ctx, config.System(file, nil))
	if err != nil && cmd.Context().Err() == nil && ctx.Err() != nil {
		return ending{fmt.Errorf("%s within %v", undone, timeout), statusLate}
	}
	return err
}
