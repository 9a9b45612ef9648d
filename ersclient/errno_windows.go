package ersclient

import "golang.org/x/sys/windows"

// What the system says when a connection is refused, or forbidden by a firewall on this machine. Package syscall's constants
// of these names are inventions that Windows never returns.
var refusedErrors = []error{windows.WSAECONNREFUSED, windows.WSAEACCES}

// What the system says when there is no way to the other side.
var unreachableErrors = []error{windows.WSAENETUNREACH, windows.WSAEHOSTUNREACH, windows.WSAENETDOWN}

// What the system says when the other side has ended a connection.
var resetErrors = []error{windows.WSAECONNRESET, windows.WSAECONNABORTED}
