package cis2

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// soExclusiveAddrUse is SO_EXCLUSIVEADDRUSE.
const soExclusiveAddrUse = ^windows.SO_REUSEADDR

// inUseErrors are those of a port that another program has, or that Windows keeps for one.
var inUseErrors = []error{windows.WSAEADDRINUSE, windows.WSAEACCES}

// noIPv6Errors are those of an address of IPv6 on a computer without it.
var noIPv6Errors = []error{windows.WSAEADDRNOTAVAIL, windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT}

// exclusively keeps other programs from sharing the port, which SO_REUSEADDR of theirs would allow.
func exclusively(_, _ string, connection syscall.RawConn) error {
	var failed error
	err := connection.Control(func(socket uintptr) {
		failed = windows.SetsockoptInt(windows.Handle(socket), windows.SOL_SOCKET, soExclusiveAddrUse, 1)
	})
	return errors.Join(err, failed)
}
