package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
)

func manualCommand(p app.Host) *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Print the manual page",
		Long:   "Prints the manual page in the form that man reads: ers-login man | man -l -",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := p.Stdout.Write(manualPage(cmd.Root(), p.Metadata.Version)); err != nil {
				return fmt.Errorf("could not print the manual page: %w", err)
			}
			return nil
		},
	}
}

func generateCommand(p app.Host) *cobra.Command {
	return &cobra.Command{
		Use:   "generate FOLDER",
		Short: "Write the manual page and the completions of all shells into a folder (for packages)",
		Long: "Writes the manual page and the completions of all shells into a folder, laid out as under /usr/share on Linux. It is for\n" +
			"people who make packages.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),

		ValidArgsFunction: folders,
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeGenerated(cmd.Root(), p.Metadata.Version, args[0])
		},
	}
}

// writeGenerated writes the files generated from the commands.
func writeGenerated(root *cobra.Command, version, folder string) error {
	var bash, zsh, fish, powershell bytes.Buffer
	for _, err := range []error{
		root.GenBashCompletionV2(&bash, true), root.GenZshCompletion(&zsh), root.GenFishCompletion(&fish, true),
		root.GenPowerShellCompletionWithDesc(&powershell),
	} {
		if err != nil {
			return fmt.Errorf("could not make a completion: %w", err)
		}
	}
	for _, file := range []struct {
		path    string
		content []byte
	}{
		{"man/man1/ers-login.1", manualPage(root, version)},
		{"bash-completion/completions/ers-login", bash.Bytes()},
		{"zsh/site-functions/_ers-login", zsh.Bytes()},
		{"fish/vendor_completions.d/ers-login.fish", fish.Bytes()},
		{"powershell/ers-login.ps1", powershell.Bytes()},
	} {
		path := filepath.Join(folder, filepath.FromSlash(file.path))
		// The files are public.
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: see above
			return fmt.Errorf("could not make a folder: %w", err)
		}
		if err := os.WriteFile(path, file.content, 0o644); err != nil { //nolint:gosec // G306: see above
			return fmt.Errorf("could not write what was made: %w", err)
		}
	}
	return nil
}
