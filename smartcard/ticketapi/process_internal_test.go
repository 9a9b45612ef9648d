package ticketapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/helper"
)

// If this fails, part of a ticket is in the log after a crash inside the library, or no trace of
// the crash.
func TestACrashIsLoggedInTwoLines(t *testing.T) {
	var log []string
	said := &stderr{log: func(line string) { log = append(log, line) }}
	process := &process{stderr: said}
	crashed := fmt.Errorf("getTicket: %w: exit status 2", helper.ErrCrashed)
	for _, line := range []string{
		"the library complains",
		"Exception 0xc0000005 0x1 0x0 0x67c417fb",
		"PC=0x67c417fb",
		"runtime.cgocall(0x413b30, 0x6841a4)",
		"goroutine 1 gp=0x45436008 m=nil [select]:",
		"eax     0x43495141",
	} {
		said.line(line)
	}
	assert.Equal(t, []string{"the library complains", "Exception 0xc0000005 0x1 0x0 0x67c417fb", "PC=0x67c417fb"}, log)
	err := process.hear(crashed)
	assert.ErrorIs(t, err, helper.ErrCrashed)
	assert.EqualError(t, err, crashed.Error()+"; it said: Exception 0xc0000005 0x1 0x0 0x67c417fb")

	said.line("another process says something")
	assert.Equal(t, "another process says something", log[3])
	err = errors.New("of another kind")
	assert.Equal(t, err, process.hear(err))
	assert.EqualError(t, process.hear(crashed), crashed.Error(), "what was said before that does not count")
}

// A log is not needed.
func TestWithoutALog(t *testing.T) {
	said := &stderr{}
	said.line("not found")
	assert.Equal(t, "not found", said.next(false))
}

// If this fails, a helper that cannot be started fills the log with the same line every few seconds, or its next fault is not there.
func TestTheSameFaultIsLoggedOnce(t *testing.T) {
	var log []string
	said := &stderr{log: func(line string) { log = append(log, line) }}
	process := &process{stderr: said}
	failed := fmt.Errorf("%w: exit status 127", helper.ErrNotStarted)
	run := func(err error, lines ...string) error {
		for _, line := range lines {
			said.line(line)
		}
		return process.hear(err)
	}
	for range 3 {
		require.ErrorContains(t, run(failed, "no libpcsclite", "giving up"), "it said: giving up", "the error has it each time")
	}
	assert.Equal(t, []string{"no libpcsclite", "giving up"}, log)
	log = nil
	for range 3 {
		require.Error(t, run(failed, "out of memory", "giving up"))
	}
	assert.Equal(t, []string{"out of memory"}, log)
	log = nil
	require.NoError(t, run(nil))
	require.Error(t, run(failed, "out of memory"))
	assert.Equal(t, []string{"out of memory"}, log, "it has worked meanwhile")
	log = nil
	require.NoError(t, run(nil))
	for range 3 {
		said.line("a loop")
	}
	assert.Equal(t, []string{"a loop"}, log)
	for i := range 2 * maxLogged {
		said.line(fmt.Sprint(i))
	}
	assert.Len(t, said.logged, maxLogged)
}

// A ticket that is asked for each second must not be in memory as often as that.
func TestAnEqualTicketIsDecodedOnce(t *testing.T) {
	var known knownTicket
	answer := []byte(`{"ticket":"made up"}`)
	require.NoError(t, json.Unmarshal(answer, &known))
	first := known.ticket.Reveal()
	require.NoError(t, json.Unmarshal(answer, &known))
	assert.Same(t, unsafe.StringData(first), unsafe.StringData(known.ticket.Reveal()))
	require.NoError(t, json.Unmarshal([]byte(`{"ticket":"another"}`), &known))
	assert.Equal(t, "another", known.ticket.Reveal())
	kept := known.answer
	known.forget()
	assert.NotContains(t, string(kept), "another")
	assert.True(t, known.ticket.IsZero())
}
