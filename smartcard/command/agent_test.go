package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
)

// program returns an agent whose command is this test program with the given behaviour.
func program(t *testing.T, behaviour string, args ...string) *command.Agent {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	agent, err := command.New(append([]string{self, asProgram, behaviour}, args...))
	require.NoError(t, err)
	return agent
}

// If this fails, an organisation's program that keeps to the protocol cannot sign its users in.
func TestTicket(t *testing.T) {
	for _, behaviour := range []string{"ticket", "bare ticket", "padded ticket"} {
		t.Run(behaviour, func(t *testing.T) {
			agent := program(t, behaviour)
			for _, method := range []func(context.Context) (ersclient.Ticket, error){
				agent.Ticket, agent.TicketNoAuth, agent.NewTicket,
			} {
				ticket, err := method(t.Context())
				require.NoError(t, err)
				require.True(t, ticket.Equal(ersclient.NewTicket(made)))
			}
		})
	}
}

func TestNoUserSignedIn(t *testing.T) {
	for _, behaviour := range []string{"nothing", "blank line"} {
		t.Run(behaviour, func(t *testing.T) {
			ticket, err := program(t, behaviour).TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.TicketNotAvailable)
			assert.Equal(t, "CARD-TICKET_NOT_AVAILABLE", problem.Of(err).Code)
			assert.True(t, ticket.IsZero())
		})
	}
}

// If this fails, the program does not know which operation to run.
func TestTheOperationIsTheLastArgument(t *testing.T) {
	agent := program(t, "arguments", "--spine=live", "with|bar")
	methods := map[string]func(context.Context) (ersclient.Ticket, error){
		"getTicket": agent.Ticket, "getTicketNoAuth": agent.TicketNoAuth, "getNewTicket": agent.NewTicket,
	}
	for operation, method := range methods {
		ticket, err := method(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "--spine=live|with|bar|"+operation, ticket.Reveal()) // no ticket, but our own arguments
	}
	_, err := program(t, "print and fail", "error PIN_BLOCKED").NewTicket(t.Context())
	require.ErrorIs(t, err, smartcard.PINBlocked)
	assert.Contains(t, err.Error(), "getNewTicket")
}

func TestWhatTheProgramGets(t *testing.T) {
	t.Setenv("ERS_LOGIN_TEST_VALUE", "passed-through")
	ticket, err := program(t, "environment", "ERS_LOGIN_TEST_VALUE").Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "passed-through", ticket.Reveal())

	ticket, err = program(t, "input").Ticket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "0-bytes-true", ticket.Reveal(), "it must not wait for input that never comes")
}

// If this fails, a clinician reads that a program failed where the card is blocked.
func TestFailures(t *testing.T) {
	cases := map[string]struct {
		output string
		code   string
		cause  smartcard.Code
	}{
		"a name":                  {"error PIN_BLOCKED\n", "CARD-PIN_BLOCKED", smartcard.PINBlocked},
		"a name without newline":  {"error USER_ABORT", "CARD-USER_ABORT", smartcard.UserAbort},
		"a name with CR LF":       {"error SERVER_BUSY\r\n", "CARD-SERVER_BUSY", smartcard.ServerBusy},
		"a name and more lines":   {"error NO_KEY_FOUND\nbecause\n", "CARD-NO_KEY_FOUND", smartcard.NoKeyFound},
		"no user signed in":       {"error TICKET_NOT_AVAILABLE\n", "CARD-TICKET_NOT_AVAILABLE", smartcard.TicketNotAvailable},
		"nothing":                 {"", "CARD-AGENT_COMMAND", smartcard.InternalError},
		"a ticket":                {made, "CARD-AGENT_COMMAND", smartcard.InternalError},
		"an unknown name":         {"error COFFEE_NOT_AVAILABLE\n", "CARD-AGENT_COMMAND", smartcard.InternalError},
		"a name in small letters": {"error pin_blocked\n", "CARD-AGENT_COMMAND", smartcard.InternalError},
		"a name on line two":      {"oh\nerror PIN_BLOCKED\n", "CARD-AGENT_COMMAND", smartcard.InternalError},
		"success":                 {"error SUCCESS\n", "CARD-AGENT_COMMAND", smartcard.InternalError},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			agent := program(t, "print and fail", c.output)
			ticket, err := agent.TicketNoAuth(t.Context())
			require.Error(t, err)
			assert.True(t, ticket.IsZero())
			p := problem.Of(err)
			assert.Equal(t, c.code, p.Code)
			assert.ErrorIs(t, err, c.cause)
			assert.Contains(t, err.Error(), "exit status 3")
			assert.NotContains(t, err.Error(), made)
			if p.Code == "CARD-AGENT_COMMAND" {
				assert.Contains(t, p.Expand(p.Happened), "ended with exit status 3.")
				assert.Contains(t, p.Expand(p.Happened), filepath.Base(os.Args[0]))
				assert.NotContains(t, p.Expand(p.Happened), string(filepath.Separator)+filepath.Base(os.Args[0]))
			}
		})
	}
}

