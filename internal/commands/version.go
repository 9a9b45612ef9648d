package commands

import (
	"fmt"

	"fyne.io/fyne/v2"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
)

// readMetadata reads FyneApp.toml. A plain go build does not hand it to Fyne, so the program does.
func readMetadata(fyneApp []byte) (fyne.AppMetadata, error) {
	var file struct {
		Details struct {
			ID, Name, Version string
			Build             int
		}
		Migrations map[string]bool
	}
	if err := toml.Unmarshal(fyneApp, &file); err != nil {
		return fyne.AppMetadata{}, fmt.Errorf("could not read FyneApp.toml: %w", err)
	}
	return fyne.AppMetadata{
		ID: file.Details.ID, Name: file.Details.Name, Version: file.Details.Version, Build: file.Details.Build,
		Migrations: file.Migrations,
	}, nil
}

func (p program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, p.name())
			return err
		},
	}
}
