//go:build !windows && !darwin

package commands

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
	// environ is put into its environment.
	environ []string
	// closed is the exit status of a message that was closed otherwise than with its button, which counts as read. Any other but 0 means
	// that it was not shown.
	closed int
}

// dialogues are what desktops have for scripts. None of these draws with OpenGL alone.
//
// zenity has one status for a message that was closed and for a display or an option that it cannot use, unless it is told another one.
// kdialog has 1 for an option that it does not know. xmessage has 1 for all that goes wrong, and takes no key unless it is told which.
func dialogues(title, text string) []dialogue {
	return []dialogue{
		{[]string{"zenity", "--error", "--no-markup", "--no-wrap", "--title", title, "--text", text},
			[]string{"ZENITY_ESC=10", "ZENITY_CANCEL=10"}, 10},
		{[]string{"kdialog", "--title", title, "--error", text}, nil, 2},
		{[]string{"xmessage", "-center", "-title", title, "-buttons", "OK:0", "-default", "OK", "-xrm", xmessageKeys, text}, nil, 0},
	}
}

// xmessageKeys has the keys end xmessage with which people close a message.
const xmessageKeys = "*translations: #override <Key>Escape: exit(0)\\n<Key>space: exit(0)\\n<Key>Return: exit(0)\\n<Key>KP_Enter: exit(0)"

// message shows a message with the first program that can.
func message(ctx context.Context, title, text string) error {
	var failed []error
	for _, one := range dialogues(title, wrapped(text)) {
		err := one.show(ctx)
		if err == nil {
			return nil
		}
		if failed = append(failed, err); ctx.Err() != nil {
			break // It was shown, and nobody has read it.
		}
	}
	return errors.Join(failed...)
}

// show shows the message, and returns when it was read.
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

// messageColumns is how wide a message is: xmessage cuts what is wider than the screen, and wraps nothing.
const messageColumns = 80

// wrapped breaks the lines of a text between words.
func wrapped(text string) string {
	var made strings.Builder
	for line := range strings.Lines(text) {
		column := 0
		for word := range strings.FieldsSeq(line) {
			width := utf8.RuneCountInString(word)
			switch {
			case column == 0:
			case column+1+width > messageColumns:
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
