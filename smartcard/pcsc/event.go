package pcsc

import "github.com/ers-login/ers-login/smartcard/pcsc/presence"

// Event is one change that [Watch] reports.
type Event struct {
	Kind presence.Kind
	// Reader is the reader's name as PC/SC gives it. It is empty for ServiceGone and ServiceBack.
	Reader string
	// Err is why the service is gone: its chain holds a [Reason], and a [Code] if the service gave one. It is nil for every
	// other kind.
	Err error
}

// Reason is why there is no PC/SC service. Every one may pass, and the service is tried again.
type Reason string

// The reasons of a ServiceGone.
const (
	// NoService: none is running. Windows stops its own with the last reader, so this may only mean
	// that there is no reader.
	NoService Reason = "no-service"
	// ServiceStopped: it is being stopped, or was during a call.
	ServiceStopped Reason = "service-stopped"
	// ConnectionLost: it no longer answers this connection. The next event reports on a new one.
	ConnectionLost Reason = "connection-lost"
	// AccessDenied: it refuses this user (on Linux, by a rule of polkit).
	AccessDenied Reason = "access-denied"
	// ServiceFailing: it returns any other error.
	ServiceFailing Reason = "service-failing"
)

// Error returns the reason in words, for logs.
func (r Reason) Error() string {
	switch r {
	case NoService:
		return "there is no PC/SC service"
	case ServiceStopped:
		return "the PC/SC service has been stopped"
	case ConnectionLost:
		return "the connection to the PC/SC service has been lost"
	case AccessDenied:
		return "the PC/SC service is not for this user"
	case ServiceFailing:
		return "the PC/SC service does not work"
	}
	return string(r)
}
