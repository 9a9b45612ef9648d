package cli

import (
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/keyring"
)

// workerCommand is the command of the keyring process: this program, started again by itself.
func workerCommand(p app.Host) *cobra.Command {
	return &cobra.Command{
		Use:    app.WorkerCommand,
		Short:  "Read and write the keyring for the window (started by e-RS Login)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return keyring.Serve(cmd.Context(), p.Stdin, p.Stdout, p.Metadata.Version)
		},
	}
}
