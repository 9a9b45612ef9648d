//go:build !windows && !darwin

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// dialogue is a program that shows a message.
type dialogue struct {
	command []string
	// environ is added to its environment.
	environ []string
	// closed is the exit status of a message closed otherwise than with its button, which counts as
	// read. Any other but 0 means that it was not shown.
	closed int
}

// dialogues are desktops' dialogue programs for scripts; none needs OpenGL. By default zenity has
// one status for a closed message and for a display or option that it cannot use. kdialog has 1 for
// an unknown option. xmessage has 1 for every failure, and needs translations to accept keys.
func dialogues(title, text string) []dialogue {
	return []dialogue{
		{[]string{"zenity", "--error", "--no-markup", "--no-wrap", "--title", title, "--text", text},
			[]string{"ZENITY_ESC=10", "ZENITY_CANCEL=10"}, 10},
		{[]string{"kdialog", "--title", title, "--error", text}, nil, 2},
		{[]string{"xmessage", "-center", "-title", title, "-buttons", "OK:0", "-default", "OK", "-xrm", xmessageKeys, text}, nil, 0},
	}
}

// xmessageKeys makes the usual keys close xmessage's message.
const xmessageKeys = "*translations: #override <Key>Escape: exit(0)\\n<Key>space: exit(0)\\n<Key>Return: exit(0)\\n<Key>KP_Enter: exit(0)"

// Message shows a message with the first program that works.
func Message(ctx context.Context, title, text string) error {
	var failed []error
	for _, one := range dialogues(title, wrapped(text)) {
		err := one.show(ctx)
		if err == nil {
			return nil
		}
		if failed = append(failed, err); ctx.Err() != nil {
			break // shown, but not read in time
		}
	}
	return errors.Join(failed...)
}

// show shows the message, and returns when it was closed.
func (d dialogue) show(ctx context.Context) error {
	program, err := exec.LookPath(d.command[0])
	if err != nil {
		return err
	}
	showing := exec.CommandContext(ctx, program, d.command[1:]...) //nolint:gosec // texts of our own
	showing.Env = append(os.Environ(), d.environ...)
	err = showing.Run()
	var status *exec.ExitError
	if err == nil || errors.As(err, &status) && status.ExitCode() == d.closed {
		return nil
	}
	return fmt.Errorf("%s: %w", d.command[0], err)
}

// MessageColumns is a message's width: xmessage cuts lines wider than the screen, and wraps
// nothing.
const MessageColumns = 80

// wrapped breaks a text's lines between words.
func wrapped(text string) string {
	var made strings.Builder
	for line := range strings.Lines(text) {
		column := 0
		for word := range strings.FieldsSeq(line) {
			width := utf8.RuneCountInString(word)
			switch {
			case column == 0:
			case column+1+width > MessageColumns:
				made.WriteByte('\n')
				column = 0
			default:
				made.WriteByte(' ')
				column++
			}
			made.WriteString(word)
			column += width
		}
		made.WriteByte('\n')
	}
	return made.String()
}
