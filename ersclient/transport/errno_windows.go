package transport

import "golang.org/x/sys/windows"

// The system's errors for a connection that is refused, or forbidden by a firewall on this machine.
// Package syscall's constants of these names are invented values that Windows never returns.
var refusedErrors = []error{windows.WSAECONNREFUSED, windows.WSAEACCES}

// The system's errors for no route to the other side.
var unreachableErrors = []error{windows.WSAENETUNREACH, windows.WSAEHOSTUNREACH, windows.WSAENETDOWN}

// The system's errors for a connection ended by the other side.
var resetErrors = []error{windows.WSAECONNRESET, windows.WSAECONNABORTED}
