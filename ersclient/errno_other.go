//go:build !windows

package ersclient

import "syscall"

// What the system says when a connection is refused, or forbidden by a firewall on this machine.
var refusedErrors = []error{syscall.ECONNREFUSED, syscall.EACCES, syscall.EPERM}

// What the system says when there is no way to the other side.
var unreachableErrors = []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN}

// What the system says when the other side has ended a connection.
var resetErrors = []error{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
