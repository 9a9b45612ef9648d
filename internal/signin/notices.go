package signin

import (
	"slices"
	"sync"

	"github.com/ers-login/ers-login/internal/problem"
)

// Board collects the notices of other packages: a certificate about to expire, a clock that
// is wrong, an audit log that cannot be written. Each source has one notice at a time, and takes it
// back when all is well again. It is safe for concurrent use, before a flow runs and after it.
type Board struct {
	mu      sync.Mutex
	order   []string
	notices map[string]Notice
	latest  chan []Notice
}

// NewBoard makes an empty board.
func NewBoard() *Board {
	return &Board{notices: map[string]Notice{}, latest: make(chan []Notice, 1)}
}

// Set puts a source's notice up, or takes it down if there is no problem. It never blocks.
func (b *Board) Set(source string, found *problem.Problem) { b.set(source, Notice{Problem: found}) }

// SetQuiet is Set for what is of interest only to a user who looks for what is wrong.
func (b *Board) SetQuiet(source string, found *problem.Problem) {
	b.set(source, Notice{Problem: found, Quiet: true})
}

// SetInstead is Set for what keeps a user who waits from signing in, such as a blocked smartcard.
func (b *Board) SetInstead(source string, found *problem.Problem) {
	b.set(source, Notice{Problem: found, Instead: true})
}

func (b *Board) set(source string, notice Notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.order, source) {
		b.order = append(b.order, source)
	}
	b.notices[source] = notice
	b.deliver()
}

// Repeat delivers the present list once more, to another reader than before.
func (b *Board) Repeat() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deliver()
}

// deliver delivers the list. Only the latest one is of interest. The caller holds the mutex, so that
// there is no other sender, and room after one was taken out.
func (b *Board) deliver() {
	select {
	case <-b.latest:
	default:
	}
	b.latest <- b.list()
}

func (b *Board) list() []Notice {
	var list []Notice
	for _, source := range b.order {
		if notice := b.notices[source]; notice.Problem != nil {
			list = append(list, notice)
		}
	}
	return list
}

// Changes delivers the whole list when it has changed, the latest one only. It has one reader at a
// time.
func (b *Board) Changes() <-chan []Notice { return b.latest }
