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

// journal is a ring of the last requests.
type journal struct {
	mu       sync.Mutex
	requests []Request
	// oldest is the index of the next entry once the ring is full.
	oldest int
}

func (j *journal) add(request Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.requests) < maxJournal {
		j.requests = append(j.requests, request)
		return
	}
	j.requests[j.oldest] = request
	j.oldest = (j.oldest + 1) % maxJournal
}

func (j *journal) list() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Concat(j.requests[j.oldest:], j.requests[:j.oldest])
}
