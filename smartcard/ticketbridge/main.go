// Command ers-login-ticketbridge isolates two libraries from the process with the window: the
// Identity Agent's Ticket API, a third-party 32-bit library whose calls block and cannot be
// cancelled, and PC/SC, a library that may be missing. On Windows it is a 32-bit program
// (windows/386, without cgo) and the only one that loads TicketApiDll.dll; on Linux it is the only
// one that is linked with libpcsclite. On Linux and macOS, where there is no Identity Agent, it
// only reports readers and cards. smartcard/ticketapi starts it; it is of no use by itself.
//
// # Protocol
//
// JSON lines on stdin and stdout as the comment of internal/helper describes them, whose protocol
// version is in the hello. The helper's name is "ticketbridge", and its version must equal the
// program's, since the two are installed together. Unknown calls and broken lines are answered with
// an error. It ends when stdin is closed, even in the middle of a call.
//
// No call has parameters. Calls are handled one at a time: to ask for a ticket while the user is
// being asked for a passcode, start a second bridge, with the argument -no-card-events.
//
//	{"id":1,"call":"getTicket"}        the ticket; asks for card and passcode if no user is signed in, which can take minutes
//	{"id":2,"call":"getTicketNoAuth"}  the ticket, never asks
//	{"id":3,"call":"getNewTicket"}     a fresh ticket, always asks
//	{"id":1,"result":{"ticket":"AQIC…"}}
//
//	{"id":4,"call":"status"}           what is installed; initialises the library, but asks for no ticket
//	{"id":4,"result":{"installed":true,"path":"C:\\…\\TicketApiDll.dll","apiVersion":131072,"engineVersion":131072}}
//	{"id":4,"result":{"installed":false,"looked":["C:\\…"]}}
//
// In a status, "failure" has code and message of the error with which the library refused to be initialised. "apiVersion" and
// "engineVersion" are the numbers that _TcktApi_GetGAVersion returns.
//
// Error codes besides those of internal/helper:
//
//	ticket-api-0x80200004  what the Ticket API returned, in hexadecimal; the message has its name and the library's own
//	                       description (_TcktApi_getErrorDescription, at most 300 characters)
//	not-installed          there is no TicketApiDll.dll in any of the places
//	dll-broken             there is one, but Windows does not load it, such as a 64-bit one, or it lacks a function that cannot be done
//	                       without
//
// Events report readers and cards, by the names that smartcard/pcsc gives them:
//
//	{"event":"card-removed","data":{"reader":"OMNIKEY CardMan 3x21 0"}}
//	{"event":"service-gone","data":{"error":"…"}}
//
// The first event reports whether there is PC/SC at all: service-back if there is, service-gone if
// there is not or it hangs, and "begins" is true in its data. Then come reader-connected and
// card-inserted for all that is there, and later every change.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/pcsc"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// version is set when the program is linked, with -ldflags "-X main.version=1.0.0".
var version = "unversioned"

// The exit statuses.
const (
	statusDone = iota
	statusFailed
	statusUsage
)

func main() {
	begin(os.Stderr)
	end(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run serves until stdin ends. A call that is still under way then ends with the process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ers-login-ticketbridge", flag.ContinueOnError)
	flags.SetOutput(stderr)
	withoutCards := flags.Bool(wire.NoCardEvents[1:], false, "send no events of readers and cards")
	if err := flags.Parse(args); err != nil {
		return statusUsage
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintln(stderr, "ers-login-ticketbridge takes no arguments but options")
		return statusUsage
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var events <-chan helper.Event
	if !*withoutCards {
		events = cardEvents(ctx, pcsc.Watch(ctx))
	}
	bridge := newBridge(findLibrary, time.Now)
	defer bridge.close()
	if err := helper.Serve(ctx, stdin, stdout, wire.Name, version, bridge.calls(), events); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return statusFailed
	}
	return statusDone
}
