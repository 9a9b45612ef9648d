//go:build !windows && !darwin

package commands

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// message shows a message with what the desktop has for scripts. None of these draws with OpenGL alone.
func (p program) message(ctx context.Context, title, text string) error {
	text = wrapped(text)
	for _, dialogue := range [][]string{
		{"zenity", "--error", "--no-markup", "--no-wrap", "--title", title, "--text", text},
		{"kdialog", "--title", title, "--error", text},
		{"xmessage", "-center", "-title", title, text},
	} {
		program, err := exec.LookPath(dialogue[0])
		if err != nil {
			continue
		}
		err = exec.CommandContext(ctx, program, dialogue[1:]...).Run() //nolint:gosec // texts of our own
		var status *exec.ExitError
		if err == nil || errors.As(err, &status) && status.ExitCode() >= 0 && ctx.Err() == nil {
			return nil // Closed by its corner counts as read.
		}
		return fmt.Errorf("%s: %w", dialogue[0], err)
	}
	return errors.New("neither zenity nor kdialog nor xmessage is installed")
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
