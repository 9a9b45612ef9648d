package command

import (
	"context"
	"fmt"
	"io"
	"os"
)

// pipe keeps the beginning of what a program writes and drops the rest, so that the program never
// blocks.
type pipe struct {
	reader, writer *os.File
	read           chan struct{} // closed at the end of the reading; then the two below are settled; nil before keep
	kept           []byte
	overflowed     bool
}

func newPipe() (*pipe, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("could not make a pipe: %w", err)
	}
	return &pipe{reader: reader, writer: writer}, nil
}

// keep starts reading; call it once the program has its end of the pipe. Beyond limit bytes it
// calls overflow.
func (p *pipe) keep(limit int, overflow func()) {
	p.read = make(chan struct{})
	_ = p.writer.Close() // ours is a copy of the program's
	go func() {
		defer close(p.read)
		// An error means that the pipe was closed under a process left behind. What came before
		// counts.
		kept, _ := io.ReadAll(io.LimitReader(p.reader, int64(limit)+1))
		p.kept = kept[:min(len(kept), limit)]
		if len(kept) <= limit {
			return
		}
		p.overflowed = true
		if overflow != nil {
			overflow()
		}
		_, _ = io.Copy(io.Discard, p.reader)
	}()
}

// ended waits until no process holds the other end of the pipe, and returns false if ctx ends
// first.
func (p *pipe) ended(ctx context.Context) bool {
	select {
	case <-p.read:
		return true
	case <-ctx.Done():
		return false
	}
}

// close ends the reading and closes the pipe. It may be called again.
func (p *pipe) close() {
	_ = p.writer.Close()
	_ = p.reader.Close()
	if p.read != nil {
		<-p.read
	}
}