// If this fails, an error message is sent to e-RS as a ticket, or a ticket stands in an error message.
func TestOutputsThatAreNoTicket(t *testing.T) {
	cases := map[string]struct{ behaviour, output string }{
		"two lines":             {"print", made + "\n" + made + "\n"},
		"two lines, CR only":    {"print", made + "\r" + made},
		"a sentence":            {"print", "No card in the reader."},
		"an error and status 0": {"print", "error PIN_BLOCKED\n"},
		"a tab":                 {"print", made[:20] + "\t" + made[20:]},
		"a byte order mark":     {"print", "\ufeff" + made},
		"not ASCII":             {"print", made + "é"},
		"not UTF-8":             {"print", made + "\xff"},
		"a control character":   {"print", made + "\x1b[0m"},
		"a delete":              {"print", made + "\x7f"},
		"a byte too many":       {"too long a ticket", ""},
		"no end":                {"endless output", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ticket, err := program(t, c.behaviour, c.output).Ticket(t.Context())
			require.Error(t, err)
			assert.True(t, ticket.IsZero())
			p := problem.Of(err)
			assert.Equal(t, "CARD-AGENT_COMMAND_OUTPUT", p.Code)
			assert.ErrorIs(t, err, smartcard.InternalError, "it says nothing about whether there is a ticket")
			for _, text := range append([]string{p.Error(), p.Expand(p.Happened), fmt.Sprintf("%+v", p)}, p.WhatToDo()...) {
				assert.NotContains(t, text, made[:20])
			}
		})
	}
}

func TestTheBoundsThemselvesAreAllowed(t *testing.T) {
	ticket, err := program(t, "longest ticket").Ticket(t.Context())
	require.NoError(t, err)
	assert.Len(t, ticket.Reveal(), 8<<10)
	ticket, err = program(t, "64 KiB").Ticket(t.Context())
	require.NoError(t, err)
	require.True(t, ticket.Equal(ersclient.NewTicket(made)))
}

func TestACrash(t *testing.T) {
	_, err := program(t, "crash").Ticket(t.Context())
	require.Error(t, err)
	assert.Equal(t, "CARD-AGENT_COMMAND", problem.Of(err).Code)
	assert.NotContains(t, err.Error(), "goroutine", "what it wrote to its standard error is no part of the error")
}

