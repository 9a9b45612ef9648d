package erstest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// FaultKind is a kind of failure.
type FaultKind string

// The faults.
const (
	// Slow answers correctly after Fault.Delay.
	Slow FaultKind = "slow"
	// CutBefore cuts the connection without handling the call.
	CutBefore FaultKind = "cut-before"
	// CutAfter handles the call and then cuts the connection without an answer.
	CutAfter FaultKind = "cut-after"
	// CutDuring handles the call and cuts the connection in the middle of the answer.
	CutDuring FaultKind = "cut-during"
	// Hang never answers. The call ends with the connection or the server.
	Hang FaultKind = "hang"
	// HTML answers with a web page and Fault.Status, or 200.
	HTML FaultKind = "html"
	// TruncatedJSON handles the call and answers with the first half of the JSON, in an otherwise
	// complete message.
	TruncatedJSON FaultKind = "truncated-json"
	// HugeBody answers success with two megabytes of JSON.
	HugeBody FaultKind = "huge-body"
	// Status answers with Fault.Status and no body.
	Status FaultKind = "status"
	// Outcome answers 422 with an OperationOutcome whose text is Fault.Diagnostics.
	Outcome FaultKind = "outcome"
	// Redirect answers 302 to another path on the same server.
	Redirect FaultKind = "redirect"
)

// Bounds on orders.
const (
	maxFaults = 100
	maxDelay  = time.Minute
	hugeBody  = 2 << 20
)

// Fault is a failure ordered for a call.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Times is how many calls meet the fault; 0 means 1.
	Times int `json:"times,omitempty"`
	// Handled carries the call out first, for the kinds that leave it open (Hang, HTML, Status,
	// Redirect): a gateway that gives up waiting answers 504 to a call that e-RS may have handled.
	Handled bool `json:"handled,omitempty"`
	// Delay is how long Slow waits, a minute at most.
	Delay time.Duration `json:"delay,omitempty"`
	// Status is the HTTP status of Status and HTML.
	Status int `json:"status,omitempty"`
	// RetryAfter is sent with Status if not empty: seconds, or an HTTP date.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Diagnostics is the text of Outcome.
	Diagnostics string `json:"diagnostics,omitempty"`
}

// valid returns what is wrong with an order, or nil.
func (f Fault) valid() error {
	switch f.Kind {
	case Slow:
		if f.Delay < 0 || f.Delay > maxDelay {
			return fmt.Errorf("a delay is between 0 and %v", maxDelay)
		}
	case Status:
		if f.Status < 200 || f.Status > 599 {
			return errors.New("a status is between 200 and 599")
		}
	case HTML:
		if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
			return errors.New("a status is between 200 and 599")
		}
	case CutBefore, CutAfter, CutDuring, Hang, TruncatedJSON, HugeBody, Outcome, Redirect:
	default:
		return fmt.Errorf("there is no fault %q", f.Kind)
	}
	return nil
}

// faults holds the orders waiting for their calls.
type faults struct {
	mu      sync.Mutex
	waiting map[Call][]Fault
}

func (f *faults) add(call Call, fault Fault) error {
	if call != A001 && call != A002 && call != A003 {
		return fmt.Errorf("there is no call %q", call)
	}
	if err := fault.valid(); err != nil {
		return err
	}
	times := max(fault.Times, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting[call])+times > maxFaults {
		return fmt.Errorf("more than %d faults are waiting for %s", maxFaults, call)
	}
	if f.waiting == nil {
		f.waiting = make(map[Call][]Fault)
	}
	for range times {
		f.waiting[call] = append(f.waiting[call], fault)
	}
	return nil
}

func (f *faults) drop(call Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiting, call)
}

func (f *faults) take(call Call) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting[call]) == 0 {
		return Fault{}, false
	}
	fault := f.waiting[call][0]
	f.waiting[call] = f.waiting[call][1:]
	return fault, true
}

// fail answers a call as ordered. handle carries the call out.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, call Call, fault Fault, handle func() reply) {
	if fault.Handled && fault.Kind != Slow {
		handled := handle()
		handle = func() reply { return handled }
	}
	switch fault.Kind {
	case Slow:
		if !s.wait(r, fault.Delay) {
			s.cut(r, call)
		}
		s.send(w, r, call, handle())
	case CutBefore:
		s.cut(r, call)
	case CutAfter:
		handle()
		s.cut(r, call)
	case CutDuring:
		s.cutDuring(w, r, call, handle())
	case Hang:
		// The journal has it while it hangs.
		s.journal.add(Request{call, r.Method, 0})
		s.wait(r, -1)
		panic(http.ErrAbortHandler)
	case HTML:
		page := reply{http.StatusOK, map[string]string{"Content-Type": "text/html; charset=utf-8"}, []byte(htmlPage)}
		if fault.Status != 0 {
			page.status = fault.Status
		}
		s.send(w, r, call, page)
	case TruncatedJSON:
		whole := handle()
		whole.body = whole.body[:len(whole.body)/2]
		s.send(w, r, call, whole)
	case HugeBody:
		huge := answered(successOf(call), struct {
			Padding []byte `json:"padding"`
		}{bytes.Repeat([]byte("e-RS"), hugeBody/4)})
		s.send(w, r, call, huge)
	case Status:
		plain := refused(fault.Status)
		if fault.RetryAfter != "" {
			plain.header = map[string]string{"Retry-After": fault.RetryAfter}
		}
		s.send(w, r, call, plain)
	case Outcome:
		s.send(w, r, call, invalid(fault.Diagnostics))
	case Redirect:
		s.send(w, r, call, reply{http.StatusFound, map[string]string{"Location": s.URL + "/elsewhere"}, nil})
	}
}

const htmlPage = "<!DOCTYPE html><html><head><title>Sign in to the guest network</title></head><body>Welcome</body></html>"

func successOf(call Call) int {
	if call == A001 {
		return http.StatusCreated
	}
	return http.StatusOK
}

// wait returns true after delay, or false if the client or the server ends first. A negative delay
// never ends.
func (s *Server) wait(r *http.Request, delay time.Duration) bool {
	var due <-chan time.Time
	if delay >= 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
		return true
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}

// cut ends the connection without an answer. It does not return.
func (s *Server) cut(r *http.Request, call Call) {
	s.journal.add(Request{call, r.Method, 0})
	panic(http.ErrAbortHandler)
}

// cutDuring sends half of an answer whose whole length was announced, and ends the connection. It
// does not return.
func (s *Server) cutDuring(w http.ResponseWriter, r *http.Request, call Call, whole reply) {
	for name, value := range whole.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(whole.body)))
	w.WriteHeader(whole.status)
	_, _ = w.Write(whole.body[:len(whole.body)/2])
	// Flush fails if the client has disconnected, and then there is nothing to cut.
	_ = http.NewResponseController(w).Flush()
	s.cut(r, call)
}
