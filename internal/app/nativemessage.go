package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui"
)

// messageWithin bounds the time that a message waits to be read.
const messageWithin = 10 * time.Minute

// showNatively shows Problems in one message box of the desktop, for a start from a menu whose
// failure would be invisible otherwise. It returns when the user has closed it. If none can be
// shown, the terminal gets the error.
func (h Host) showNatively(ctx context.Context, found ...*problem.Problem) {
	if !desktop.HasDisplay(h.Environ) {
		return
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), messageWithin)
	defer cancel()
	if err := desktop.Message(limited, "e-RS Login", messageText(found...)); err != nil {
		// There is no other output.
		_, _ = fmt.Fprintf(h.Stderr, "ers-login: no message could be shown: %v\n", err)
	}
}

// messageText is the plain text of Problems, one after the other, in the window's language.
func messageText(found ...*problem.Problem) string {
	parts := make([]string, len(found))
	for i, one := range found {
		said := ui.Spoken(buttonless(one))
		lines := []string{said.Title, "", said.Happened, ""}
		if said.Quoted != "" {
			lines = append(lines, said.Quoted, "")
		}
		for i, step := range said.Steps {
			lines = append(lines, fmt.Sprintf("%d. %s", i+1, strings.ReplaceAll(step, "**", "")))
		}
		if len(said.ServiceDesk) > 0 {
			lines = append(lines, "", lang.L("For the service desk")+":")
			for i, text := range said.ServiceDesk {
				lines = append(lines, fmt.Sprintf("%d. %s", i+1, text))
			}
		}
		parts[i] = strings.Join(append(lines, "", one.Code), "\n")
	}
	return strings.Join(parts, "\n\n\n")
}

// buttonless returns a Problem's text for a place without the button **Try again**.
func buttonless(found *problem.Problem) *problem.Problem {
	steps := slices.Clone(found.WhatToDo())
	for i, step := range steps {
		if step == "Press **Try again**." {
			steps[i] = "Start e-RS Login again."
		}
	}
	shown := *found
	shown.Steps = steps
	return &shown
}
