package pcsc

import "github.com/ers-login/ers-login/smartcard/pcsc/presence"

// Event is one change that [Watch] reports.
type Event struct {
	Kind presence.Kind
	// Reader is the reader's name as PC/SC gives it. It is empty for ServiceGone and ServiceBack.
	Reader string
	// Err is why the service is gone: its chain holds a [Code] if the service gave one. It is nil for every other kind.
	Err error
}
