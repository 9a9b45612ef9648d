//go:build unix

package command_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
)

// script returns an agent whose command is a shell script of an organisation.
func script(t *testing.T, text string, args ...string) *command.Agent {
	t.Helper()
	path := write(t, "#!/bin/sh\n"+text, 0o700)
	agent, err := command.New(append([]string{path}, args...))
	require.NoError(t, err)
	return agent
}

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ticket-agent.sh")
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	return path
}

// fifo returns the path of a named pipe. Opening it waits for a process that opens the other end, and reading it ends when
// the last process has gone that had it open: so a test knows of processes that are not its own, without waiting for a
// time.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alive")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// open waits for the other end of the named pipe.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	return file
}

// gone waits until no process has the other end open.
func gone(t *testing.T, file *os.File) {
	t.Helper()
	_, err := io.Copy(io.Discard, file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// A whole agent in the manner of git's credential helpers, as the documentation promises that it works.
func TestAScriptThatKnowsEveryOperation(t *testing.T) {
	agent := script(t, `
		file="$1/ticket"
		case "$2" in
		getTicketNoAuth) [ ! -f "$file" ] || cat "$file" ;;
		getTicket)       [ -f "$file" ] || echo first > "$file"; cat "$file" ;;
		getNewTicket)    echo fresh > "$file"; cat "$file" ;;
		*)               echo "error NOT_IMPLEMENTED"; exit 1 ;;
		esac`, t.TempDir())
	ctx := t.Context()

	_, err := agent.TicketNoAuth(ctx)
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	ticket, err := agent.Ticket(ctx)
	require.NoError(t, err)
	assert.True(t, ticket.Equal(ersclient.NewTicket("first")))
	ticket, err = agent.NewTicket(ctx)
	require.NoError(t, err)
	assert.True(t, ticket.Equal(ersclient.NewTicket("fresh")))
	ticket, err = agent.TicketNoAuth(ctx)
	require.NoError(t, err)
	assert.True(t, ticket.Equal(ersclient.NewTicket("fresh")))
}

// If this fails, the program that a cancelled script waits for goes on, and asks for a passcode.
func TestCancelKillsTheWholeGroup(t *testing.T) {
	alive := fifo(t)
	agent := script(t, `exec 9>"$1"; sleep 3600; echo never`, alive)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := agent.Ticket(ctx)
		result <- err
	}()
	running := open(t, alive)
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	gone(t, running)
}

// If this fails, a script that ignores the polite signals cannot be cancelled.
func TestCancelEndsAScriptThatDoesNotWantTo(t *testing.T) {
	alive := fifo(t)
	agent := script(t, `trap '' TERM INT HUP; exec 9>"$1"; while :; do sleep 3600; done`, alive)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := agent.Ticket(ctx)
		result <- err
	}()
	running := open(t, alive)
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	gone(t, running)
}

// If this fails, a careless script leaves one process behind each second.
func TestAForgottenChildIsKilled(t *testing.T) {
	cases := map[string]struct {
		text string
		err  error
	}{
		"after a ticket":       {`exec 9>"$1"; sleep 3600 & echo ticket`, nil},
		"after a failure":      {`exec 9>"$1"; sleep 3600 & echo "error USER_ABORT"; exit 1`, smartcard.UserAbort},
		"that holds stderr":    {`exec 9>"$1"; sleep 3600 >/dev/null & echo ticket`, nil},
		"after endless output": {`exec 9>"$1"; yes`, smartcard.InternalError},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			alive := fifo(t)
			agent := script(t, c.text, alive)
			result := make(chan error, 1)
			go func() {
				_, err := agent.Ticket(t.Context())
				result <- err
			}()
			gone(t, open(t, alive))
			require.ErrorIs(t, <-result, c.err)
		})
	}
}

// A daemon that lets go of its output, such as a cache that is started on first use, is none of our business.
func TestADaemonIsLeftAlone(t *testing.T) {
	alive, end, ready := fifo(t), fifo(t), filepath.Join(t.TempDir(), "ready")
	agent := script(t, `
		(exec >/dev/null 2>&1 9>"$1"; : > "$3"; read word < "$2"; echo "$word" >&9) &
		until [ -e "$3" ]; do sleep 0.02; done
		echo ticket`, alive, end, ready)
	result := make(chan error, 1)
	go func() {
		_, err := agent.Ticket(t.Context())
		result <- err
	}()
	running := open(t, alive)
	require.NoError(t, <-result)
	require.NoError(t, os.WriteFile(end, []byte("goodbye\n"), 0o600))
	said, err := io.ReadAll(running)
	require.NoError(t, err)
	assert.Equal(t, "goodbye\n", string(said), "it lived on after the call")
	require.NoError(t, running.Close())
}

