package command

import (
	"context"
	"fmt"
	"io"
	"os"
)

// pipe is a pipe from a program. Its beginning is kept and the rest dropped, so that the program never waits for us.
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

// keep begins to read, once the program has its end of the pipe. If there is more than limit bytes, it calls overflow.
func (p *pipe) keep(limit int, overflow func()) {
	p.read = make(chan struct{})
	_ = p.writer.Close() // ours is a copy of the program's
	go func() {
		defer close(p.read)
		// An error here is the pipe being closed under a process that was left behind, and what came before it counts.
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

// ended waits until nobody holds the other end of the pipe any more, and returns false if the context ends first.
func (p *pipe) ended(ctx context.Context) bool {
	select {
	case <-p.read:
		return true
	case <-ctx.Done():
		return false
	}
}

// close ends the reading and the pipe. Closing it again does nothing.
func (p *pipe) close() {
	_ = p.writer.Close()
	_ = p.reader.Close()
	if p.read != nil {
		<-p.read
	}
}
