package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

func configCommand(p app.Host) *cobra.Command {
	parent := &cobra.Command{
		Use:   "config",
		Short: "Show the settings",
	}
	var input configShow
	show := &cobra.Command{
		Use:   "show",
		Short: "Print every setting with its value",
		Long: "Prints every setting with the value in effect, in the form of a settings file. Settings of the\n" +
			"platform that is not in use are left out (see the setting platform). If a value cannot be used, or the file that it names,\n" +
			"a message on standard error says so and the exit status is 1. A setting without a value is no failure: doctor says which\n" +
			"are missing. The command changes nothing, and needs neither a display nor a keyring. You can give settings as flags, to\n" +
			"see what they would change.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sources := p.Sources(configFile(cmd), cmd.Flags())
			sources.Environ = p.Environ
			return input.run(sources, p.Stdout, p.Stderr)
		},
	}
	show.Flags().BoolVar(&input.origin, "origin", false, "also print where each value comes from")
	show.Flags().BoolVar(&input.json, "json", false, "print JSON")
	config.AddFlags(show.Flags())
	parent.AddCommand(show)
	return parent
}

// configShow holds the output options.
type configShow struct {
	origin bool
	json   bool
}

// shownSetting is a setting in JSON. Members may be added, and never change their meaning.
type shownSetting struct {
	Key string `json:"key"`
	// Value has the form of an environment variable.
	Value string `json:"value"`
	// Locked reports whether the organisation's policy set the value.
	Locked bool `json:"locked"`
	// Layer is default, machine, file, preferences, environment, flag or policy.
	Layer  string `json:"layer,omitempty"`
	Origin string `json:"origin,omitempty"`
}

// run prints the settings. The error reports what cannot be used, including the user's own file and
// what a setting names; the values in effect instead have been printed by then.
func (s configShow) run(sources config.Sources, stdout, stderr io.Writer) error {
	settings, err := config.LoadReal(sources)
	write := s.writeFile
	if s.json {
		write = s.writeJSON
	}
	if err := write(stdout, settings); err != nil {
		return fmt.Errorf("could not print the settings: %w", err)
	}

	var wrong []*problem.Problem
	var invalid *config.Invalid
	warnings := settings.Warnings
	if errors.As(err, &invalid) {
		wrong = slices.DeleteFunc(slices.Clone(invalid.Problems), func(p *problem.Problem) bool { return errors.Is(p, config.ErrNotSet) })
		warnings, err = invalid.Discarded, nil
	}
	for _, warning := range warnings {
		if !harmless(warning) {
			wrong = append(wrong, warning)
			continue
		}
		var text strings.Builder
		app.WriteProblem(&text, warning)
		if _, err := io.WriteString(stderr, text.String()); err != nil {
			return fmt.Errorf("could not print a warning: %w", err)
		}
	}
	if len(wrong) > 0 {
		return &config.Invalid{Problems: wrong}
	}
	return err
}

// harmless reports whether a warning is about an unknown setting or a key that can be used, rather
// than a value that cannot.
func harmless(warning *problem.Problem) bool {
	return errors.Is(warning, config.UnknownSetting) || errors.Is(warning, config.ReadableKey)
}

// writeFile prints a settings file.
func (s configShow) writeFile(w io.Writer, settings config.Config) error {
	var text strings.Builder
	for _, setting := range settingsOf(settings) {
		fmt.Fprintf(&text, "%s = %s", setting.Key, settings.Written(setting.Key))
		if s.origin {
			fmt.Fprintf(&text, "  # %s", originOf(settings, setting.Key))
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (s configShow) writeJSON(w io.Writer, settings config.Config) error {
	var all []shownSetting
	for _, setting := range settingsOf(settings) {
		shown := shownSetting{Key: setting.Key, Value: settings.Shown(setting.Key), Locked: settings.Locked(setting.Key)}
		if s.origin {
			shown.Layer = settings.Origin(setting.Key).Layer.String()
			shown.Origin = originOf(settings, setting.Key)
		}
		all = append(all, shown)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"settings": all})
}

// settingsOf returns the settings that the used platform has a use for.
func settingsOf(settings config.Config) []config.Setting {
	return slices.DeleteFunc(config.Settings(), func(s config.Setting) bool { return !s.IsFor(settings.UsedPlatform()) })
}

// originOf returns where a value came from, on one line: a file's name may contain anything.
func originOf(settings config.Config, key string) string {
	return problem.Clean(settings.Origin(key).String(), maxOrigin)
}

// maxOrigin bounds a printed origin, in characters: the longest path fits.
const maxOrigin = 5000
