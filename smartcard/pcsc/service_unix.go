//go:build unix

package pcsc

import (
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"
)

// establish connects to pcscd (SCardEstablishContext), or to the service of macOS.
//
// Neither the binding nor libpcsclite 1.9 keeps the contexts of one process apart while they wait: there must be no more
// than one.
func establish() (Context, error) {
	context, err := scard.EstablishContext()
	if err != nil {
		return nil, coded(err)
	}
	return service{context}, nil
}

// service is a Context by means of the binding.
type service struct{ context *scard.Context }

func (s service) ListReaders() ([]string, error) {
	names, err := s.context.ListReaders()
	return names, coded(err)
}

func (s service) GetStatusChange(readers []ReaderState, limit time.Duration) error {
	states := make([]scard.ReaderState, len(readers))
	for i, reader := range readers {
		states[i] = scard.ReaderState{Reader: reader.Reader, CurrentState: scard.StateFlag(reader.Current)}
	}
	if err := s.context.GetStatusChange(states, limit); err != nil {
		return coded(err)
	}
	for i := range readers {
		readers[i].Event = State(states[i].EventState)
	}
	return nil
}

func (s service) Cancel() error  { return coded(s.context.Cancel()) }
func (s service) Release() error { return coded(s.context.Release()) }

// coded puts a Code in the chain of the binding's error, which has the words.
func coded(err error) error {
	var code scard.Error
	if !errors.As(err, &code) {
		return err
	}
	return fmt.Errorf("%w: %w", Code(code), err)
}
