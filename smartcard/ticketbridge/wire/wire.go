// Package wire names the calls, results, error codes and events between the ticket bridge and the
// program that starts it. Their meaning is in the comment of package main in the folder above;
// their encoding in internal/helper.
package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ers-login/ers-login/smartcard"
)

// Name is the bridge's name in its hello.
const Name = "ticketbridge"

// NoCardEvents is the argument that leaves PC/SC alone, for a second bridge beside one that sends
// the events.
const NoCardEvents = "-no-card-events"

// The calls. None has parameters.
const (
	CallStatus          = "status"
	CallGetTicket       = "getTicket"
	CallGetTicketNoAuth = "getTicketNoAuth"
	CallGetNewTicket    = "getNewTicket"
)

// The error codes besides those of internal/helper and those that [TicketAPICode] makes.
const (
	// CodeNotInstalled: no folder has TicketApiDll.dll.
	CodeNotInstalled = "not-installed"
	// CodeBroken: there is one, but Windows does not load it, such as a 64-bit one, or it lacks a
	// required function.
	CodeBroken = "dll-broken"
)

// ticketAPI is the prefix of the code of an error from the Ticket API itself.
const ticketAPI = "ticket-api-0x"

// TicketAPICode returns the error code for a return code of the Ticket API, such as ticket-api-0x80200004.
func TicketAPICode(code smartcard.Code) string { return fmt.Sprintf("%s%08x", ticketAPI, uint32(code)) }

// ParseTicketAPICode is the inverse of TicketAPICode.
func ParseTicketAPICode(code string) (smartcard.Code, bool) {
	digits, ok := strings.CutPrefix(code, ticketAPI)
	if !ok {
		return smartcard.Success, false
	}
	number, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || number == 0 {
		return smartcard.Success, false
	}
	return smartcard.Code(number), true
}

// Ticket is the result of [CallGetTicket], [CallGetTicketNoAuth] and [CallGetNewTicket]. It is a
// secret: it exists only between the two processes.
type Ticket struct {
	Ticket string `json:"ticket"`
}

// Status is the result of [CallStatus].
type Status struct {
	// Installed reports whether the library was found and loaded. If not, only Looked is set.
	Installed bool `json:"installed"`
	// Path is the library's full path.
	Path string `json:"path,omitempty"`
	// Looked has the folders that were searched in vain.
	Looked []string `json:"looked,omitempty"`
	// APIVersion and EngineVersion are the results of _TcktApi_GetGAVersion for components 1 and 2,
	// 0 if there is none. Their format is not public.
	APIVersion    uint32 `json:"apiVersion,omitempty"`
	EngineVersion uint32 `json:"engineVersion,omitempty"`
	// Failure is why the library could not be initialised: an error code and a message. Code is empty if it could.
	Failure Failure `json:"failure,omitzero"`
}

// Failure is an error in a result.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Card is the data of an event. The names of the events are those of smartcard/pcsc/presence.
type Card struct {
	// Begins is set in the first event of a bridge. It cancels what an earlier bridge has sent.
	Begins bool `json:"begins,omitempty"`
	// Reader is the reader's name, where the event is about one.
	Reader string `json:"reader,omitempty"`
	// Error is the technical reason, if the event has one.
	Error string `json:"error,omitempty"`
}
