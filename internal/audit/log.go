package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/adrg/xdg"
	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/problem"
)

// ThreeMonths is how long records are kept at least: no three months have more than 92 days.
const ThreeMonths = 92 * day

const (
	// maxPending is how many records wait for better times.
	maxPending = 200
	// retryEvery is how often they are tried again when nothing else happens.
	retryEvery = 30 * time.Second
	// recordWithin bounds the wait for a record, from its turn to its place on the disk. A disk
	// needs milliseconds.
	recordWithin = 2 * time.Second
	// again is the number of tries with a passing error, and againAfter the pause between them.
	again      = 3
	againAfter = 50 * time.Millisecond
)

// Settings configure a Log.
type Settings struct {
	// Dir is the log's folder; empty is [DefaultDir]. It is created if it is missing, and closed to
	// other users.
	Dir string
	// Keep is how long records are kept. Less than ThreeMonths counts as ThreeMonths.
	Keep time.Duration
	// SessionID is how records name a session: Digest (the default) or Full.
	SessionID SessionID
	// SystemLog sends each record to syslog or the Windows Event Log too, in short.
	SystemLog bool
	// Version is the program's version, ASID the organisation's accredited system id, FQDN the
	// common name of its endpoint certificate: members of each record.
	Version, ASID, FQDN string
	// Trouble receives each change of the log's trouble, and nil when it has passed. It is called
	// by one goroutine at a time, and must neither block nor call the Log. It may be nil.
	Trouble func(*problem.Problem)
	// Log receives events for a service desk, such as a damaged file. It may be nil.
	Log logrus.FieldLogger
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time

	// retryEvery and systemLogAt are for tests.
	retryEvery  time.Duration
	systemLogAt []string
}

// DefaultDir returns the usual folder of the log: $XDG_STATE_HOME/ers-login/audit on Linux, %LOCALAPPDATA%\ers-login\audit on
// Windows, ~/Library/Application Support/ers-login/audit on macOS.
func DefaultDir() string { return filepath.Join(xdg.StateHome, "ers-login", "audit") }

// Log is the audit log. It is safe for concurrent use, also by several processes. Records are
// written and flushed under one lock, each by a goroutine of its own that its caller waits for
// within bounds: on a disk that hangs, one goroutine stays behind, and callers give up.
type Log struct {
	settings Settings
	folder   folder
	system   *systemLog

	// turn is held, by a value in it, by the one goroutine that writes.
	turn chan struct{}

	// mu guards what follows, and settings.FQDN.
	mu     sync.Mutex
	closed bool
	// pending are the unwritten records, the oldest first.
	pending []*entry
	// lost counts the records that did not fit into pending, since the last one that did.
	lost int
	// fileTrouble and systemTrouble are the present failures, nil if there is none.
	fileTrouble, systemTrouble *problem.Problem
	// retry has what is pending tried again, and is nil before the first trouble.
	retry *time.Timer

	// announcing guards announced, the code that Settings.Trouble received last.
	announcing sync.Mutex
	announced  string
}

// entry is a record on its way.
type entry struct {
	call   Call
	record Record
	// brief is the record for the system log; sent reports whether it was sent.
	brief Record
	sent  bool
}

// Open opens the log and checks that it can be written. The Log works even with an error, which is
// a *problem.Problem that Settings.Trouble receives too: it may pass.
func Open(settings Settings) (*Log, error) {
	settings.Keep = max(settings.Keep, ThreeMonths)
	if settings.Dir == "" {
		settings.Dir = DefaultDir()
	}
	if settings.Now == nil {
		settings.Now = time.Now
	}
	if settings.Trouble == nil {
		settings.Trouble = func(*problem.Problem) {}
	}
	if settings.Log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		settings.Log = silent
	}
	if settings.retryEvery == 0 {
		settings.retryEvery = retryEvery
	}
	l := &Log{
		settings: settings,
		folder:   folder{settings.Dir, settings.Keep, settings.Now, settings.Log},
		turn:     make(chan struct{}, 1),
	}
	if settings.SystemLog {
		l.system = openSystemLog(settings.systemLogAt, l.noteSystemLog)
	}
	return l, l.Ready(context.Background())
}

// Rename has the records from now on name another certificate, as after a renewal.
func (l *Log) Rename(fqdn string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings.FQDN = fqdn
}

// Append writes the record of an event, after those that wait. It is on the disk when Append
// returns nil. Otherwise the error is a *problem.Problem, [Unwritable] or [DiskFull], and the
// record is kept and written as soon as possible. It takes two seconds at most, and gives up
// earlier if ctx ends; a cancelled ctx is not the log's trouble.
func (l *Log) Append(ctx context.Context, event Event) error {
	if err := l.add(event); err != nil {
		return err
	}
	return l.flush(ctx, false)
}

// add puts the record of an event behind those that wait, if it is not one too many.
func (l *Log) add(event Event) error {
	lost := false
	defer func() {
		if lost { // logged without mu, since that may take time too
			l.settings.Log.Error("audit log: too many records wait to be written, one is lost")
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return problemOf(l.settings.Dir, errClosed)
	case len(l.pending) >= maxPending:
		l.lost++
		lost = true
		return cmp.Or(l.fileTrouble, problemOf(l.settings.Dir, errTooMany))
	}
	added := &entry{
		call:   event.Call,
		record: l.settings.record(event, l.settings.SessionID),
		brief:  l.settings.record(event, Digest),
	}
	added.record.LostBefore, l.lost = l.lost, 0
	l.pending = append(l.pending, added)
	return nil
}

// Ready reports whether a record could be written now, and writes those that wait. Its error and its
// bound are as Append's.
func (l *Log) Ready(ctx context.Context) error {
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return problemOf(l.settings.Dir, errClosed)
	}
	return l.flush(ctx, true)
}

// Trouble returns the present failure, nil if there is none. The file's matters more than the system
// log's.
func (l *Log) Trouble() *problem.Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.fileTrouble, l.systemTrouble)
}

// Close tries once more to write what waits, and ends the log. The error has the number of records
// that are lost. It waits two seconds at most for a disk that hangs.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	if l.retry != nil {
		l.retry.Stop()
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), recordWithin)
	defer cancel()
	why := l.flush(ctx, false)
	l.system.close(ctx)
	// The last turn's goroutine may not have got there, and must not log later than this.
	l.announce()
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := len(l.pending) + l.lost
	if missing == 0 {
		return nil
	}
	return fmt.Errorf("%d audit records could not be written: %w", missing, cmp.Or(why, errTooMany))
}

var (
	errClosed  = errors.New("the audit log is closed")
	errSlow    = errors.New("the disk does not answer in time")
	errTooMany = fmt.Errorf("%d records wait to be written", maxPending)
)