// If this fails, a file that lost its permission is reported as a fault of the card.
func TestAProgramThatCannotBeStarted(t *testing.T) {
	cases := map[string]string{
		"not executable": write(t, "#!/bin/sh\necho ticket\n", 0o600),
		"a folder":       t.TempDir(),
		"not a program":  write(t, "\x00\x01\x02\x03", 0o700),
	}
	for name, path := range cases {
		t.Run(name, func(t *testing.T) {
			agent, err := command.New([]string{path})
			require.NoError(t, err)
			_, err = agent.TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.NotInstalled)
			p := problem.Of(err)
			assert.Equal(t, "CARD-AGENT_COMMAND_START", p.Code)
			assert.Contains(t, p.Expand(p.Happened), filepath.Base(path))
		})
	}
	t.Run("the interpreter is missing", func(t *testing.T) {
		agent, err := command.New([]string{write(t, "#!/no/such/interpreter\necho ticket\n", 0o700)})
		require.NoError(t, err)
		_, err = agent.TicketNoAuth(t.Context())
		assert.Equal(t, "CARD-AGENT_COMMAND_START", problem.Of(err).Code)
	})
}

// A program that exists and does not start must not be reported as missing: the service desk would
// install it again.
func TestWhyAProgramDoesNotStart(t *testing.T) {
	self, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	changed := func(change func(head []byte)) string {
		head := bytes.Clone(self)
		change(head)
		return write(t, string(head), 0o700)
	}
	foreign := changed(func(head []byte) { binary.LittleEndian.PutUint16(head[18:], 0x1234) }) // e_machine
	folder := t.TempDir()
	dangling := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "none"), dangling))
	inner := write(t, "#!/no/such/interpreter\n", 0o700)
	text := write(t, "echo", 0o600)
	for name, test := range map[string]struct{ path, reason string }{
		"CRLF":                      {write(t, "#!/bin/sh\r\necho ticket\r\n", 0o700), "the line ends of Windows"},
		"CRLF with an option":       {write(t, "#!/bin/sh -e\r\necho ticket\r\n", 0o700), "the line ends of Windows"},
		"CRLF after env":            {write(t, "#!/usr/bin/env sh\r\necho ticket\r\n", 0o700), "the line ends of Windows"},
		"no interpreter":            {write(t, "#!/no/such/python3\n", 0o700), "/no/such/python3"},
		"env finds none":            {write(t, "#!/usr/bin/env no-such-python\n", 0o700), "no-such-python"},
		"env has one argument":      {write(t, "#!/usr/bin/env sh -e\n", 0o700), "sh -e"},
		"env -S finds none":         {write(t, "#!/usr/bin/env -S no-such-python -u\n", 0o700), "no-such-python"},
		"an interpreter's":          {write(t, "#!"+inner+"\n", 0o700), inner},
		"interpreter is a folder":   {write(t, "#!"+folder+"\n", 0o700), folder},
		"interpreter is text":       {write(t, "#!"+text+"\n", 0o700), text},
		"interpreter is foreign":    {write(t, "#!"+foreign+"\n", 0o700), foreign},
		"not executable":            {write(t, "#!/bin/sh\n", 0o600), "permission to run it"},
		"a folder":                  {folder, "it is a folder"},
		"a pipe":                    {fifo(t), "it is not a file"},
		"a link that leads nowhere": {dangling, "a link to a file that is not there"},
		"another computer's":        {foreign, "another kind of computer"},
		"a program for Windows":     {write(t, "MZ\x90\x00\x03\x00\x00\x00", 0o700), "another kind of computer"},
		"a byte order mark":         {write(t, "\ufeff#!/bin/sh\n", 0o700), "byte order mark"},
		"UTF-16":                    {write(t, "\xff\xfe#\x00!\x00", 0o700), "byte order mark"},
		"no first line":             {write(t, "echo ticket\n", 0o700), "begins with #!"},
		"empty":                     {write(t, "", 0o700), "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			agent, err := command.New([]string{test.path})
			require.NoError(t, err)
			_, err = agent.TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.NotInstalled)
			p := problem.Of(err)
			assert.Equal(t, "CARD-AGENT_COMMAND_START", p.Code)
			said := p.Expand(p.Happened)
			assert.Contains(t, said, test.reason)
			assert.Contains(t, said, filepath.Base(test.path))
			assert.NotContains(t, said, "it is not on this computer")
			assert.NotContains(t, said, "{{")
		})
	}
}

// If this fails, a laptop that runs out of open files for a moment signs the clinician out.
func TestAShortageIsNotTakenForAMissingProgram(t *testing.T) {
	agent := script(t, "echo ticket")
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = 3 // the three that every process has
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	_, err := agent.TicketNoAuth(t.Context())
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	require.ErrorIs(t, err, smartcard.ResourceAllocationFailed)
	assert.Equal(t, "CARD-AGENT_COMMAND_START", problem.Of(err).Code)
}
