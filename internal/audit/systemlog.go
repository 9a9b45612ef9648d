package audit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// maxLines is how many lines wait for the system log.
	maxLines = 64
	// lineWithin is how long the system log may take for one.
	lineWithin = time.Second
	// systemLogName is what the system log calls this program.
	systemLogName = "ers-login"
)

// systemLog sends records to syslog or the Windows Event Log. It may be slow, missing or full, and
// must never delay a sign-in. A nil systemLog drops records.
type systemLog struct {
	lines  chan systemLine
	once   sync.Once
	ending chan struct{}
	done   chan struct{}
	// cancel ends what a closed log must not wait for.
	cancel context.CancelFunc
	report func(error)
}

// systemLine is a line for the system log.
type systemLine struct {
	call Call
	// text ends with a line end.
	text   string
	failed bool
}

// brief is a record for the system log. The members are those of Record; empty ones are left out,
// since many a syslog cuts a line at a thousand bytes.
type brief struct {
	ID               int64  `json:"id,omitempty"`
	AuditType        string `json:"auditType"`
	EventDateTime    string `json:"eventDateTime"`
	UserUUID         string `json:"userUUID,omitempty"`
	SessionID        string `json:"sessionID,omitempty"`
	FormerSessionID  string `json:"formerSessionID,omitempty"`
	OrganisationName string `json:"organisationName,omitempty"`
	ODSCode          string `json:"odsCode,omitempty"`
	BusinessFunction string `json:"businessFunction,omitempty"`
	ASID             string `json:"asid,omitempty"`
	Outcome          string `json:"outcome"`
	Reference        string `json:"reference,omitempty"`
	DurationMS       int64  `json:"durationMS"`
}

// openSystemLog starts to send. report receives the result of each line. addresses, if any, replace
// the platform's.
func openSystemLog(addresses []string, report func(error)) *systemLog {
	s := &systemLog{
		lines: make(chan systemLine, maxLines), ending: make(chan struct{}), done: make(chan struct{}), report: report,
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	go s.work(ctx, addresses)
	return s
}

// work sends line after line. At the end it sends what waits.
func (s *systemLog) work(ctx context.Context, addresses []string) {
	defer close(s.done)
	for {
		select {
		case line := <-s.lines:
			s.report(sendWithin(ctx, addresses, line))
			continue
		case <-s.ending:
		}
		select {
		case line := <-s.lines:
			s.report(sendWithin(ctx, addresses, line))
		default:
			return
		}
	}
}

func sendWithin(ctx context.Context, addresses []string, line systemLine) error {
	ctx, cancel := context.WithTimeout(ctx, lineWithin)
	defer cancel()
	return sendLine(ctx, addresses, line)
}

var errSystemLogBusy = fmt.Errorf("%d lines wait for the system log", maxLines)

// send sends a record. It never blocks.
func (s *systemLog) send(call Call, r Record) {
	if s == nil {
		return
	}
	var text strings.Builder
	err := encode(&text, brief{
		r.ID, r.AuditType, r.EventDateTime, r.UserUUID, r.SessionID, r.FormerSessionID, r.OrganisationName, r.ODSCode,
		r.BusinessFunction, r.ASID, r.Outcome, r.Reference, r.DurationMS,
	})
	if err != nil {
		s.report(err)
		return
	}
	select {
	case s.lines <- systemLine{call, text.String(), r.Reference != ""}:
	default:
		s.report(errSystemLogBusy)
	}
}

// close sends what waits, until ctx ends.
func (s *systemLog) close(ctx context.Context) {
	if s == nil {
		return
	}
	defer s.cancel()
	s.once.Do(func() { close(s.ending) })
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}
