package smartcard

import "fmt"

// Code is a return code of the Ticket API: a [Group] and a number in it. As an error it is the
// technical cause inside a problem.Problem; compare it with errors.Is.
type Code uint32

// Success is the Ticket API's code for a call that worked. It is not an error: see [Code.Err].
const Success Code = 0

// The generic codes.
const (
	Internal Code = Code(GroupGeneric) | (iota + 1)
	NotInitialized
	InvalidParameter
	BufferTooSmall
	InvalidInstanceHandle
	ServerBusy
	ServerCommFailed
	ResourceAllocationFailed
	// TicketNotAvailable means that no user is signed in.
	TicketNotAvailable
	InternalError
	NotImplemented
)

// The codes about the card and the device that reads it.
const (
	SmartcardNotSupported Code = Code(GroupCardAndDevice) | (iota + 1)
	ReaderNotAvailable
	SmartcardNotValid
	PINBlocked
	CardTransactionFailed
	NoCertFound
	NoKeyFound
)

// The codes about the authentication of the user.
const (
	UserAbort Code = Code(GroupAuthentication) | (iota + 1)
	AuthenticationFailed
	AuthenticationNotPossible
	UserNotValid
	AuthServerNotAvailable
	AuthDataSyntaxError
	AuthNotValid
	AuthMethodNotSupported
)

// The codes about how the Identity Agent is installed and set up.
const (
	VersionConflict Code = Code(GroupConfiguration) | (iota + 1)
	NotInstalled
	NoServerFound
	LoadResFailed
	AuthMethodNotAvailable
	AuthMethodNotPossible
	ResourceNotAvailable
)

// Codes returns the published codes in order of group and number. Success and the codes of the
// Windows group are not among them: they have no names.
func Codes() []Code {
	codes := make([]Code, len(published))
	for i, row := range published {
		codes[i] = row.code
	}
	return codes
}

// Parse returns the code with the Ticket API's name, such as PIN_BLOCKED.
func Parse(name string) (Code, bool) {
	for _, row := range published {
		if row.name == name {
			return row.code, true
		}
	}
	return Success, false
}

// Group returns the code's group.
func (c Code) Group() Group { return Group(c &^ numberBits) }

// Windows returns the Windows error number that a code of the Windows group carries.
func (c Code) Windows() (number uint32, ok bool) {
	return uint32(c & numberBits), c.Group() == GroupWindows
}

// String returns the Ticket API's own name of the code, such as PIN_BLOCKED. A code of the Windows group is "Windows error"
// and the number, any other unpublished code its group and hexadecimal number, such as "card and device 0x2F".
func (c Code) String() string {
	if name, ok := c.name(); ok {
		return name
	}
	if number, ok := c.Windows(); ok {
		return fmt.Sprintf("Windows error %d", number)
	}
	if c == Success {
		return "success"
	}
	return fmt.Sprintf("%s 0x%X", c.Group(), uint32(c&numberBits))
}

// Error returns the name and the number, for the log.
func (c Code) Error() string {
	return fmt.Sprintf("identity agent: %s (0x%08X)", c.String(), uint32(c))
}

// Group is the kind of failure: the upper bits of a [Code].
type Group uint32

// The groups. The number of a Windows code is a Windows error number.
const (
	GroupGeneric        Group = 0x80100000
	GroupCardAndDevice  Group = 0x80200000
	GroupAuthentication Group = 0x80400000
	GroupConfiguration  Group = 0x80800000
	GroupWindows        Group = 0x81000000
)

// numberBits masks the number of a code within its group.
const numberBits = 0x000FFFFF

// String returns a description of the group, or its hexadecimal number if it is not published.
func (g Group) String() string {
	switch g {
	case GroupGeneric:
		return "generic"
	case GroupCardAndDevice:
		return "card and device"
	case GroupAuthentication:
		return "authentication"
	case GroupConfiguration:
		return "configuration"
	case GroupWindows:
		return "Windows"
	}
	return fmt.Sprintf("group 0x%08X", uint32(g))
}

// name returns the name of a published code.
func (c Code) name() (string, bool) {
	for _, row := range published {
		if row.code == c {
			return row.name, true
		}
	}
	return "", false
}

// published is the Ticket API's table of names.
var published = []struct {
	code Code
	name string
}{
	{Internal, "INTERNAL"},
	{NotInitialized, "NOT_INITIALIZED"},
	{InvalidParameter, "INVALID_PARAMETER"},
	{BufferTooSmall, "BUFFER_TOO_SMALL"},
	{InvalidInstanceHandle, "INVALID_INSTANCE_HANDLE"},
	{ServerBusy, "SERVER_BUSY"},
	{ServerCommFailed, "SERVER_COMM_FAILED"},
	{ResourceAllocationFailed, "RESOURCE_ALLOCATION_FAILED"},
	{TicketNotAvailable, "TICKET_NOT_AVAILABLE"},
	{InternalError, "INTERNAL_ERROR"},
	{NotImplemented, "NOT_IMPLEMENTED"},

	{SmartcardNotSupported, "SMARTCARD_NOT_SUPPORTED"},
	{ReaderNotAvailable, "READER_NOT_AVAILABLE"},
	{SmartcardNotValid, "SMARTCARD_NOT_VALID"},
	{PINBlocked, "PIN_BLOCKED"},
	{CardTransactionFailed, "CARD_TRANSACTION_FAILED"},
	{NoCertFound, "NO_CERT_FOUND"},
	{NoKeyFound, "NO_KEY_FOUND"},

	{UserAbort, "USER_ABORT"},
	{AuthenticationFailed, "AUTHENTICATION_FAILED"},
	{AuthenticationNotPossible, "AUTHENTICATION_NOT_POSSIBLE"},
	{UserNotValid, "USER_NOT_VALID"},
	{AuthServerNotAvailable, "AUTHSERVER_NOT_AVAILABLE"},
	{AuthDataSyntaxError, "AUTHDATA_SYNTAX_ERROR"},
	{AuthNotValid, "AUTH_NOT_VALID"},
	{AuthMethodNotSupported, "AUTHMETHOD_NOT_SUPPORTED"},

	{VersionConflict, "VERSION_CONFLICT"},
	{NotInstalled, "NOT_INSTALLED"},
	{NoServerFound, "NO_SERVERFOUND"},
	{LoadResFailed, "LOAD_RES_FAILED"},
	{AuthMethodNotAvailable, "AUTHMETHOD_NOT_AVAILABLE"},
	{AuthMethodNotPossible, "AUTHMETHOD_NOT_POSSIBLE"},
	{ResourceNotAvailable, "RESOURCE_NOT_AVAILABLE"},
}