// If this fails, Cancel does nothing, and neither does quitting, while the program waits for the passcode.
func TestCancel(t *testing.T) {
	agent := program(t, "hang")
	operations := map[string]func(context.Context) error{
		"getTicket":    func(ctx context.Context) error { _, err := agent.Ticket(ctx); return err },
		"getNewTicket": func(ctx context.Context) error { _, err := agent.NewTicket(ctx); return err },
	}
	for name, operation := range operations {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			go func() { result <- operation(ctx) }()
			cancel()
			err := <-result
			require.ErrorIs(t, err, context.Canceled)
		})
	}
	t.Run("a deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		_, err := agent.TicketNoAuth(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := program(t, "ticket").TicketNoAuth(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// If this fails, a script that starts something in the background makes the sign-in hang.
func TestAChildThatKeepsTheOutputOpen(t *testing.T) {
	ticket, err := program(t, "leave a child with the output").Ticket(t.Context())
	require.NoError(t, err)
	require.True(t, ticket.Equal(ersclient.NewTicket(made)))
}

func TestStderr(t *testing.T) {
	t.Run("is handed on", func(t *testing.T) {
		var log bytes.Buffer
		agent := program(t, "complain", "the middleware is old")
		agent.Stderr = &log
		_, err := agent.Ticket(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "the middleware is old", log.String())
	})
	t.Run("is bounded", func(t *testing.T) {
		var log bytes.Buffer
		agent := program(t, "complain at length")
		agent.Stderr = &log
		ticket, err := agent.Ticket(t.Context())
		require.NoError(t, err, "what is dropped does not hold the program up")
		require.True(t, ticket.Equal(ersclient.NewTicket(made)))
		assert.Equal(t, strings.Repeat("x", 4<<10), log.String())
	})
	t.Run("no Stderr", func(t *testing.T) {
		_, err := program(t, "complain at length").Ticket(t.Context())
		require.NoError(t, err)
	})
	t.Run("the log cannot be written", func(t *testing.T) {
		agent := program(t, "complain", "oh")
		agent.Stderr = brokenLog{}
		_, err := agent.Ticket(t.Context())
		require.NoError(t, err)
	})
	t.Run("nothing to hand on", func(t *testing.T) {
		var log writes
		agent := program(t, "ticket")
		agent.Stderr = &log
		_, err := agent.Ticket(t.Context())
		require.NoError(t, err)
		assert.Zero(t, log)
	})
	t.Run("several at once", func(t *testing.T) {
		var log writes // not safe for concurrent use: the race detector looks on
		agent := program(t, "complain", "oh")
		agent.Stderr = &log
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() {
				_, err := agent.Ticket(t.Context())
				assert.NoError(t, err)
			})
		}
		calls.Wait()
		assert.EqualValues(t, 8, log, "one Write for each call")
	})
}

type brokenLog struct{}

func (brokenLog) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// writes counts the calls of Write.
type writes int

func (w *writes) Write(text []byte) (int, error) { *w++; return len(text), nil }

// If this fails, a mistyped setting is not named, nor what to put there.
func TestCommandsThatCannotBeMeant(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cases := map[string][]string{
		"none":            nil,
		"an empty list":   {},
		"an empty path":   {""},
		"a bare name":     {"agent", "--live"},
		"a relative path": {"./agent"},
		"a NUL character": {self, "a\x00b"},
		"a home folder":   {"~/agent"},
		"a whole command": {"agent --live"},
		"a leading space": {" " + self},
	}
	for name, argv := range cases {
		t.Run(name, func(t *testing.T) {
			agent, err := command.New(argv)
			require.Error(t, err)
			assert.Nil(t, agent)
			p := problem.Of(err)
			assert.Equal(t, "CARD-AGENT_COMMAND_SETTING", p.Code)
			assert.Contains(t, p.Happened, command.Setting)
			assert.Contains(t, p.ServiceDesk[0], "full path")
			assert.Contains(t, err.Error(), command.Setting)
		})
	}
}

func TestTheCallersListIsNotKept(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	argv := []string{self, asProgram, "ticket"}
	agent, err := command.New(argv)
	require.NoError(t, err)
	argv[2] = "nothing"
	_, err = agent.Ticket(t.Context())
	require.NoError(t, err)
}

func TestAProgramThatIsNotThere(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cases := map[string]string{
		"missing file":   filepath.Join(t.TempDir(), "ticket-agent"),
		"missing folder": filepath.Join(t.TempDir(), "tools", "ticket-agent"),
		"below a file":   filepath.Join(self, "ticket-agent"),
	}
	for name, path := range cases {
		t.Run(name, func(t *testing.T) {
			agent, err := command.New([]string{path, "--secretive"})
			require.NoError(t, err, "it may be installed while this program runs")
			_, err = agent.TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.NotInstalled)
			p := problem.Of(err)
			assert.Equal(t, "CARD-AGENT_COMMAND_MISSING", p.Code)
			assert.Contains(t, p.Expand(p.Happened), "the program ticket-agent instead of")
			assert.Contains(t, p.Expand(p.ServiceDesk[0]), "Install ticket-agent, or correct the setting agent_command")
			assert.NotContains(t, p.Expand(p.Happened), string(filepath.Separator))
			assert.NotContains(t, err.Error(), "--secretive")
			assert.Equal(t, "The program that reads your smartcard is not installed", p.Title)
		})
	}
	t.Run("missing file, in the chain", func(t *testing.T) {
		agent, err := command.New([]string{filepath.Join(t.TempDir(), "ticket-agent")})
		require.NoError(t, err)
		_, err = agent.TicketNoAuth(t.Context())
		// Windows looks for programs, and Unix for files.
		assert.True(t, errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound), err)
	})
}
