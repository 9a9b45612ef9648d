package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// recorder writes records for either platform.
type recorder struct {
	log      *Log
	required bool
	sessions memory
}

func (r *recorder) begin(call Call) Event {
	return Event{Call: call, Began: r.log.settings.Now()}
}

// Ready fails with [Required] if records are required and none can be written. Call it before a code
// is redeemed. It leaves an ended ctx to the call that follows.
func (r *recorder) Ready(ctx context.Context) error {
	if !r.required || ctx.Err() != nil {
		return nil
	}
	if err := r.log.Ready(ctx); err != nil && ctx.Err() == nil {
		return r.refuse(err)
	}
	return nil
}

// signIn records a call of a sign-in, and returns its error.
func (r *recorder) signIn(ctx context.Context, event Event, err error) error {
	unwritten := r.record(ctx, event, err)
	if err == nil && unwritten != nil && r.required {
		return r.refuse(unwritten)
	}
	return err
}

func (r *recorder) refuse(err error) error {
	return Required.With("Folder", r.log.settings.Dir).Because(err)
}

// record records a call that was made, even if its caller has given up.
func (r *recorder) record(ctx context.Context, event Event, err error) error {
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

// remembered is what later records say of a session.
type remembered struct {
	// key is a digest of the session's key or access token, refresh one of its refresh token.
	key, refresh [sha256.Size]byte
	// name is that of the session in its records.
	name, user string
	selected   ersclient.Permission
}

// memory keeps what is known of the last maxKnown sessions. It is safe for concurrent use.
type memory struct {
	mu  sync.Mutex
	all []remembered
}

// find returns the session that a key or token belongs to, the zero value if it is not known.
func (m *memory) find(of secret.Text) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	digest := digestOf(of)
	i := slices.IndexFunc(m.all, func(known remembered) bool { return known.key == digest || known.refresh == digest })
	if i < 0 || of.IsZero() {
		return remembered{}
	}
	return m.all[i]
}

// keep adds a session, or replaces the one of the same name.
func (m *memory) keep(made remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.IndexFunc(m.all, func(known remembered) bool { return known.name == made.name }); i >= 0 {
		m.all[i] = made
		return
	}
	m.all = append(m.all, made)
	m.all = m.all[max(0, len(m.all)-maxKnown):]
}
