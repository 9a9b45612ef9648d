// Package wire names what the ticket bridge and the program that starts it say to each other: the calls, their results, the error
// codes and the events. What they mean is told in the comment of package main in the folder above; how they travel, in
// internal/helper.
package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ers-login/ers-login/smartcard"
)

// Name is what the bridge calls itself in its hello.
const Name = "ticketbridge"

// NoCardEvents is the argument that leaves PC/SC alone, for a second bridge beside one that tells of the card already.
const NoCardEvents = "-no-card-events"

// The calls. None has parameters.
const (
	CallStatus          = "status"
	CallGetTicket       = "getTicket"
	CallGetTicketNoAuth = "getTicketNoAuth"
	CallGetNewTicket    = "getNewTicket"
	CallDestroyTicket   = "destroyTicket"
)

// The error codes besides those of internal/helper and those that [TicketAPICode] makes.
const (
	// CodeNotInstalled: there is no TicketApiDll.dll in any of the places.
	CodeNotInstalled = "not-installed"
	// CodeBitness: there is one, but for processes of another kind than this one.
	CodeBitness = "dll-bitness"
	// CodeBroken: there is one, but Windows does not load it, or it lacks a function that cannot be done without.
	CodeBroken = "dll-broken"
)

// ticketAPI begins the code of an error that the Ticket API itself has returned.
const ticketAPI = "ticket-api-0x"

// TicketAPICode returns the error code for a return code of the Ticket API, such as ticket-api-0x80200004.
func TicketAPICode(code smartcard.Code) string { return fmt.Sprintf("%s%08x", ticketAPI, uint32(code)) }

// ParseTicketAPICode returns the return code of which the Ticket API's error code was made.
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

// Ticket is the result of [CallGetTicket], [CallGetTicketNoAuth] and [CallGetNewTicket]. It is a secret: it may be nowhere but on
// its way from the one process to the other.
type Ticket struct {
	Ticket string `json:"ticket"`
}

// Status is the result of [CallStatus].
type Status struct {
	// Installed tells whether the library was found and loaded. All that follows but Looked is for one that was.
	Installed bool `json:"installed"`
	// Path is the library's full path.
	Path string `json:"path,omitempty"`
	// Looked has the folders that were searched in vain.
	Looked []string `json:"looked,omitempty"`
	// Missing are the optional exports that the library does not have.
	Missing []string `json:"missing,omitempty"`
	// APIVersion and EngineVersion are what _TcktApi_GetGAVersion returns for components 1 and 2; 0 if it told nothing. How the
	// numbers are made up is not public.
	APIVersion    uint32 `json:"apiVersion,omitempty"`
	EngineVersion uint32 `json:"engineVersion,omitempty"`
	// TerminalSession tells whether the Identity Agent takes this for a session on a terminal server; nil if it cannot tell.
	TerminalSession *bool `json:"terminalSession,omitempty"`
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
	// Begins is set with the first event of a bridge. What an earlier bridge has told counts no more.
	Begins bool `json:"begins,omitempty"`
	// Reader is the reader's name, where the event is about one.
	Reader string `json:"reader,omitempty"`
	// Error is the technical reason, where the event is bad news.
	Error string `json:"error,omitempty"`
}
