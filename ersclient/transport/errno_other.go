//go:build !windows

package transport

import "syscall"

// The system's errors for a connection that is refused, or forbidden by a firewall on this machine.
var refusedErrors = []error{syscall.ECONNREFUSED, syscall.EACCES, syscall.EPERM}

// The system's errors for no route to the other side.
var unreachableErrors = []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN}

// The system's errors for a connection ended by the other side.
var resetErrors = []error{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
