package pcsc

import "github.com/ers-login/ers-login/smartcard/pcsc/presence"

// Kind is what an [Event] tells. Its String is the name by which the helper process tells of it.
type Kind = presence.Kind

// The kinds of events, in the words of package presence.
const (
	ReaderConnected    = presence.ReaderConnected
	ReaderDisconnected = presence.ReaderDisconnected
	CardInserted       = presence.CardInserted
	CardRemoved        = presence.CardRemoved
	ServiceGone        = presence.ServiceGone
	ServiceBack        = presence.ServiceBack
)

// ParseKind returns the kind with that name, and whether there is one.
func ParseKind(name string) (Kind, bool) { return presence.ParseKind(name) }

// Event is one piece of news from [Watch].
type Event struct {
	Kind Kind
	// Reader is the reader's name as PC/SC gives it. It is empty for ServiceGone and ServiceBack.
	Reader string
	// Err is why the service is gone: its chain holds a [Reason], and a [Code] if the service gave one. It is nil for every
	// other kind.
	Err error
}

// Reason is why there is no PC/SC service to ask. All of them may pass, and all are tried again.
type Reason string

// The reasons of a ServiceGone.
const (
	// NoService: none is running. Windows stops its own with the last reader, so this may mean no more than that there is
	// none.
	NoService Reason = "no-service"
	// ServiceStopped: it is being stopped, or was while it was asked.
	ServiceStopped Reason = "service-stopped"
	// ConnectionLost: it no longer answers this connection. Whether it answers another is known with the next event.
	ConnectionLost Reason = "connection-lost"
	// AccessDenied: it is there, but not for this user (on Linux, a rule of polkit).
	AccessDenied Reason = "access-denied"
	// ServiceFailing: it answers with an error that is none of the above.
	ServiceFailing Reason = "service-failing"
)

// Error returns the reason in words, for the log.
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
