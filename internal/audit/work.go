package audit

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// wakeUp has the worker look at what there is to do.
func (l *Log) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// work writes records until the log is closed.
func (l *Log) work() {
	defer close(l.done)
	retry := time.NewTicker(l.settings.retryEvery)
	defer retry.Stop()
	for {
		select {
		case <-l.wake:
			l.turn()
		case <-retry.C:
			l.turn()
		case <-l.closing:
			l.turn()
			return
		}
	}
}

// turn writes all that waits, and passes the result to every waiting caller. If nothing waits and
// there was trouble, it finds out whether it has passed.
func (l *Log) turn() {
	l.mu.Lock()
	batch, probes := l.pending[:len(l.pending):len(l.pending)], l.probes
	l.probes = nil
	idle := len(batch) == 0 && len(probes) == 0 && l.fileTrouble == nil
	l.mu.Unlock()
	if idle {
		return
	}

	unwritten := l.write(batch)
	err := unwritten
	if err == nil && (len(probes) > 0 || len(batch) == 0) {
		err = l.persist(l.folder.probe)
	}
	l.sendBriefs(batch)

	l.mu.Lock()
	l.fileTrouble = nil
	if err != nil {
		l.fileTrouble = problemOf(l.settings.Dir, err)
		err = l.fileTrouble
	}
	if unwritten != nil {
		unwritten = l.fileTrouble
	} else {
		// Only this goroutine takes away from the front.
		l.pending = append([]*entry(nil), l.pending[len(batch):]...)
	}
	for _, entry := range batch {
		entry.finish(unwritten)
	}
	for _, probe := range probes {
		probe <- err
	}
	l.mu.Unlock()
	l.announce()
}

// finish passes the result to the caller that waits for the record. At a later attempt none does.
func (e *entry) finish(err error) {
	select {
	case e.result <- err:
	default:
	}
}

// write writes a batch of records, and gives them their numbers.
func (l *Log) write(batch []*entry) error {
	if len(batch) == 0 {
		return nil
	}
	records := make([]Record, len(batch))
	for i, entry := range batch {
		records[i] = entry.record
	}
	var first int64
	err := l.persist(func() error {
		var err error
		first, err = l.folder.write(records)
		return err
	})
	if err != nil {
		return err
	}
	for i, entry := range batch {
		entry.record.ID = first + int64(i)
	}
	return nil
}

// persist does something again whose error goes away within moments.
func (l *Log) persist(do func() error) error {
	for tried := 1; ; tried++ {
		err := do()
		if err == nil || !isPassing(err) || tried == again {
			return err
		}
		time.Sleep(againAfter)
	}
}

// sendBriefs sends the system log the records that it has not got yet, also those that could not be
// written to the file: without a number then, as their only trace.
func (l *Log) sendBriefs(batch []*entry) {
	for _, entry := range batch {
		if !entry.sent {
			entry.sent = true
			entry.brief.ID = entry.record.ID
			l.system.send(entry.call, entry.brief)
		}
	}
}

// await waits for a result. If ctx ends first, the log is in trouble until there is one.
func (l *Log) await(ctx context.Context, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	l.mu.Lock()
	select {
	case err := <-result:
		l.mu.Unlock()
		return err
	default:
	}
	slow := problemOf(l.settings.Dir, errors.Join(errSlow, ctx.Err()))
	l.fileTrouble = slow
	l.mu.Unlock()
	l.announce()
	return slow
}

// onSystemLog notes how the system log took a record.
func (l *Log) onSystemLog(err error) {
	l.mu.Lock()
	l.systemTrouble = nil
	if err != nil {
		l.systemTrouble = SystemLogFailed.Because(err)
	}
	l.mu.Unlock()
	l.announce()
}

// trouble returns the file's failure, which matters more, or the system log's.
func (l *Log) trouble() *problem.Problem {
	if l.fileTrouble != nil {
		return l.fileTrouble
	}
	return l.systemTrouble
}

// announce reports the latest trouble, if it has changed since the last time.
func (l *Log) announce() {
	l.announcing.Lock()
	defer l.announcing.Unlock()
	trouble, code := l.Trouble(), ""
	if trouble != nil {
		code = trouble.Code
	}
	if code == l.announced {
		return
	}
	l.announced = code
	if trouble != nil {
		l.settings.Log.WithError(trouble).Error("audit log")
	} else {
		l.settings.Log.Info("audit log: all is well again")
	}
	l.settings.Trouble(trouble)
}
