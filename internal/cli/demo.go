package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

func demoCommand(p app.Host) *cobra.Command {
	var key string
	demo := &cobra.Command{
		Use:   "demo",
		Short: "Show the program with a simulated smartcard and a stand-in for e-RS",
		Long: "Opens the window with a simulated smartcard and a stand-in for e-RS on this computer, reached over verified TLS as the real\n" +
			"one is. The keyring is your own: other applications see the session of the demonstration, whose base URL is this computer. Where\n" +
			"your desktop has no keyring that can be used, the demonstration has one of its own on a private D-Bus, and says how to read it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := withoutSettings(cmd.Flags(), "leave out demo"); err != nil {
				return err
			}
			return p.OpenDemo(cmd.Context(), key)
		},
	}
	demo.Flags().StringVar(&key, "persona", app.PersonaKeys()[0], "whose card Sign in inserts: "+strings.Join(app.PersonaKeys(), ", "))
	completeFlag(demo, "persona", oneOf(app.PersonaKeys()...))
	return demo
}

// withoutSettings refuses settings on a demonstration's command line, which would have no effect:
// the demonstration has its own.
func withoutSettings(flags *pflag.FlagSet, remedy string) error {
	var given []string
	flags.Visit(func(flag *pflag.Flag) {
		if flag.Name == "config" || slices.ContainsFunc(config.Settings(), func(s config.Setting) bool { return s.Flag == flag.Name }) {
			given = append(given, "--"+flag.Name)
		}
	})
	if given == nil {
		return nil
	}
	return app.UsageError{Err: fmt.Errorf("%s: the demonstration has settings of its own; to use these, %s", strings.Join(given, ", "), remedy)}
}
