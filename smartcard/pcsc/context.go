package pcsc

import (
	"errors"
	"fmt"
	"time"
)

// Context is one connection to the PC/SC service, with the calls that presence needs. Their errors
// have a [Code] in their chain. Only Cancel may be called while another call is under way.
type Context interface {
	// ListReaders returns the readers' names (SCardListReaders). The error is ErrNoReadersAvailable if there are none.
	ListReaders() ([]string, error)
	// GetStatusChange waits until a reader's state differs from its Current, and fills in Event
	// (SCardGetStatusChange). StateUnaware as Current ends the wait at once. The error is
	// ErrTimeout after limit (in whole milliseconds), and ErrCancelled after Cancel.
	GetStatusChange(readers []ReaderState, limit time.Duration) error
	// Cancel ends a waiting GetStatusChange (SCardCancel). It has no effect on one that has yet to
	// begin.
	Cancel() error
	// Release ends the connection (SCardReleaseContext).
	Release() error
}

// ReaderState is SCARD_READERSTATE without the fields about the card.
type ReaderState struct {
	Reader string
	// Current is the state that the caller knows, Event the actual one.
	Current, Event State
}

// State is a reader's: flags in the lower 16 bits, a count in the upper. For a reader it counts how often a card was put in
// or taken out, for the reader \\?PnP?\Notification the readers there are (Windows), or how often one came or went
// (pcsc-lite since 2.3).
type State uint32

// The flags (SCARD_STATE_…) that bear on presence.
const (
	StateUnaware     State = 0x0000
	StateIgnore      State = 0x0001
	StateChanged     State = 0x0002
	StateUnknown     State = 0x0004
	StateUnavailable State = 0x0008
	StateEmpty       State = 0x0010
	StatePresent     State = 0x0020
)

// count returns the upper 16 bits.
func (s State) count() uint16 { return uint16(s >> 16) }

// Code is an error of PC/SC (SCARD_E_…, SCARD_F_…, SCARD_W_…), the same number on every platform.
type Code uint32

// The codes that this package distinguishes.
const (
	ErrCancelled          Code = 0x80100002
	ErrInsufficientBuffer Code = 0x80100008
	ErrUnknownReader      Code = 0x80100009
	ErrTimeout            Code = 0x8010000A
	ErrReaderUnavailable  Code = 0x80100017
	ErrNoReadersAvailable Code = 0x8010002E
)

// Error returns the code in hexadecimal, as documentation has it.
func (c Code) Error() string { return fmt.Sprintf("PC/SC error 0x%08X", uint32(c)) }

// codeIn returns the Code in an error's chain, 0 for none.
func codeIn(err error) (code Code) {
	errors.As(err, &code)
	return code
}
