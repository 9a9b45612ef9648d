package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/internal/problem"
)

// nameSubcommands has every command that does nothing by itself refuse a command line that does not say which of those below it is meant.
// Cobra prints the help then, on standard output and with status 0, which a script takes for what it wanted.
func nameSubcommands(root *cobra.Command) {
	// Those that cobra would add later, when the command line is carried out.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if !cmd.Runnable() && cmd.HasAvailableSubCommands() {
			cmd.Args = subcommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error {
				return usageError{fmt.Errorf("%s needs one of its commands: %s", cmd.CommandPath(), strings.Join(subcommandsOf(cmd), ", "))}
			}
		}
	}
}

// subcommand refuses the arguments of a command that has none but its commands. What was typed is shown, as a command is no secret, and
// what may have been meant.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

// unknownCommand tells that a command has no such command below it.
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
	// maxTyped is how much is shown of what was typed.
	maxTyped = 50
	// maxDistance is how many letters may be wrong.
	maxDistance = 2
)

// subcommandsOf returns the commands below a command.
func subcommandsOf(cmd *cobra.Command) []string {
	var names []string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, below.Name())
		}
	}
	return names
}

// help prints what a command's own --help prints.
func help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		Long:  "Prints what the option --help of a command prints.",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			about, rest, err := cmd.Root().Find(args)
			var offered []cobra.Completion
			if err == nil && len(rest) == 0 {
				for _, name := range subcommandsOf(about) {
					if strings.HasPrefix(name, toComplete) {
						offered = append(offered, name)
					}
				}
			}
			return offered, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = unknownCommand(about, rest[0])
			}
			if err != nil {
				return usageError{err}
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
