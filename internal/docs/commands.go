package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/cli"
	"github.com/ers-login/ers-login/internal/config"
)

// share is laid out as below /usr/share.
const share = "assets/packaging/share/"

// addCommands makes a manual page for each command, and the completions of all shells.
func addCommands(_ string, documents map[string][]byte) error {
	root := cli.Commands()
	bash := func(w io.Writer) error { return root.GenBashCompletionV2(w, true) }
	fish := func(w io.Writer) error { return root.GenFishCompletion(w, true) }
	for name, complete := range map[string]func(io.Writer) error{
		"bash-completion/completions/ers-login":    bash,
		"zsh/site-functions/_ers-login":            root.GenZshCompletion,
		"fish/vendor_completions.d/ers-login.fish": fish,
		"doc/ers-login/examples/ers-login.ps1":     root.GenPowerShellCompletionWithDesc,
	} {
		var script bytes.Buffer
		if err := complete(&script); err != nil {
			return fmt.Errorf("could not make a completion: %w", err)
		}
		documents[share+name] = script.Bytes()
	}

	// The page of ers-login has what holds for all commands. All are the same for every user, not
	// only the one who makes them.
	sections, err := filled("manual.md.tmpl", nil, app.StatusMeanings)
	if err != nil {
		return err
	}
	root.Long = strings.ReplaceAll(root.Long, app.StatusHelp, "") + string(sections)
	file := root.PersistentFlags().Lookup("config")
	const usual = "~/.config/ers-login/config.toml"
	file.Usage = strings.ReplaceAll(file.Usage, config.DefaultFile(), usual)
	root.DisableAutoGenTag = true
	return addManual(root, documents)
}

// ofKeyboard makes characters those of the keyboard: what groff shows otherwise cannot be copied to
// a command line.
var ofKeyboard = strings.NewReplacer(
	`\-`, `\-`, "-", `\-`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`,
)

func addManual(cmd *cobra.Command, documents map[string][]byte) error {
	if !cmd.IsAvailableCommand() || cmd.IsAdditionalHelpTopicCommand() {
		return nil
	}
	// No date, so that the page changes with the program alone.
	var page bytes.Buffer
	header := doc.GenManHeader{
		Section: "1", Date: &time.Time{}, Source: "e-RS Login", Manual: "User commands",
	}
	if err := doc.GenMan(cmd, &header, &page); err != nil {
		return fmt.Errorf("could not make a manual page: %w", err)
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	undated := strings.Replace(page.String(), time.Time{}.Format("Jan 2006"), "", 1)
	documents[share+"man/man1/"+name] = []byte(ofKeyboard.Replace(undated))
	for _, below := range cmd.Commands() {
		if err := addManual(below, documents); err != nil {
			return err
		}
	}
	return nil
}
