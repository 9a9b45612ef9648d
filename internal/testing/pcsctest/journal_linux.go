package pcsctest

import (
	"strings"
	"sync"
)

// journal reads the daemon's log: when it is ready, and which cards it has seen removed.
type journal struct {
	mutex   sync.Mutex
	line    string   // what is there of the line that has no end yet
	lines   []string // the last ones
	ready   chan struct{}
	begun   bool
	removed map[string]int // by reader
	more    chan struct{}  // closed and made anew with each removal
}

// maxLines is how many lines are kept. The daemon writes fewer until it is ready.
const maxLines = 100

func newJournal() *journal {
	return &journal{ready: make(chan struct{}), more: make(chan struct{}), removed: map[string]int{}}
}

func (j *journal) Write(text []byte) (int, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	lines := strings.Split(j.line+string(text), "\n")
	j.line = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		j.read(line)
	}
	return len(text), nil
}

func (j *journal) read(line string) {
	j.lines = append(j.lines, line)
	if len(j.lines) > maxLines {
		j.lines = j.lines[1:]
	}
	if _, reader, ok := strings.Cut(line, "Card Removed From "); ok {
		j.removed[reader]++
		close(j.more)
		j.more = make(chan struct{})
	}
	if !j.begun && strings.HasSuffix(line, "daemon ready.") {
		j.begun = true
		close(j.ready)
	}
}

// removals returns how often a card has gone from a reader, and what is closed when one goes again.
func (j *journal) removals(reader string) (int, <-chan struct{}) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.removed[reader], j.more
}

// String returns the end of the journal.
func (j *journal) String() string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if len(j.lines) == 0 {
		return "it has written nothing"
	}
	return "it has written:\n" + strings.Join(j.lines, "\n")
}
