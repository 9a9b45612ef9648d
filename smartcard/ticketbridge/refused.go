package main

import (
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// notInstalled means that no folder has the library.
type notInstalled struct {
	looked []string
}

func (n *notInstalled) Error() string { return wire.CodeNotInstalled }

// Unwrap returns the error for the parent.
func (n *notInstalled) Unwrap() error {
	message := fmt.Sprintf("there is no %s", libraryName)
	if len(n.looked) > 0 {
		message += " in " + strings.Join(n.looked, ", ")
	}
	return &helper.CallError{Code: wire.CodeNotInstalled, Message: message}
}

// libraryName is the library's file name.
const libraryName = "TicketApiDll.dll"

// wrongBitness returns the error for a library for other processes.
func wrongBitness(path string, made, wanted machine) error {
	return &helper.CallError{
		Code: wire.CodeBitness, Message: fmt.Sprintf("%s is for %s processes and not for %s ones", path, made, wanted),
	}
}

// broken returns the error for an unusable library.
func broken(path string, err error) error {
	return &helper.CallError{Code: wire.CodeBroken, Message: fmt.Sprintf("%s cannot be used: %v", path, err)}
}
