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
	var platform, key string
	demo := &cobra.Command{
		Use:   "demo",
		Short: "Show e-RS Login with a simulated sign-in and a simulated e-RS",
		Long: "Opens the window with a simulated smartcard and a simulated e-RS on this computer. As with the real e-RS, the connection is\n" +
			"verified TLS. With --platform fhir, Sign in opens a simulated sign-in page of NHS Care Identity in your web browser, over plain\n" +
			"HTTP on this computer. The window's Simulator menu leads to the other platform. The demonstration uses your own keyring, so other\n" +
			"applications see its session. The session's base URL is this computer. If your desktop has no usable keyring, the demonstration\n" +
			"starts its own on a private D-Bus and says how to read it.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := withoutSettings(cmd.Flags(), "leave out demo", "platform"); err != nil {
				return err
			}
			return p.OpenDemo(cmd.Context(), platform, key)
		},
	}
	demo.Flags().StringVar(&platform, "platform", app.DemoPlatforms()[0], "how users sign in: "+strings.Join(app.DemoPlatforms(), ", "))
	demo.Flags().StringVar(&key, "persona", "", "the card that Sign in inserts, with hscn: "+strings.Join(app.PersonaKeys(), ", "))
	completeFlag(demo, "platform", oneOf(app.DemoPlatforms()...))
	completeFlag(demo, "persona", oneOf(app.PersonaKeys()...))
	return demo
}

// withoutSettings refuses settings on a demonstration's command line, which would have no effect:
// the demonstration has its own. own are flags of the command that are called as settings are.
func withoutSettings(flags *pflag.FlagSet, remedy string, own ...string) error {
	var given []string
	flags.Visit(func(flag *pflag.Flag) {
		if slices.Contains(own, flag.Name) {
			return
		}
		if flag.Name == "config" || slices.ContainsFunc(config.Settings(), func(s config.Setting) bool { return s.Flag == flag.Name }) {
			given = append(given, "--"+flag.Name)
		}
	})
	if given == nil {
		return nil
	}
	return app.UsageError{Err: fmt.Errorf("%s: the demonstration has its own settings; to use these, %s", strings.Join(given, ", "), remedy)}
}
