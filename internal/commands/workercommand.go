package commands

import (
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/keyring"
)

// keyringWorker is the command of the keyring process: this program, started again by itself.
func (p program) keyringWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerCommand,
		Short:  "Work on the keyring for the window (started by the program itself)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return keyring.Serve(cmd.Context(), p.stdin, p.stdout, p.metadata.Version)
		},
	}
}
