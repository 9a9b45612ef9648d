package testserver

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	// Body answers with Fault.Status and Fault.Body, JSON unless Fault.ContentType says otherwise.
	Body FaultKind = "body"
	// Drip answers correctly, one byte each Fault.Delay.
	Drip FaultKind = "drip"
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
	// Delay is how long Slow waits, and Drip before each byte, a minute at most.
	Delay time.Duration `json:"delay,omitempty"`
	// Status is the HTTP status of Status, Body and HTML.
	Status int `json:"status,omitempty"`
	// RetryAfter is sent with Status and Body if not empty: seconds, or an HTTP date.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Body and ContentType are those of Body.
	Body        string `json:"body,omitempty"`
	ContentType string `json:"contentType,omitempty"`
}

// Fault returns the fault that answers so.
func (r Reply) Fault() Fault {
	return Fault{Kind: Body, Status: r.Status, Body: string(r.Body), ContentType: r.Header["Content-Type"]}
}

// valid returns what is wrong with an order, or nil.
func (f Fault) valid() error {
	switch f.Kind {
	case Slow, Drip:
		if f.Delay < 0 || f.Delay > maxDelay {
			return fmt.Errorf("a delay is between 0 and %v", maxDelay)
		}
	case Status, Body, HTML:
		usual := f.Kind == HTML && f.Status == 0
		if !usual && (f.Status < 200 || f.Status > 599) {
			return errors.New("a status is between 200 and 599")
		}
	case CutBefore, CutAfter, CutDuring, Hang, TruncatedJSON, HugeBody, Redirect:
	default:
		return fmt.Errorf("there is no fault %q", f.Kind)
	}
	return nil
}

// Fail orders a fault for the next call of a kind. Up to a hundred faults queue for each kind of
// call.
func (s *Server) Fail(call Call, fault Fault) error {
	if _, defined := s.calls[call]; !defined {
		return fmt.Errorf("there is no call %q", call)
	}
	if err := fault.valid(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	times := max(fault.Times, 1)
	if len(s.waiting[call])+times > maxFaults {
		return fmt.Errorf("more than %d faults are waiting for %s", maxFaults, call)
	}
	s.waiting[call] = append(s.waiting[call], slices.Repeat([]Fault{fault}, times)...)
	return nil
}

// Forgive drops the faults that wait for a kind of call.
func (s *Server) Forgive(call Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, call)
}

func (s *Server) take(call Call) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting[call]) == 0 {
		return Fault{}, false
	}
	fault := s.waiting[call][0]
	s.waiting[call] = s.waiting[call][1:]
	return fault, true
}

// fail answers a call as ordered. handle carries the call out.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, call Call, fault Fault, handle func() Reply) {
	if fault.Handled && fault.Kind != Slow && fault.Kind != Drip {
		handled := handle()
		handle = func() Reply { return handled }
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
		header := map[string]string{"Content-Type": "text/html; charset=utf-8"}
		s.send(w, r, call, Reply{cmp.Or(fault.Status, http.StatusOK), header, []byte(htmlPage)})
	case TruncatedJSON:
		whole := handle()
		whole.Body = whole.Body[:len(whole.Body)/2]
		s.send(w, r, call, whole)
	case HugeBody:
		s.send(w, r, call, JSON(s.calls[call], map[string]any{"padding": bytes.Repeat([]byte("e-RS"), hugeBody/4)}))
	case Status:
		s.send(w, r, call, fault.answer(map[string]string{}))
	case Body:
		s.send(w, r, call, fault.answer(map[string]string{"Content-Type": cmp.Or(fault.ContentType, jsonType)}))
	case Drip:
		s.drip(w, r, call, fault.Delay, handle())
	case Redirect:
		s.send(w, r, call, Reply{http.StatusFound, map[string]string{"Location": "/elsewhere"}, nil})
	}
}

const htmlPage = "<!DOCTYPE html><html><head><title>Sign in to the guest network</title></head><body>Welcome</body></html>"

// answer is that of Status and Body.
func (f Fault) answer(header map[string]string) Reply {
	if f.RetryAfter != "" {
		header["Retry-After"] = f.RetryAfter
	}
	return Reply{f.Status, header, []byte(f.Body)}
}

// wait returns true after delay, or false if the client or the server ends first. A negative delay
// never ends.
func (s *Server) wait(r *http.Request, delay time.Duration) bool {
	var due <-chan time.Time
	if delay >= 0 {
		due = time.After(delay)
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
func (s *Server) cutDuring(w http.ResponseWriter, r *http.Request, call Call, whole Reply) {
	whole.begin(w)
	_, _ = w.Write(whole.Body[:len(whole.Body)/2])
	// Flush fails if the client has disconnected, and then there is nothing to cut.
	_ = http.NewResponseController(w).Flush()
	s.cut(r, call)
}

// drip sends an answer byte by byte, until the client or the server ends.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, call Call, delay time.Duration, whole Reply) {
	s.journal.add(Request{call, r.Method, whole.Status})
	whole.begin(w)
	for i := range whole.Body {
		if !s.wait(r, delay) {
			panic(http.ErrAbortHandler)
		}
		// A client that disconnected ends the wait.
		_, _ = w.Write(whole.Body[i : i+1])
		_ = http.NewResponseController(w).Flush()
	}
}

// begin writes the header, with the length of the whole body.
func (r Reply) begin(w http.ResponseWriter) {
	for name, value := range r.Header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	w.WriteHeader(r.Status)
}
