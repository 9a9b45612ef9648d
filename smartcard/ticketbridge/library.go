package main

import "github.com/ers-login/ers-login/smartcard"

// library is TicketApiDll.dll, loaded: its exports with Go's types. A C long has 32 bits on
// Windows. All calls are made from one thread.
type library interface {
	// path returns the full path of the file; has reports whether it has an export.
	path() string
	has(name export) bool

	// initialize returns a handle, or 0, with the reason in lastError(0).
	initialize() int32
	finalize(handle int32)
	lastError(handle int32) smartcard.Code
	// ticket calls one of the three exports that return a ticket. used is the ticket's length in
	// buffer, 0 on failure; the public header does not say whether it includes a NUL.
	ticket(from export, handle int32, buffer []byte) (used uint32, code smartcard.Code)
	// destroyTicket signs the user out of Spine.
	destroyTicket(handle int32) smartcard.Code

	// For diagnosis only. A library without the export gives no description, and version 0.
	describe(handle int32, code smartcard.Code, buffer []byte) (used uint32, ok bool)
	version(handle int32, component int32) uint32
}

// export is the name of an export of the library, with its underscore.
type export string

// The exports.
const (
	initialize          export = "_TcktApi_Initialize"
	finalize            export = "_TcktApi_Finalize"
	getLastError        export = "_TcktApi_getLastError"
	getTicket           export = "_TcktApi_getTicket"
	getTicketNoAuth     export = "_TcktApi_getTicketNoAuth"
	getNewTicket        export = "_TcktApi_getNewTicket"
	destroyTicket       export = "_TcktApi_destroyTicket"
	getErrorDescription export = "_TcktApi_getErrorDescription"
	getGAVersion        export = "_TcktApi_GetGAVersion"
)

// The components of _TcktApi_GetGAVersion.
const (
	componentAPI    int32 = 1
	componentEngine int32 = 2
)
