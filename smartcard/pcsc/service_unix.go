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
// There must be one Context at most: neither the binding nor libpcsclite 1.9 keeps waiting contexts
// of one process apart.
func establish() (Context, error) {
	context, err := scard.EstablishContext()
	if err != nil {
		return nil, coded(err)
	}
	return service{context}, nil
}

// service is a Context on top of the binding.
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

// coded adds a Code to the chain of the binding's error.
func coded(err error) error {
	var code scard.Error
	if !errors.As(err, &code) {
		return err
	}
	return fmt.Errorf("%w: %w", Code(code), err)
}
