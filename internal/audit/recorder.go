package audit

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// recorder writes records for either platform.
type recorder struct {
	log      *Log
	required bool
}

func (r recorder) begin(call Call) Event {
	return Event{Call: call, Began: r.log.settings.Now()}
}

// ready fails if a record is required and none can be written. It leaves an ended ctx to the call
// that follows.
func (r recorder) ready(ctx context.Context) error {
	if !r.required || ctx.Err() != nil {
		return nil
	}
	if err := r.log.Ready(ctx); err != nil && ctx.Err() == nil {
		return r.refuse(err)
	}
	return nil
}

// signIn records a call of a sign-in, and returns its error.
func (r recorder) signIn(ctx context.Context, event Event, err error) error {
	unwritten := r.record(ctx, event, err)
	if err == nil && unwritten != nil && r.required {
		return r.refuse(unwritten)
	}
	return err
}

func (r recorder) refuse(err error) error {
	return Required.With("Folder", r.log.settings.Dir).Because(err)
}

// record records a call that was made, even if its caller has given up.
func (r recorder) record(ctx context.Context, event Event, err error) error {
	event.Took = r.log.settings.Now().Sub(event.Began)
	event.Outcome, event.Reference = outcome(event.Call, err)
	return r.log.Append(context.WithoutCancel(ctx), event)
}

// outcome returns the status of e-RS's answer, or else the kind of failure, and the reference that
// the user sees.
func outcome(call Call, err error) (outcome, reference string) {
	if err == nil {
		return callNames[call].success, ""
	}
	reference = problem.Of(err).Code
	var status *transport.StatusError
	if errors.As(err, &status) {
		return strconv.Itoa(status.Status), reference
	}
	return reference, reference
}

// maxKnown bounds the remembered sessions. A flow has one, and seldom another to delete.
const maxKnown = 64

// memory keeps what later records say of the last maxKnown sessions. It is safe for concurrent use.
type memory[T any] struct {
	mu  sync.Mutex
	all []T
}

// find returns the session that is meant, and reports whether it is known.
func (m *memory[T]) find(meant func(T) bool) (session T, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.IndexFunc(m.all, meant); i >= 0 {
		return m.all[i], true
	}
	return session, false
}

// keep replaces the session that is meant, or adds it.
func (m *memory[T]) keep(made T, meant func(T) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.IndexFunc(m.all, meant); i >= 0 {
		m.all[i] = made
		return
	}
	m.all = append(m.all, made)
	m.all = m.all[max(0, len(m.all)-maxKnown):]
}
