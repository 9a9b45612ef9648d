package commands

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/keyring"
)

const workerCommand = "keyring-worker"

// keyringWorker is the keyring's process: this program, started again by itself.
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

// worker is the command line of the keyring's process.
func worker() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("could not find this program's own file: %w", err)
	}
	return []string{self, workerCommand}, nil
}
