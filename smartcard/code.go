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

// row returns the code's row of the published table, nil if it is not published.
func (c Code) row() *row {
	for i := range published {
		if published[i].code == c {
			return &published[i]
		}
	}
	return nil
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
	if row := c.row(); row != nil {
		return row.name
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
	if known, ok := groups[g]; ok {
		return known.name
	}
	return fmt.Sprintf("group 0x%08X", uint32(g))
}
