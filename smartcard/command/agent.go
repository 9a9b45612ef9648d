// Package command is the command agent: an organisation's program that hands out the smartcard's
// ticket, named by the setting agent_command. It covers what the Identity Agent's library does not,
// in the manner of git's credential helpers.
//
// The program is started once for each call, with the operation's name after its arguments:
// getTicket, getTicketNoAuth or getNewTicket, which mean what the functions of the Ticket API mean.
// Only getTicket and getNewTicket may prompt the user; getTicketNoAuth is called every second, and
// four times as often while a user may be signing in, and has to be quick. The program
//
// - prints the ticket as the single line of its output, and exits with 0;
// - or prints nothing and exits with 0 if no user is signed in, the same as error
// TICKET_NOT_AVAILABLE;
// - or exits with another status if it fails. If its first line is then the word error and a name
// from the Ticket API's table of return codes, such as error PIN_BLOCKED, the user sees the advice
// for that code, and otherwise that the program failed.
//
// A program that prints a ticket and ignores its arguments suffices; it cannot prompt anew.
//
// A ticket is at most 8 KiB of printable ASCII without spaces, the whole output at most 64 KiB. The
// program gets this program's environment and an empty input; its arguments and environment hold no
// secret. When a call is cancelled, the program is killed, on Unix with its process group. A
// process that it leaves behind on purpose must close its output and its errors: if they are still
// open a second after the program has exited, it is killed too (on Unix).
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// Setting is the name of the setting that holds the command.
const Setting = "agent_command"

// Agent is a [smartcard.Agent] that runs a program for each call.
type Agent struct {
	// Stderr receives the first 4 KiB of the program's standard error, in one Write per call that
	// has any. It must mask tickets: the text is not cleaned here, and for that reason is part of
	// no error. Set it before the first call, or leave it nil.
	Stderr io.Writer

	argv   []string
	stderr sync.Mutex // one Write at a time
}

var _ smartcard.Agent = (*Agent)(nil)

// New returns the agent for a command: the program's full path and its arguments. A malformed
// command is a Problem that names the setting. The program need not exist yet: each call looks for
// it.
func New(argv []string) (*Agent, error) {
	switch {
	case len(argv) == 0 || argv[0] == "":
		return nil, badSetting.Because(errors.New(Setting + " names no program"))
	case !filepath.IsAbs(argv[0]):
		return nil, badSetting.Because(fmt.Errorf("%s: %q is not an absolute path", Setting, argv[0]))
	case slices.ContainsFunc(argv, func(arg string) bool { return strings.ContainsRune(arg, 0) }):
		return nil, badSetting.Because(errors.New(Setting + " contains a NUL character"))
	}
	return &Agent{argv: slices.Clone(argv)}, nil
}

// Ticket implements [smartcard.Agent] with getTicket.
func (a *Agent) Ticket(ctx context.Context) (ersclient.Ticket, error) {
	return a.ticket(ctx, "getTicket")
}

// TicketNoAuth implements [smartcard.Agent] with getTicketNoAuth.
func (a *Agent) TicketNoAuth(ctx context.Context) (ersclient.Ticket, error) {
	return a.ticket(ctx, "getTicketNoAuth")
}

// NewTicket implements [smartcard.Agent] with getNewTicket. A program that ignores its arguments hands out the same ticket.
func (a *Agent) NewTicket(ctx context.Context) (ersclient.Ticket, error) {
	return a.ticket(ctx, "getNewTicket")
}

// ticket runs an operation whose output is a ticket.
func (a *Agent) ticket(ctx context.Context, operation string) (ersclient.Ticket, error) {
	output, err := a.run(ctx, operation)
	if err != nil {
		return ersclient.Ticket{}, err
	}
	ticket, err := parseTicket(output)
	switch {
	case err != nil:
		return ersclient.Ticket{}, a.problem(badOutput, operation, err, smartcard.InternalError)
	case ticket.IsZero():
		return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
	}
	return ticket, nil
}
