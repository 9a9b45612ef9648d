//go:build unix

package audit_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/audit"
)

// syslogSocket is what a syslog listens at.
func syslogSocket(t *testing.T) (address string, socket *net.UnixConn) {
	t.Helper()
	// A socket's path must be short, which the test's own folder is not on macOS.
	folder, err := os.MkdirTemp("", "audit")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	address = filepath.Join(folder, "log")
	socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	return address, socket
}

func receive(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	require.NoError(t, socket.SetReadDeadline(time.Now().Add(time.Minute)))
	line := make([]byte, 8192)
	count, err := socket.Read(line)
	require.NoError(t, err)
	return string(line[:count])
}

// The system log is collected by others and, on Windows, read by all: it gets each record, and the digest of the session whatever the
// file has.
func TestLAL001TheSystemLog(t *testing.T) {
	address, socket := syslogSocket(t)
	s := settings(t).SendingTo(filepath.Join(filepath.Dir(address), "none"), address)
	s.SessionID = audit.Full
	log := open(t, s)
	failed := event()
	failed.Call, failed.Selected, failed.Outcome, failed.Reference = audit.A002, surgery, "403", "ERS-A002-403"
	require.NoError(t, log.Append(t.Context(), event()))
	require.NoError(t, log.Append(t.Context(), failed))

	shape := regexp.MustCompile(`^<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ers-login\[\d+\]: (\{.*\})\n$`)
	for _, want := range []struct{ priority, line string }{
		{"86", `{"id":1,"auditType":"API Establish Session","eventDateTime":"2026-11-21 11:00:00.123","userUUID":"555032000100",` +
			`"sessionID":"` + digestOf(key) + `","asid":"200000000022","outcome":"201","durationMS":1234}`},
		{"84", `{"id":2,"auditType":"API Professional login attempt","eventDateTime":"2026-11-21 11:00:00.123",` +
			`"userUUID":"555032000100","sessionID":"` + digestOf(key) + `","organisationName":"Smith & Partners <Surgery>",` +
			`"odsCode":"D82106","businessFunction":"REFERRING_CLINICIAN","asid":"200000000022","outcome":"403",` +
			`"reference":"ERS-A002-403","durationMS":1234}`},
	} {
		line := receive(t, socket)
		require.False(t, strings.Contains(line, key), "the system log has a secret")
		parts := shape.FindStringSubmatch(line)
		require.NotNil(t, parts)
		assert.Equal(t, want.priority, parts[1])
		assert.Equal(t, want.line, parts[2])
	}
	require.True(t, strings.Contains(inAllFiles(t, s.Dir), key), "the file has what was asked for")
}

// A missing system log is reported, and blocks nothing.
func TestLAL001ASystemLogThatIsMissing(t *testing.T) {
	address, socket := syslogSocket(t)
	heard := make(troubles, 10)
	none := address + "-later"
	s := settings(t).SendingTo(none)
	s.Trouble = heard.receive
	log := open(t, s)
	appendTo(t, log, 3)
	require.Equal(t, "AUDIT-SYSTEM_LOG", heard.next(t))
	require.ErrorIs(t, log.Trouble(), audit.SystemLogFailed)
	require.NoError(t, os.Rename(address, none))
	appendTo(t, log, 1)
	for !strings.Contains(receive(t, socket), `"id":4,`) {
		continue
	}
	require.Empty(t, heard.next(t))
	assert.Nil(t, log.Trouble())
	assert.Equal(t, upTo(4), numbers(t, s.Dir))
}

// A syslog that does not read lets its socket fill up. That must delay neither a sign-in nor the
// end of the program.
func TestLAL001ASystemLogThatHangs(t *testing.T) {
	address, _ := syslogSocket(t)
	heard := make(troubles, 100)
	s := settings(t).SendingTo(address)
	s.Trouble = heard.receive
	log, err := audit.Open(s)
	require.NoError(t, err)
	// Linux takes a socket's backlog of datagrams (net.unix.max_dgram_qlen, 10 or 512 by default) before a writer has to wait.
	const enough = 1000 + audit.MaxLines
	appendTo(t, log, enough)
	require.Equal(t, "AUDIT-SYSTEM_LOG", heard.next(t))
	require.NoError(t, log.Close())
	assert.Len(t, numbers(t, s.Dir), enough)
}

// While the file cannot be written, the system log is the only trace that outlives the program.
func TestLAL001TheSystemLogHasWhatTheFileHasNot(t *testing.T) {
	address, socket := syslogSocket(t)
	s := settings(t).SendingTo(address)
	clearWay := blocked(t, s)
	log, err := audit.Open(s)
	require.ErrorIs(t, err, audit.Unwritable)
	require.Error(t, log.Append(t.Context(), event()))
	var line audit.Record
	_, text, found := strings.Cut(receive(t, socket), "]: ")
	require.True(t, found)
	require.NoError(t, json.Unmarshal([]byte(text), &line))
	assert.Zero(t, line.ID, "it has no number yet")
	assert.Equal(t, "555032000100", line.UserUUID)
	clearWay()
	appendTo(t, log, 1)
	assert.Contains(t, receive(t, socket), `"id":2,`, "each record once")
	require.NoError(t, log.Close())
}
