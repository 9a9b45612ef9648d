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

// broken returns the error for an unusable library.
func broken(path string, err error) error {
	return &helper.CallError{Code: wire.CodeBroken, Message: fmt.Sprintf("%s cannot be used: %v", path, err)}
}
