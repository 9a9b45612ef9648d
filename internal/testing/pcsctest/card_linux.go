package pcsctest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Card is a virtual card in a reader. It answers a reset and refuses every command.
type Card struct {
	daemon *process
	reader string
	conn   *net.TCPConn

	powered chan struct{} // closed when the daemon has asked for the card's kind and has the answer
	ended   chan struct{} // closed when the driver has given the card up
	removal sync.Once
	err     error // of the removal
}

// Insert puts a card into the first reader, and returns when the daemon has seen it.
func (d *Daemon) Insert() (*Card, error) { return d.InsertInto(0) }

// InsertInto puts a card into slot 0 or 1, which must be empty.
func (d *Daemon) InsertInto(slot int) (*Card, error) {
	if d.process == nil || slot < 0 || slot >= len(d.Readers()) {
		return nil, fmt.Errorf("could not insert a card: there is no reader %d", slot)
	}
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	conn, err := dial(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(d.base+slot)))
	if err != nil {
		return nil, fmt.Errorf("could not insert a card: %w", err)
	}
	card := &Card{
		daemon: d.process, reader: d.Readers()[slot], conn: conn,
		powered: make(chan struct{}), ended: make(chan struct{}),
	}
	go card.serve()
	select {
	case <-card.powered:
		return card, nil
	case <-card.ended:
		err = errors.New("the reader has thrown it out")
	case <-ctx.Done():
		err = errors.New("pcscd does not see it")
	}
	return nil, errors.Join(fmt.Errorf("could not insert a card: %w", err), conn.Close())
}

func dial(ctx context.Context, address string) (*net.TCPConn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", address)
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the connection is a %T", conn), conn.Close())
	}
	return tcp, nil
}

// Remove takes the card out, and returns when the daemon has seen that: it may poll, and take the
// next card for the same. A second call does nothing.
func (c *Card) Remove() error {
	c.removal.Do(func() { c.err = c.remove() })
	return c.err
}

func (c *Card) remove() error {
	before, _ := c.daemon.journal.removals(c.reader)
	err := c.conn.Close()
	<-c.ended
	limit := time.After(patience)
	for {
		count, more := c.daemon.journal.removals(c.reader)
		if count > before {
			return err
		}
		select {
		case <-more:
		case <-c.daemon.exited: // and the card with it
			return err
		case <-limit:
			return errors.Join(err, fmt.Errorf("pcscd has not seen the removal of a card after %s", patience))
		}
	}
}

// The reader's requests of one byte. Only the last has an answer; the rest are power off and reset.
const (
	powerOn = 1
	askATR  = 4
)

// The card's answers, each after its length in two bytes, big-endian: to a reset, the shortest that the standard allows; to
// every command, that it does not know it.
var (
	atr        = []byte{0, 2, 0x3B, 0x00}
	notCommand = []byte{0, 2, 0x6D, 0x00}
)

// serve answers the reader until the connection ends.
func (c *Card) serve() {
	defer close(c.ended)
	var on, answered bool
	for {
		c.acknowledge()
		message, err := receive(c.conn)
		if err != nil {
			return // it was removed, or the daemon has ended
		}
		switch {
		case len(message) > 1:
			_, err = c.conn.Write(notCommand)
		case len(message) == 1 && message[0] == askATR:
			if _, err = c.conn.Write(atr); on && !answered {
				answered = true
				close(c.powered)
			}
		case len(message) == 1 && message[0] == powerOn:
			on = true
		}
		if err != nil {
			return
		}
	}
}

// acknowledge makes the kernel acknowledge what it has received and receives next. Otherwise it
// delays that by 40 ms, and the driver waits as long before its next request.
func (c *Card) acknowledge() {
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return // the next read returns the reason
	}
	_ = raw.Control(func(socket uintptr) {
		_ = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) // it is slower without
	})
}

// receive reads a message and strips its length.
func receive(from io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(from, message)
	return message, err
}
