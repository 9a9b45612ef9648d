package audit

import (
	"context"
	"errors"
	"slices"
	"time"
)

// flush writes what waits and, if check is set, finds out whether more could be written.
func (l *Log) flush(ctx context.Context, check bool) error {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	result := make(chan error, 1)
	select {
	case l.turn <- struct{}{}:
		go func() {
			l.write(check, result)
			<-l.turn
			l.announce()
		}()
	case <-ctx.Done():
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return l.giveUp(ctx, result)
	}
}

// write does the work of flush, in its turn, and sends the result.
func (l *Log) write(check bool, result chan<- error) {
	l.mu.Lock()
	batch := slices.Clone(l.pending)
	if len(batch) == 0 && (!check || l.closed) {
		// Another turn has written the record that this one was for.
		result <- nil
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()

	err := persist(func() error { return l.folder.write(batch) })
	written := err == nil
	if written && check {
		err = persist(l.folder.probe)
	}
	l.sendBriefs(batch)

	l.mu.Lock()
	defer l.mu.Unlock()
	if written {
		l.pending = slices.Delete(l.pending, 0, len(batch))
	}
	result <- l.settle(err)
}

// giveUp returns the result of flush if there is one by now. Otherwise the log is in trouble until a
// later one, unless the caller was cancelled, which says nothing of the disk.
func (l *Log) giveUp(ctx context.Context, result <-chan error) error {
	defer l.announce()
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case err := <-result:
		return err
	default:
	}
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		l.schedule()
		return problemOf(l.settings.Dir, err)
	}
	return l.settle(errors.Join(errSlow, ctx.Err()))
}

// settle keeps err as the present trouble, nil if there is none, and returns it. The caller holds mu.
func (l *Log) settle(err error) error {
	l.fileTrouble = nil
	if err != nil {
		l.fileTrouble = problemOf(l.settings.Dir, err)
		err = l.fileTrouble
	}
	l.schedule()
	return err
}

// schedule has what waits tried again: after a pause, or at once if nothing stands in its way. The
// caller holds mu.
func (l *Log) schedule() {
	if l.retry != nil {
		l.retry.Stop()
	}
	switch {
	case l.closed:
	case l.fileTrouble != nil:
		l.retry = time.AfterFunc(l.settings.retryEvery, func() { _ = l.flush(context.Background(), true) })
	case len(l.pending) > 0:
		l.retry = time.AfterFunc(0, func() { _ = l.flush(context.Background(), false) })
	}
}

// persist does something again whose error goes away within moments.
func persist(do func() error) error {
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

// noteSystemLog notes how the system log took a record.
func (l *Log) noteSystemLog(err error) {
	l.mu.Lock()
	l.systemTrouble = nil
	if err != nil {
		l.systemTrouble = SystemLogFailed.Because(err)
	}
	l.mu.Unlock()
	l.announce()
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
