package cli

import (
	"bytes"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/config"
)

// manualPage writes the manual page in man(7) macros from the commands and their help texts. It has
// no date, so that builds of one version are identical.
func manualPage(root *cobra.Command, version string) []byte {
	var page manPage
	page.macro("TH", "ERS\\-LOGIN", "1", "", roff("e-RS Login "+version), roff("User commands"))
	page.macro("SH", "NAME")
	page.line(roff("ers-login - " + lowerFirst(root.Short)))
	page.macro("SH", "SYNOPSIS")
	page.macro("B", "ers\\-login")
	page.line("[" + roff("options") + "]")
	page.macro("br")
	page.macro("B", "ers\\-login")
	page.line("\\fI" + roff("command") + "\\fR [" + roff("options") + "]")
	page.macro("br")
	page.macro("B", "ers\\-login")
	page.line("\\fI" + roff("link") + "\\fR")
	page.macro("SH", "DESCRIPTION")
	page.paragraphs(withoutStatus(root.Long))
	page.macro("SH", "COMMANDS")
	page.commands(root)
	page.macro("SH", "OPTIONS")
	page.line(roff("The options of ers-login without a command. Each setting has an option: see settings.md (in FILES)."))
	page.options(root.LocalFlags())
	page.macro("SH", "LINKS")
	page.paragraphs("The desktop opens these links with ers-login. A link must be the only argument and in one of these forms. It cannot change a\n" +
		"setting.")
	page.items(linkItems())
	page.macro("SH", "ENVIRONMENT")
	page.items(environmentItems())
	page.macro("SH", roff("EXIT STATUS"))
	page.items(statusItems())
	page.macro("SH", "FILES")
	page.items(fileItems())
	page.macro("PP")
	page.line(roff("ers-login config show --origin shows which settings come from which file."))
	page.macro("SH", roff("SEE ALSO"))
	page.line("\\fBsecret\\-tool\\fR(1), \\fBcurl\\fR(1)")
	return page.text.Bytes()
}

// manPage is a page being written.
type manPage struct{ text bytes.Buffer }

// macro writes a request with its escaped arguments.
func (m *manPage) macro(name string, arguments ...string) {
	m.text.WriteString("." + name)
	for _, argument := range arguments {
		m.text.WriteString(` "` + argument + `"`)
	}
	m.text.WriteByte('\n')
}

// line writes escaped text. A line that begins with a point would be a request.
func (m *manPage) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	m.text.WriteString(text + "\n")
}

// paragraphs writes a help text, whose paragraphs are separated by empty lines.
func (m *manPage) paragraphs(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			m.macro("PP")
		}
		for line := range strings.Lines(paragraph) {
			m.line(roff(strings.TrimSpace(line)))
		}
	}
}

// commands writes every visible command, with its subcommands.
func (m *manPage) commands(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
			continue
		}
		if cmd.HasAvailableSubCommands() && cmd.Name() != "completion" {
			m.commands(cmd)
			continue
		}
		if cmd.Name() == "completion" {
			m.completion(cmd)
			continue
		}
		m.macro("SS", roff(strings.TrimPrefix(cmd.UseLine(), parent.Root().Name()+" ")))
		about := withoutStatus(cmd.Long)
		if about == "" {
			about = cmd.Short + "."
		}
		m.paragraphs(about)
		m.options(ownFlags(cmd))
		m.example(cmd.Example)
	}
}

// completion writes cobra's own command, which has a subcommand for each shell.
func (m *manPage) completion(cmd *cobra.Command) {
	var shells []string
	for _, shell := range cmd.Commands() {
		shells = append(shells, shell.Name())
	}
	m.macro("SS", roff(cmd.Name()+" "+strings.Join(shells, "|")+" [flags]"))
	m.paragraphs(completionText)
	m.options(cmd.Commands()[0].LocalNonPersistentFlags())
	m.example(completionExample)
}

func (m *manPage) example(text string) {
	if text == "" {
		return
	}
	m.macro("PP")
	m.macro("EX")
	for line := range strings.Lines(text) {
		m.line(roff(strings.TrimRight(line, "\n")))
	}
	m.macro("EE")
}

// items writes terms and their meanings.
func (m *manPage) items(items []manualItem) {
	for _, item := range items {
		m.macro("TP")
		m.macro("B", roff(item.term))
		m.paragraphs(item.meaning)
	}
}

// ownFlags returns a command's flags without the settings', which are described once, with the
// program itself.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.AddFlags(settings)
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
		if same := settings.Lookup(flag.Name); same == nil || same.Usage != flag.Usage {
			own.AddFlag(flag)
		}
	})
	return own
}

// options writes flags.
func (m *manPage) options(flags *pflag.FlagSet) {
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		m.macro("TP")
		option := `\fB\-\-` + roff(flag.Name) + `\fR`
		if value != "" {
			option += `=\fI` + roff(value) + `\fR`
		}
		m.line(option)
		// The page is the same for all users, not only the one who built it.
		m.line(roff(strings.ReplaceAll(usage, config.DefaultFile(), manualUserFile)))
	})
}

// withoutStatus returns a help text without the exit statuses, which have their own section.
func withoutStatus(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, app.StatusHelp, ""))
}

func lowerFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// roff escapes man's special characters. An option's hyphen must be the keyboard's character, or it
// could not be copied.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`, `"`, `\(dq`, `'`, `\(aq`, `^`, `\(ha`, `~`, `\(ti`, "`", `\(ga`, `…`, `...`).Replace(text)
}
