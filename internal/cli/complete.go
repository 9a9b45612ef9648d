package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/config"
)

// completeValues registers completions for the flags of a command and its subcommands, with files
// only where one is meant: a shell offers files for anything without a completion.
func completeValues(cmd *cobra.Command) {
	settings := config.Settings()
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(flag.Name); has {
			return
		}
		complete := cobra.NoFileCompletions
		if i := slices.IndexFunc(settings, func(s config.Setting) bool { return s.Flag == flag.Name }); i >= 0 {
			complete = settingValues(settings[i])
		}
		completeFlag(cmd, flag.Name, complete)
	})
	for _, below := range cmd.Commands() {
		completeValues(below)
	}
}

// completeFlag registers the values of a flag.
func completeFlag(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	// It fails only for a flag that is missing or has a completion.
	_ = cmd.RegisterFlagCompletionFunc(name, complete)
}

// settingValues completes the values of a setting.
func settingValues(setting config.Setting) cobra.CompletionFunc {
	switch setting.Kind {
	case config.KindEnum:
		return oneOf(setting.Values...)
	case config.KindBool:
		return oneOf("true", "false")
	case config.KindPath, config.KindList: // a list is a program, or begins with one
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case config.KindFolder:
		return folders
	case config.KindString, config.KindDuration, config.KindPercent:
	}
	return cobra.NoFileCompletions
}

// oneOf completes one of a few words.
func oneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

// filesLike completes files with an extension, and folders on the way.
func filesLike(extension string) cobra.CompletionFunc {
	return cobra.FixedCompletions([]string{extension}, cobra.ShellCompDirectiveFilterFileExt)
}

// folders completes folders.
func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
