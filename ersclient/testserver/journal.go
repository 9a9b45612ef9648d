package testserver

import (
	"slices"
	"sync"
)

const maxJournal = 1000

// Request is a call that was made, without secrets.
type Request struct {
	// Call is empty for any other request.
	Call   Call   `json:"call"`
	Method string `json:"method"`
	// Status is 0 if the connection was cut instead.
	Status int `json:"status"`
}

// journal has the last requests.
type journal struct {
	mu       sync.Mutex
	requests []Request
}

func (j *journal) add(request Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests[max(0, len(j.requests)-maxJournal+1):], request)
}

func (j *journal) list() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.requests)
}
