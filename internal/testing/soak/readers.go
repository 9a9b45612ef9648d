package soak

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

//go:embed reader/reader.py
var pythonReader string

// lastLook bounds the last look of a reader: one that does not end by then is killed, and counts as
// a fault.
const lastLook = 2 * time.Minute

// python is Debian's, which has the module keyring.
const python = "/usr/bin/python3"

// Readers are the processes that read.
type Readers struct {
	record *Record
	// found waits for the readers without a session yet, ended for those that run.
	found, ended sync.WaitGroup
	kill         context.CancelFunc
	looks        atomic.Int64

	mutex   sync.Mutex
	reports []report
}

// report is what one reader has seen.
type report struct {
	kind        Kind
	found, none int
	last        int64
	wrong       error
}

// StartReaders starts a reader of each kind in an environment. program is package reader, built.
// They end with [Readers.End], or are killed when ctx ends.
func (r *Record) StartReaders(ctx context.Context, program string, environ []string, kinds ...Kind) (*Readers, error) {
	ctx, kill := context.WithCancel(ctx)
	readers := &Readers{record: r, kill: kill}
	for _, kind := range kinds {
		if err := readers.start(ctx, program, environ, kind); err != nil {
			kill()
			return nil, errors.Join(err, readers.End())
		}
	}
	return readers, nil
}

func (r *Readers) start(ctx context.Context, program string, environ []string, kind Kind) error {
	arguments := []string{program, r.record.path, string(kind)}
	switch kind {
	case Python:
		arguments = []string{python, "-c", pythonReader, r.record.path, handoff.AccountSession}
	case PythonAtFHIR:
		arguments = []string{python, "-c", pythonReader, r.record.path, handoff.AccountFHIRSession}
	default:
	}
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...) //nolint:gosec // The test names what it starts.
	command.Env = environ
	var complaints strings.Builder
	command.Stderr = &complaints
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start a reader that %s: %w", kind, err)
	}
	r.found.Add(1)
	r.ended.Go(func() {
		first := sync.OnceFunc(r.found.Done)
		defer first()
		seen := r.follow(stdout, kind, first)
		if err := command.Wait(); err != nil && seen.wrong == nil {
			seen.wrong = fmt.Errorf("it ended: %w: %s", err, complaints.String())
		}
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.reports = append(r.reports, seen)
	})
	return nil
}

// follow judges a reader's reports, and keeps the first fault.
func (r *Readers) follow(stdout io.Reader, kind Kind, found func()) (seen report) {
	seen.kind = kind
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var look Look
		err := json.Unmarshal(lines.Bytes(), &look)
		number := int64(0)
		if err == nil {
			number, err = r.record.judge(look)
		}
		switch {
		case err != nil:
		case number == 0:
			seen.none++
		case number < seen.last:
			err = fmt.Errorf("session %d was found after session %d", number, seen.last)
		default:
			seen.found++
			seen.last = number
			found()
		}
		r.looks.Add(1)
		if err != nil && seen.wrong == nil {
			seen.wrong = fmt.Errorf("after %d sessions and %d times none: %w", seen.found, seen.none, err)
		}
	}
	if err := lines.Err(); err != nil && seen.wrong == nil {
		seen.wrong = err
	}
	return seen
}

// Await returns when each reader has found a session, or has ended. One must be there, and stay.
func (r *Readers) Await() { r.found.Wait() }

// Looks is how often all of them have looked by now.
func (r *Readers) Looks() int64 { return r.looks.Load() }

// Seen is what the readers of one kind have seen.
type Seen struct{ Readers, Found, None int }

// End ends the readers, and returns the faults in what they have seen. The last session must be
// cleared: a watching reader ends when it sees that.
func (r *Readers) End() error {
	r.record.board.Over.Store(1)
	defer r.kill()
	guard := time.AfterFunc(lastLook, r.kill)
	defer guard.Stop()
	r.ended.Wait()
	var wrong []error
	for _, report := range r.reports {
		if report.wrong != nil {
			wrong = append(wrong, fmt.Errorf("a reader that %s: %w", report.kind, report.wrong))
		}
	}
	return errors.Join(wrong...)
}

// Seen is what each kind of reader has seen, once they have ended.
func (r *Readers) Seen() map[Kind]Seen {
	all := map[Kind]Seen{}
	for _, report := range r.reports {
		seen := all[report.kind]
		all[report.kind] = Seen{seen.Readers + 1, seen.Found + report.found, seen.None + report.none}
	}
	return all
}
