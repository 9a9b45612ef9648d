package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/problem"
)

// nameSubcommands makes every command that only groups others refuse a command line without one of
// them. Cobra would print the help on standard output with status 0, which a script takes for a
// result.
func nameSubcommands(root *cobra.Command) {
	// These are otherwise added by cobra when the command line is carried out.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.RunE = helpOn // instead of the usage with status 0 for a command that does not exist
		}
		if !cmd.Runnable() && cmd.HasAvailableSubCommands() {
			cmd.Args = subcommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error {
				return app.UsageError{Err: fmt.Errorf("%s needs one of its commands: %s", cmd.CommandPath(), strings.Join(subcommandsOf(cmd), ", "))}
			}
		}
	}
}

// subcommand refuses the arguments of a command that only groups others. It quotes what was typed,
// since a command is no secret, and suggests what may have been meant.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

// noArguments refuses arguments as [cobra.NoArgs] does, but does not quote them: one may be a secret that
// belongs on standard input.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments but its flags", cmd.CommandPath())
	}
	return nil
}

// unknownCommand returns the error of a command that does not exist.
func unknownCommand(cmd *cobra.Command, typed string) error {
	text := fmt.Sprintf("%s has no command %q.", cmd.CommandPath(), problem.Clean(typed, maxTyped))
	var near []string
	for distance := 1; len(near) == 0 && distance <= maxDistance; distance++ {
		cmd.SuggestionsMinimumDistance = distance
		near = cmd.SuggestionsFor(typed)
	}
	if len(near) > 0 {
		text += fmt.Sprintf(" Did you mean %s?", strings.Join(near, " or "))
	}
	return errors.New(text)
}

const (
	// maxTyped bounds what is quoted of the input, in characters.
	maxTyped = 50
	// maxDistance is the number of wrong letters in a suggestion.
	maxDistance = 2
)

// subcommandsOf returns a command's subcommands.
func subcommandsOf(cmd *cobra.Command) []string {
	var names []string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, below.Name())
		}
	}
	return names
}

// helpOn prints what a command's own --help prints.
func helpOn(cmd *cobra.Command, args []string) error {
	about, rest, err := cmd.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = unknownCommand(about, rest[0])
	}
	if err != nil {
		return app.UsageError{Err: err}
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}
