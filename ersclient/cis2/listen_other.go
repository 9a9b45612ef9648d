//go:build !windows

package cis2

import "syscall"

// inUseErrors are those of a port that another program has.
var inUseErrors = []error{syscall.EADDRINUSE}

// noIPv6Errors are those of an address of IPv6 on a computer without it.
var noIPv6Errors = []error{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT}

// exclusively is nothing here: a port that is listened on cannot be taken. Package net sets
// SO_REUSEADDR, which on Unix only lets a port be taken whose last connections are ending, such as
// those of the previous sign-in.
func exclusively(_, _ string, _ syscall.RawConn) error { return nil }
