package main

import "github.com/ers-login/ers-login/smartcard"

// library is TicketApiDll.dll, loaded: its exports with the types that Go has for theirs. A C long has 32 bits on Windows. All
// calls are made from one thread.
type library interface {
	// path is the full path of the file, missing what it lacks of the optional exports.
	path() string
	missing() []string

	// initialize returns a handle, or 0, and then lastError(0) has the reason.
	initialize() int32
	finalize(handle int32)
	lastError(handle int32) smartcard.Code
	// ticket calls one of the three exports that hand out a ticket. used is how much of the buffer is the ticket's; the public
	// header does not say whether that includes a NUL. On failure it is 0.
	ticket(from export, handle int32, buffer []byte) (used uint32, code smartcard.Code)
	destroyTicket(handle int32) smartcard.Code

	// The rest is for show. A library may not have them: then there is no description, the version is 0, and nobody knows.
	describe(handle int32, code smartcard.Code, buffer []byte) (used uint32, ok bool)
	version(handle int32, component int32) uint32
	terminalSession(handle int32) (yes, known bool)
}

// export is the name of an export of the library. The underscore belongs to it.
type export string

// The exports.
const (
	initialize               export = "_TcktApi_Initialize"
	finalize                 export = "_TcktApi_Finalize"
	getLastError             export = "_TcktApi_getLastError"
	getTicket                export = "_TcktApi_getTicket"
	getTicketNoAuth          export = "_TcktApi_getTicketNoAuth"
	getNewTicket             export = "_TcktApi_getNewTicket"
	destroyTicket            export = "_TcktApi_destroyTicket"
	getErrorDescription      export = "_TcktApi_getErrorDescription"
	getGAVersion             export = "_TcktApi_GetGAVersion"
	isTerminalServiceSession export = "_TcktApi_isTerminalServiceSession"
)

// The components whose version _TcktApi_GetGAVersion tells.
const (
	componentAPI    int32 = 1
	componentEngine int32 = 2
)
