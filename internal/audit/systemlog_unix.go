//go:build unix

package audit

import (
	"context"
	"errors"
	"fmt"
	"log/syslog"
	"net"
	"os"
	"time"
)

// syslogAt is where syslog listens: on Linux, on macOS, on the BSDs.
var syslogAt = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// sendLine sends a line to syslog, facility authpriv, as RFC 3164 has it on a local socket. The
// standard library's syslog.Writer has no deadline, and a syslog that does not read would block it
// for ever; only its constants are used.
func sendLine(ctx context.Context, addresses []string, line systemLine) error {
	if len(addresses) == 0 {
		addresses = syslogAt
	}
	connection, err := dialSyslog(ctx, addresses)
	if err != nil {
		return fmt.Errorf("could not reach syslog: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	severity := syslog.LOG_INFO
	if line.failed {
		severity = syslog.LOG_WARNING
	}
	_, err = fmt.Fprintf(connection, "<%d>%s %s[%d]: %s",
		syslog.LOG_AUTHPRIV|severity, time.Now().Format(time.Stamp), systemLogName, os.Getpid(), line.text)
	if err = errors.Join(err, connection.Close()); err != nil {
		return fmt.Errorf("could not write to syslog: %w", err)
	}
	return nil
}

// dialSyslog connects anew for each line, of which there are few: syslog may have been restarted.
func dialSyslog(ctx context.Context, addresses []string) (net.Conn, error) {
	var failures []error
	for _, network := range []string{"unixgram", "unix"} {
		for _, address := range addresses {
			connection, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil {
				return connection, nil
			}
			failures = append(failures, err)
		}
	}
	return nil, errors.Join(failures...)
}
