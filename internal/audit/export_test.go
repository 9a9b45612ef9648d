package audit

import "time"

// SendingTo has the system log's lines sent to these sockets.
func (s Settings) SendingTo(addresses ...string) Settings {
	s.SystemLog, s.systemLogAt = true, addresses
	return s
}

// TryingEvery has records that wait tried again that often.
func (s Settings) TryingEvery(pause time.Duration) Settings {
	s.retryEvery = pause
	return s
}

// Bounds that tests go up to.
const (
	MaxPending = maxPending
	MaxSegment = maxSegment
	MaxKnown   = maxKnown
	Shortest   = shortest
	Tail       = tail
	MaxLines   = maxLines
	Highest    = highest
)

// Kinds of errors.
var (
	IsFull    = isFull
	IsPassing = isPassing
)
