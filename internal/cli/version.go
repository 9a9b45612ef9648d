package cli

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/app"
)

// shownVersion is the version in JSON. Members may be added, and never change their meaning.
type shownVersion struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Handoff is the version of the contract with other applications.
	Handoff int    `json:"handoff"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func versionCommand(p app.Host) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return printVersion(p, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printVersion(p app.Host, asJSON bool) error {
	text := p.Name()
	if asJSON {
		encoded, err := json.Marshal(shownVersion{
			"ers-login", p.Metadata.Version, handoff.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		})
		if err != nil {
			return fmt.Errorf("could not write the version as JSON: %w", err)
		}
		text = string(encoded)
	}
	_, err := fmt.Fprintln(p.Stdout, text)
	return err
}
